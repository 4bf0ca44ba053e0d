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

"""Elimination: the solution of positive definite systems, and word of all others."""

import pytest
from sa4depth_ros.geometry.positive_definite import solve_positive
import torch


def _systems(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(5, 6, 6, generator=generator, dtype=dtype)
    A = root @ root.transpose(1, 2) + 0.1 * torch.eye(6, dtype=dtype)
    scale = A.diagonal(dim1=1, dim2=2).rsqrt()
    return A * scale[:, :, None] * scale[:, None], torch.randn(
        5, 6, generator=generator, dtype=dtype)


@pytest.mark.parametrize(('dtype', 'tolerance'), [(torch.float64, 1e-10), (torch.float32, 1e-3)])
def test_it_solves_what_torch_solves(dtype, tolerance) -> None:
    A, b = _systems(dtype)
    x, positive = solve_positive(A, b)
    assert positive.all()
    torch.testing.assert_close(x, torch.linalg.solve(A, b), rtol=tolerance, atol=tolerance)


def test_it_says_what_is_not_positive_definite() -> None:
    A, b = _systems()
    least = torch.linalg.eigvalsh(A)[:, :1, None]
    below, above = (A - factor * least * torch.eye(6) for factor in (1.1, 0.9))
    assert not solve_positive(below, b)[1].any()
    assert solve_positive(above, b)[1].all()
    x, positive = solve_positive(torch.zeros(1, 6, 6), b[:1].float())
    assert not positive.any()
    assert torch.isfinite(x).all()
    assert not solve_positive(torch.full((1, 6, 6), float('nan')), b[:1].float())[1].any()


def test_gradients_pass_and_stay_finite() -> None:
    A, b = _systems()
    assert torch.autograd.gradcheck(
        lambda A, b: solve_positive(A, b)[0], (A.requires_grad_(), b.requires_grad_()))
    flat = torch.ones(1, 6, 6, requires_grad=True)
    solve_positive(flat, torch.ones(1, 6))[0].sum().backward()
    assert torch.isfinite(flat.grad).all()
