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

"""The residual of aligned features, its Jacobian and its cost."""

from dataclasses import replace

import pytest
from sa4depth_ros.geometry.alignment import (
    feature_alignment, projection_jacobian, TargetPoints)
from sa4depth_ros.geometry.camera import backproject, pixel_grid, project, transform
from sa4depth_ros.geometry.lie import se3_exp
from sa4depth_ros.geometry.warp import sample
import torch

K = torch.tensor([[[60.0, 0, 31.5], [0, 64.0, 23.5], [0, 0, 1]]], dtype=torch.float64)
SIZE = (48, 64)
T = se3_exp(torch.tensor([[0.05, -0.02, 0.1, 0.02, -0.03, 0.01]], dtype=torch.float64))


def _problem(features, stride=1.0, count=40, robust_scale=0.5, confidence=None):
    """Follow ``count`` points into maps of ``features`` (1, C, h, w), the same for both."""
    generator = torch.Generator().manual_seed(4)
    height, width = SIZE
    pixels = torch.rand(1, count, 2, generator=generator, dtype=torch.float64)
    pixels = 10 + pixels * torch.tensor([width - 20.0, height - 20.0], dtype=torch.float64)
    depth = 1 + torch.rand(1, count, generator=generator, dtype=torch.float64)
    points = TargetPoints(pixels, backproject(pixels, depth, K),
                          torch.ones(1, count, dtype=torch.bool))
    sure = torch.ones_like(features[:, :1]) if confidence is None else confidence
    return feature_alignment(points, (features, sure), (features, sure), K, stride, robust_scale)


def _ramp(channels=4, height=48, width=64):
    """Give features that are linear in u and v: bilinear sampling and differences are exact."""
    grid = pixel_grid(height, width, K)
    slopes = torch.tensor([[0.02, 0.01], [-0.01, 0.03], [0.0, 0.02], [0.03, 0.0]]).double()
    return (grid @ slopes[:channels].T).permute(2, 0, 1)[None]


def _rough():
    generator = torch.Generator().manual_seed(5)
    return torch.rand(1, 4, *SIZE, generator=generator, dtype=torch.float64)


def test_the_projection_jacobian_is_the_derivative() -> None:
    points = _problem(_ramp()).points.points

    def moved_pixels(xi):
        return project(transform(se3_exp(xi) @ T, points), K)[0]

    by_autograd = torch.autograd.functional.jacobian(
        moved_pixels, torch.zeros(1, 6, dtype=torch.float64))[:, :, :, 0]
    analytic = projection_jacobian(transform(T, points), K)
    torch.testing.assert_close(analytic, by_autograd, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize('stride', [1.0, 4.0])
def test_the_jacobian_of_the_residual_is_the_derivative(stride) -> None:
    shape = tuple(int(side / stride) for side in SIZE)
    problem = _problem(_ramp(4, *shape), stride)
    _, analytic, valid = problem.residuals(T)
    assert valid.all()
    by_autograd = torch.autograd.functional.jacobian(
        lambda xi: problem.residuals(se3_exp(xi) @ T)[0],
        torch.zeros(1, 6, dtype=torch.float64))[:, :, :, 0]
    torch.testing.assert_close(analytic, by_autograd, atol=1e-10, rtol=1e-10)


def test_normal_equations_are_made_of_residual_and_jacobian() -> None:
    confidence = torch.rand(1, 1, *SIZE, dtype=torch.float64)
    problem = _problem(_rough(), confidence=confidence)
    equations = problem.linearize(T)
    r, J, valid = problem.residuals(T)
    moved, _ = project(transform(T, problem.points.points), K)
    w = sample(confidence, problem.points.pixels) * sample(confidence, moved)
    w = w.squeeze(-1) * valid * 2 / ((r * r).sum(-1) / 0.5 ** 2 + 2)
    w = w / w.sum()
    torch.testing.assert_close(
        equations.H, torch.einsum('npca,npcb,np->nab', J, J, w), atol=1e-12, rtol=1e-9)
    torch.testing.assert_close(
        equations.g, torch.einsum('npca,npc,np->na', J, r, w), atol=1e-12, rtol=1e-9)


def test_the_fit_is_the_hessian_of_the_weighted_squares() -> None:
    confidence = torch.rand(1, 1, *SIZE, generator=torch.Generator().manual_seed(6)).double()
    problem = _problem(_ramp(), confidence=confidence)
    # Without residuals the curvature of the features does not matter.
    eye = torch.eye(4, dtype=torch.float64)[None]
    weight = sample(confidence, problem.points.pixels).squeeze(-1) ** 2

    def half_squares(xi):
        r, _, valid = problem.residuals(se3_exp(xi) @ eye)
        assert valid.all()
        return 0.5 * (weight * r.square().sum(-1)).sum()

    fit = problem.fit(eye)
    hessian = torch.autograd.functional.hessian(
        half_squares, torch.zeros(1, 6, dtype=torch.float64))[0, :, 0]
    torch.testing.assert_close(fit.H[0], hessian, atol=1e-9, rtol=1e-9)
    assert (fit.count.item(), fit.inliers.item()) == (40, 40)
    torch.testing.assert_close(fit.variance, torch.zeros(1).double())


def test_the_variance_is_that_of_the_noise() -> None:
    generator = torch.Generator().manual_seed(7)
    problem = _problem(_ramp(), count=4000, robust_scale=10.0)
    noise = 0.02 * torch.randn(1, 4000, 4, generator=generator, dtype=torch.float64)
    noisy = replace(problem, features=problem.features + noise)
    eye = torch.eye(4, dtype=torch.float64)[None]
    assert noisy.fit(eye).variance.item() == pytest.approx(0.02 ** 2, rel=0.05)


def test_the_gradient_is_that_of_the_cost() -> None:
    # With confidence 1 and all points valid, weight is constant: 2 g is the cost's gradient
    # up to the norming of the weights.
    problem = _problem(_ramp(), robust_scale=0.05)
    xi = torch.zeros(1, 6, dtype=torch.float64, requires_grad=True)
    cost, count = problem.cost(se3_exp(xi) @ T)
    assert count.item() == 40
    (slope,) = torch.autograd.grad(cost.sum(), xi)
    g = problem.linearize(T).g
    torch.testing.assert_close(slope / slope.norm(), g / g.norm(), atol=1e-9, rtol=1e-9)


def test_the_robust_cost_is_barrons_with_alpha_0() -> None:
    problem = _problem(_rough(), robust_scale=0.3)
    squared = torch.linspace(0, 4, 9, dtype=torch.float64, requires_grad=True)
    loss = 2 * 0.3 ** 2 * torch.log(squared / (2 * 0.3 ** 2) + 1)
    (slope,) = torch.autograd.grad(loss.sum(), squared)
    torch.testing.assert_close(slope, problem._robust_weight(squared.detach()))
    r = problem.residuals(T)[0]
    expected = 2 * 0.09 * torch.log1p((r * r).sum(-1) / (2 * 0.09))
    torch.testing.assert_close(problem.cost(T)[0], expected.mean(-1))


def test_points_out_of_sight_do_not_count() -> None:
    problem = _problem(_rough())
    far = se3_exp(torch.tensor([[50.0, 0, 0, 0, 0, 0]], dtype=torch.float64))
    behind = se3_exp(torch.tensor([[0, 0, -9.0, 0, 0, 0]], dtype=torch.float64))
    for motion in (far, behind):
        cost, count = problem.cost(motion)
        equations = problem.linearize(motion)
        assert count.item() == 0
        assert cost.item() == 0
        assert not equations.H.any()
        assert not equations.g.any()
