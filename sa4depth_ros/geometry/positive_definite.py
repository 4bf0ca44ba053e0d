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


# The least pivot; smaller ones would only blow up rounding errors.
_LEAST_PIVOT = 1e-6


def solve_positive(A: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """
    Solve A x = b for symmetric ``A`` (N, n, n), of about unit diagonal, and ``b`` (N, n).

    Gives x (N, n) and whether ``A`` is positive definite (N,); where it is not, x means nothing,
    but is as finite as ``A`` and ``b``, as are its gradients. Elimination needs no pivoting for
    such matrices, and its pivots, the squares of Cholesky's diagonal, tell whether they are.
    torch.linalg has no counterpart in ONNX.
    """
    work = torch.cat((A, b[..., None]), -1)
    size = A.shape[-1]
    others = 1 - torch.eye(size, dtype=A.dtype, device=A.device)[..., None]
    for step in range(size):
        row, column = work[:, step:step + 1], work[:, :, step:step + 1]
        pivot = row[..., step:step + 1].clamp(min=_LEAST_PIVOT)
        # The row of the pivot stays as it is and is divided at the end.
        work = work - column * others[step] / pivot * row
    pivots = torch.diagonal(work, dim1=-2, dim2=-1)
    return work[..., -1] / pivots.clamp(min=_LEAST_PIVOT), pivots.amin(-1) > _LEAST_PIVOT
