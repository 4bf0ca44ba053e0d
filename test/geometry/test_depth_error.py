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

"""Alignment that lets each point be nearer or farther: the eliminated depth, and what it buys."""

from dataclasses import replace

import pytest
from rendered_pair import intrinsics, render
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.geometry.alignment import feature_alignment, TargetPoints
from sa4depth_ros.geometry.camera import backproject, pixel_grid
from sa4depth_ros.geometry.lie import se3_exp, se3_log
from sa4depth_ros.networks.feature_net import FeatureLevel, FeatureNet
from sa4depth_ros.networks.pose_refinement import (
    image_gradient, PoseRefinement, RefinementConfig)
import torch
from torch.nn import functional as F

K = torch.tensor([[[60.0, 0, 31.5], [0, 64.0, 23.5], [0, 0, 1]]], dtype=torch.float64)
SIZE, COUNT = (48, 64), 40
T = se3_exp(torch.tensor([[0.05, -0.02, 0.1, 0.02, -0.03, 0.01]], dtype=torch.float64))
T_TRUE = se3_exp(torch.tensor([[0.1, -0.05, 0.15, 0.02, -0.03, 0.01]]))


def _problem(sigma=None, robust_scale=0.5, scale=1.0):
    """Follow points of random depth, times ``scale``, on features linear in u and v."""
    generator = torch.Generator().manual_seed(4)
    pixels = torch.rand(1, COUNT, 2, generator=generator, dtype=torch.float64)
    pixels = 10 + pixels * torch.tensor([SIZE[1] - 20.0, SIZE[0] - 20.0]).double()
    depth = scale * (1 + torch.rand(1, COUNT, generator=generator, dtype=torch.float64))
    slopes = torch.tensor([[0.02, 0.01], [-0.01, 0.03], [0.0, 0.02], [0.03, 0.0]]).double()
    features = (pixel_grid(*SIZE, K) @ slopes.T).permute(2, 0, 1)[None]
    points = TargetPoints(pixels, backproject(pixels, depth, K), torch.ones(1, COUNT).bool())
    sure = torch.ones_like(features[:, :1])
    return feature_alignment(
        points, (features, sure), (features, sure), K, 1.0, robust_scale,
        None if sigma is None else torch.tensor([sigma], dtype=torch.float64))


def _depth_slope():
    """Differentiate the residuals (N, P, C) by the relative error of depth, numerically."""
    return (_problem(scale=1.0001).residuals(T)[0] - _problem(scale=0.9999).residuals(T)[0]) / 2e-4


@pytest.mark.parametrize('sigma', [0.05, 0.3, 2.0])
def test_each_point_takes_its_best_depth(sigma) -> None:
    r, _, valid = _problem().residuals(T)
    assert valid.all()
    errors = torch.linspace(-4, 4, 40001, dtype=torch.float64)[:, None]
    squares = torch.stack([
        ((a + b * errors).square().sum(-1) + (0.5 * errors[:, 0] / sigma).square()).min()
        for a, b in zip(r[0], _depth_slope()[0])])
    wanted = (2 * 0.25 * torch.log1p(squares / 0.5)).mean()
    cost, count = _problem(sigma).cost(T)
    assert cost.item() == pytest.approx(wanted.item(), rel=1e-4)
    assert count.item() == COUNT
    assert cost < _problem().cost(T)[0]


def test_the_step_is_that_of_motion_and_depths_together() -> None:
    # So wide that Barron's weights are all 1; the prior of depth is then 50 / 500.
    problem = _problem(500.0, 50.0)
    r, J, _ = problem.residuals(T)
    slope = _depth_slope()
    channels = r.shape[-1]
    joint = torch.zeros(COUNT * (channels + 1), 6 + COUNT, dtype=torch.float64)
    right = torch.zeros(COUNT * (channels + 1), dtype=torch.float64)
    for i in range(COUNT):
        rows = slice(i * (channels + 1), i * (channels + 1) + channels)
        joint[rows, :6], joint[rows, 6 + i], right[rows] = J[0, i], slope[0, i], -r[0, i]
        joint[rows.stop, 6 + i] = 50.0 / 500.0
    wanted = torch.linalg.lstsq(joint, right[:, None]).solution[:6, 0]
    equations = problem.linearize(T)
    found = torch.linalg.solve(equations.H[0], -equations.g[0])
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-7)
    exact = _problem(None, 50.0).linearize(T).H
    assert (exact - equations.H).norm() > 0.1 * exact.norm()


def test_no_spread_is_exact_depth() -> None:
    free, exact = _problem(0.0).linearize(T), _problem().linearize(T)
    for name in ('H', 'g', 'cost', 'count'):
        torch.testing.assert_close(getattr(free, name), getattr(exact, name))
    torch.testing.assert_close(_problem(0.0).fit(T).H, _problem().fit(T).H)


def test_where_nothing_but_the_rotation_changes_depth_does_not_matter() -> None:
    turned = T.clone()
    turned[:, :3, 3] = 0
    torch.testing.assert_close(_problem(1.0).linearize(turned).H,
                               _problem().linearize(turned).H)


def _seen(depth, sigma):
    """Give the refinement of two views of the room, and its problems, coarse to fine."""
    camera = intrinsics(torch.float32)
    target, _ = render(torch.eye(4)[None], camera)
    source, _ = render(T_TRUE, camera)
    config = RefinementConfig(initial_damping=1e-3, robust_scale=0.05, iterations=5,
                              depth_sigma=sigma)
    module = PoseRefinement(config, FeatureNet.strides)
    levels = [[FeatureLevel(maps, torch.ones_like(maps[:, :1])) for maps in
               (F.avg_pool2d(image, stride) for stride in FeatureNet.strides)]
              for image in (target, source)]
    points = module.target_points(
        image_gradient(target[:, :3]), depth, camera, levels[0][-1].confidence)
    return module, module.problems(points, *levels, camera)


def _rest(depth, sigma):
    module, problems = _seen(depth, sigma)
    result = module.solve(torch.eye(4)[None], problems)
    assert not result.failed.any()
    return _error(result.T_target2source)


def _error(found):
    return se3_log(found @ torch.linalg.inv(T_TRUE))[0].detach()


def test_wrong_depth_bends_the_motion_less() -> None:
    _, depth = render(torch.eye(4)[None], intrinsics(torch.float32))
    noise = torch.randn(depth.shape, generator=torch.Generator().manual_seed(1))
    # In patches, as a network errs.
    noise = F.interpolate(F.avg_pool2d(noise, 16) * 16, depth.shape[-2:], mode='nearest')
    wrong = depth * torch.exp(0.1 * noise)
    trusting, careful = _rest(wrong, 0.0), _rest(wrong, 0.3)
    assert careful[3:].norm() < 0.4 * trusting[3:].norm()
    assert careful[:3].norm() < 0.4 * trusting[:3].norm()
    # Nothing is lost where depth is right.
    assert _rest(depth, 0.3).norm() < 0.1 * se3_log(T_TRUE).norm()


def test_bent_depth_turns_a_motion_less_once_its_relief_is_not_trusted() -> None:
    _, depth = render(torch.eye(4)[None], intrinsics(torch.float32))
    # Too far on the left, too near on the right.
    bent = depth * torch.linspace(1.1, 0.9, depth.shape[-1])
    module, problems = _seen(bent, 0.3)
    T = module.solve(torch.eye(4)[None], problems).T_target2source.detach()
    relief = replace(problems[-1], depth_sigma=torch.tensor([3.0]))
    found = module.polished(T, relief, intrinsics(torch.float32)).detach()
    assert _error(found)[3:].norm() < 0.3 * _error(T)[3:].norm()
    assert _angle(found) < 0.3 * _angle(T)
    torch.testing.assert_close(found[0, :3, 3].norm(), T[0, :3, 3].norm())


def _angle(found):
    """Tell how far the direction of a motion is from the true one, radians."""
    a, b = found[0, :3, 3], T_TRUE[0, :3, 3]
    return torch.atan2(torch.linalg.cross(a, b).norm(), a @ b)


def test_only_a_small_correction_is_made() -> None:
    _, depth = render(torch.eye(4)[None], intrinsics(torch.float32))
    module, problems = _seen(depth, 3.0)
    camera = intrinsics(torch.float32)
    # So far off that the steps lead anywhere.
    start = se3_exp(torch.tensor([[0, 0, 0, 0.0, 0.5, 0.0]])) @ T_TRUE
    torch.testing.assert_close(
        module.polished(start, problems[-1], camera), start, rtol=0, atol=0)
    still = torch.eye(4)[None]
    assert torch.isfinite(module.polished(still, problems[-1], camera)).all()


def test_a_negative_spread_is_refused() -> None:
    with pytest.raises(ConfigError, match='depth_sigma must be >= 0'):
        replace(RefinementConfig(), depth_sigma=-0.1)
