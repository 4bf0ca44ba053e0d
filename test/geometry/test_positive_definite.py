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

import math

import pytest
from sa4depth_ros.geometry.positive_definite import invert_positive, solve_by
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
    inverse, positive = invert_positive(A)
    assert positive.all()
    torch.testing.assert_close(inverse, torch.linalg.inv(A), rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(
        solve_by(inverse, A, b), torch.linalg.solve(A, b), rtol=tolerance, atol=tolerance)


def test_a_step_of_refinement_makes_good_what_rounding_did() -> None:
    A, b = _systems(torch.float64)
    least = torch.linalg.eigvalsh(A)[:, :1, None]
    A = A - (least - 1e-5) * torch.eye(6)
    single, b32 = A.float(), b.float()
    inverse, _ = invert_positive(single)
    wanted = torch.linalg.solve(single.double(), b32.double())
    errors = [(x - wanted).norm() / wanted.norm() for x in (
        (inverse @ b32[..., None]).squeeze(-1), solve_by(inverse, single, b32))]
    assert errors[1] < 0.01
    assert errors[1] < errors[0]


def test_it_says_what_is_not_positive_definite() -> None:
    A, _ = _systems()
    least = torch.linalg.eigvalsh(A)[:, :1, None]
    below, above = (A - factor * least * torch.eye(6) for factor in (1.1, 0.9))
    assert invert_positive(above)[1].all()
    hopeless = torch.stack([torch.full((6, 6), value) for value in (0, 1, -1, math.nan)])
    for wrong in (below, hopeless):
        inverse, positive = invert_positive(wrong)
        assert not positive.any()
        torch.testing.assert_close(inverse, torch.eye(6).to(inverse).expand_as(inverse))


def test_gradients_are_those_of_the_solution() -> None:
    A, b = _systems()
    inverse, _ = invert_positive(A.requires_grad_())
    assert not inverse.requires_grad

    def solve(A, b):
        return solve_by(invert_positive(A)[0], A, b)
    assert torch.autograd.gradcheck(solve, (A, b.requires_grad_()))
