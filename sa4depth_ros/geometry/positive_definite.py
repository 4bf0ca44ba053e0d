# Copyright 2026 sa4depth_ros contributors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Small positive definite systems, solved by arithmetic that every exporter knows."""

import torch
from torch import Tensor

_LEAST_PIVOT = 1e-6


def invert_positive(A: Tensor) -> tuple[Tensor, Tensor]:
    """
    Invert symmetric ``A`` (N, n, n) of about unit diagonal, without gradients.

    Gives the inverse (N, n, n) and whether ``A`` is positive definite (N,); where it is not,
    the "inverse" is the identity. Elimination needs no pivoting for such matrices, and its
    pivots, the squares of Cholesky's diagonal, tell whether they are. torch.linalg has no
    counterpart in ONNX.
    """
    with torch.no_grad():
        return _inverted(A)


def _inverted(A: Tensor) -> tuple[Tensor, Tensor]:
    size = A.shape[-1]
    identity = torch.eye(size, dtype=A.dtype, device=A.device)
    # What a step adds to the rows: nothing to that of the pivot, which is divided at the end.
    places = (identity - 1)[:, :, None] * identity[:, None]
    work = torch.cat((A, identity.expand_as(A)), -1)
    pivots = []
    for step, place in enumerate(places.unbind()):
        column = work[..., step:step + 1]
        pivots.append(column[:, step:step + 1])
        # A product of matrices, though of few numbers that are not 0: TensorRT would repeat
        # all steps before a sum of single numbers inside that sum, thousands of times.
        factors = column / pivots[-1].clamp(min=_LEAST_PIVOT) * place
        work = (identity + factors) @ work
    pivot = torch.cat(pivots, 1)
    positive = (pivot > _LEAST_PIVOT).flatten(1).all(1)
    inverse = work[..., size:] / pivot
    return torch.where(positive[:, None, None], inverse, identity), positive


def solve_by(inverse: Tensor, A: Tensor, b: Tensor) -> Tensor:
    """
    Give x (N, n) of A x = b by the ``inverse`` of ``A`` (N, n, n), with gradients of ``A``, ``b``.

    The step of refinement takes away what rounding did to the inverse, and carries the
    gradients: its derivative is that of the solution, so nobody has to go back through the
    elimination.
    """
    b = b[..., None]
    x = inverse @ b.detach()
    return (x + inverse @ (b - A @ x)).squeeze(-1)
