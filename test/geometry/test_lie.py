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

"""exp and log of rotations and motions."""

import math

import pytest
from sa4depth_ros.geometry.lie import hat, inverse, se3_exp, se3_log, so3_exp, so3_log
import torch

DTYPES = [torch.float32, torch.float64]
ANGLES = [0.0, 1e-9, 1e-4, 0.1, 0.4999, 0.5001, 1.0, 3.0, math.pi - 1e-3]


def _twists(angle, dtype, count=20):
    generator = torch.Generator().manual_seed(3)
    xi = torch.randn(count, 6, generator=generator, dtype=torch.float64)
    xi[:, 3:] *= angle / xi[:, 3:].norm(dim=1, keepdim=True)
    return xi.to(dtype)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('angle', ANGLES)
def test_log_undoes_exp(angle, dtype) -> None:
    xi = _twists(angle, dtype)
    tolerance = 1e-11 if dtype == torch.float64 else 5e-5
    # Near pi the inverse of V is as ill-conditioned as the logarithm itself.
    tolerance *= 100 if angle > 3 else 1
    torch.testing.assert_close(se3_log(se3_exp(xi)), xi, atol=tolerance, rtol=tolerance)
    torch.testing.assert_close(so3_log(so3_exp(xi[:, 3:])), xi[:, 3:], atol=tolerance,
                               rtol=tolerance)


@pytest.mark.parametrize('angle', ANGLES)
def test_exp_is_the_matrix_exponential(angle) -> None:
    xi = _twists(angle, torch.float64)
    generator = torch.zeros(len(xi), 4, 4, dtype=torch.float64)
    generator[:, :3, :3], generator[:, :3, 3] = hat(xi[:, 3:]), xi[:, :3]
    torch.testing.assert_close(se3_exp(xi), torch.linalg.matrix_exp(generator),
                               atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize('axis', [(1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0), (0.6, -0.64, 0.48)])
def test_half_a_turn_has_a_logarithm(axis) -> None:
    w = math.pi * torch.tensor([axis], dtype=torch.float64)
    found = so3_log(so3_exp(w))
    assert abs(found.norm().item() - math.pi) < 1e-7
    torch.testing.assert_close(so3_exp(found), so3_exp(w), atol=1e-7, rtol=0)


def test_inverse_needs_no_solver_and_is_one() -> None:
    T = se3_exp(_twists(1.3, torch.float64))
    eye = torch.eye(4, dtype=torch.float64).expand_as(T)
    torch.testing.assert_close(T @ inverse(T), eye, atol=1e-14, rtol=0)


@pytest.mark.parametrize('angle', [0.0, 1e-6, 0.3, 0.7, 2.0])
def test_gradients(angle) -> None:
    xi = _twists(angle, torch.float64, count=2).requires_grad_()
    assert torch.autograd.gradcheck(se3_exp, (xi,))
    assert torch.autograd.gradcheck(lambda x: se3_log(se3_exp(x)), (xi,))


def test_the_gradient_at_rest_is_a_number() -> None:
    xi = torch.zeros(1, 6, requires_grad=True)
    (se3_log(se3_exp(xi)).sum() + se3_exp(xi).sum()).backward()
    assert torch.isfinite(xi.grad).all()
