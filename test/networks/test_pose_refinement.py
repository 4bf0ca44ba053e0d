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

"""Refinement of a motion: points, switches of the gradient, and the way back when it fails."""

from dataclasses import replace

import pytest
from rendered_pair import intrinsics, render
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.geometry.lie import se3_exp, se3_log
from sa4depth_ros.networks.feature_net import FeatureLevel, FeatureNet
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_refinement import (
    best_of_cells, image_gradient, PoseRefinement, RefinementConfig)
import torch
from torch.nn import functional as F

EYE = torch.eye(4)[None]
CONFIG = RefinementConfig(initial_damping=1e-3, robust_scale=0.3)
T_TRUE = se3_exp(torch.tensor([[0.1, -0.05, 0.15, 0.02, -0.03, 0.01]]))


def _levels(image):
    """Let the picture itself be the features."""
    maps = [F.avg_pool2d(image, stride) for stride in FeatureNet.strides]
    return [FeatureLevel(features, torch.ones_like(features[:, :1])) for features in maps]


def _pair():
    K = intrinsics(torch.float32)
    target, depth = render(EYE, K)
    return target, render(T_TRUE, K)[0], depth, K


def _refine(config, target, source, depth, K, start=EYE, mask=None):
    module = PoseRefinement(config, FeatureNet.strides)
    levels = _levels(target), _levels(source)
    points = module.target_points(
        image_gradient(target[:, :3]), depth, K, levels[0][-1].confidence, mask)
    return module(start, points, *levels, K), points


@pytest.mark.parametrize('damping', ['learned', 'adaptive'])
def test_the_motion_is_found_in_the_unit_of_depth(damping) -> None:
    target, source, depth, K = _pair()
    for unit in (1.0, 0.2):
        config = replace(CONFIG, damping=damping, iterations=5)
        result, _ = _refine(config, target, source, unit * depth, K)
        assert not result.failed.any()
        assert (result.cost_after < result.cost_before).all()
        found = result.T_target2source.detach().clone()
        found[:, :3, 3] /= unit
        rest = se3_log(found @ torch.linalg.inv(T_TRUE)).norm()
        assert rest < 0.1 * se3_log(T_TRUE).norm()


def test_points_are_the_best_of_their_cells() -> None:
    score = torch.zeros(1, 1, 20, 30)
    score[0, 0, 7, 13], score[0, 0, 15, 22] = 3.0, 2.0
    score[0, 0, 0, 0] = 9.0
    pixels, index = best_of_cells(score, 6, 4)
    found = {tuple(p) for p in pixels[0].int().tolist()}
    assert {(13, 7), (22, 15)} <= found
    assert (0, 0) not in found
    assert pixels[..., 0].min() >= 4
    assert pixels[..., 0].max() < 26
    torch.testing.assert_close(index, (pixels[..., 1] * 30 + pixels[..., 0]).long())


def test_the_best_of_a_cell_is_its_largest() -> None:
    score = torch.rand(3, 1, 45, 70, generator=torch.Generator().manual_seed(0))
    inner = score[..., 4:-4, 4:-4]
    _, pooled = F.max_pool2d(inner, 7, ceil_mode=True, return_indices=True)
    pooled = pooled.flatten(1)
    pixels, _ = best_of_cells(score, 37 * 62 // 49, 4)
    expected = torch.stack((pooled % 62 + 4, pooled // 62 + 4), -1)
    torch.testing.assert_close(pixels, expected.float())


@pytest.mark.parametrize('number', [16, 300, 1024])
def test_about_as_many_points_as_asked_for(number) -> None:
    pixels, _ = best_of_cells(torch.rand(2, 1, 192, 640), number, 4)
    assert number <= pixels.shape[1] <= 1.5 * number
    assert len(torch.unique(pixels[0], dim=0)) == pixels.shape[1]


def test_masked_and_unknown_pixels_are_no_points() -> None:
    target, source, depth, K = _pair()
    mask = torch.ones_like(depth)
    mask[..., :100] = 0
    depth = depth.clone()
    depth[..., 200:] = float('nan')
    _, points = _refine(CONFIG, target, source, depth, K, mask=mask)
    u = points.pixels[..., 0][points.usable]
    assert u.min() >= 104
    assert u.max() < 200
    assert torch.isfinite(points.points).all()


def _gradients(config, strides=None):
    target, source, depth, K = _pair()
    leaves = {'features': target.requires_grad_(), 'depth': depth.requires_grad_(),
              'start': EYE.clone().requires_grad_()}
    result, _ = _refine(config, leaves['features'], source, leaves['depth'], K, leaves['start'])
    assert not result.failed.any()
    result.T_target2source[:, :3].square().sum().backward()
    return {name: leaf.grad is not None and bool(leaf.grad.any())
            for name, leaf in leaves.items()}


def test_gradients_reach_what_they_should() -> None:
    through = replace(CONFIG, detach_between_levels=False, search=0)
    assert _gradients(through) == {'features': True, 'depth': True, 'start': True}
    assert _gradients(CONFIG) == {'features': True, 'depth': True, 'start': False}
    assert not _gradients(replace(CONFIG, detach_depth=True))['depth']
    assert not _gradients(replace(CONFIG, detach_features=True))['features']


def test_the_damping_learns() -> None:
    target, source, depth, K = _pair()
    module = PoseRefinement(replace(CONFIG, initial_damping=0.3), FeatureNet.strides)
    assert len(list(module.parameters())) == len(FeatureNet.strides)
    points = module.target_points(
        image_gradient(target[:, :3]), depth, K, torch.ones(1, 1, 48, 64))
    optimizer = torch.optim.Adam(module.parameters(), lr=0.3)
    errors = []
    for _ in range(8):
        result = module(EYE, points, _levels(target), _levels(source), K)
        error = (result.T_target2source - T_TRUE).square().sum()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.5 * errors[0]


def test_a_failed_sample_keeps_its_first_guess() -> None:
    target, source, depth, K = _pair()
    flat = torch.full_like(target, 0.5)
    start = T_TRUE.expand(3, 4, 4).clone()
    start[2, 0, 3] = float('nan')
    both = torch.cat((target, flat, target)), torch.cat((source, flat, source))
    result, _ = _refine(replace(CONFIG, iterations=5), *both, depth.expand(3, -1, -1, -1),
                        K.expand(3, 3, 3), torch.cat((EYE, start[1:])))
    assert result.failed.tolist() == [False, True, True]
    torch.testing.assert_close(result.T_target2source[1], T_TRUE[0])
    assert torch.isfinite(result.T_target2source[:2]).all()


def test_a_start_that_cannot_be_bettered_is_kept() -> None:
    target, _, depth, K = _pair()
    result, _ = _refine(CONFIG, target, target, depth, K)
    assert result.failed.all()
    torch.testing.assert_close(result.T_target2source, EYE)


def test_features_that_are_no_numbers_fail_without_nan() -> None:
    target, source, depth, K = _pair()
    broken = source.clone()
    broken[..., 40:120] = float('nan')
    leaf = broken.requires_grad_()
    result, _ = _refine(CONFIG, target, leaf, depth, K)
    assert torch.isfinite(result.T_target2source).all()
    result.T_target2source.sum().backward()
    assert torch.isfinite(leaf.grad).all()


def test_the_whole_motion_network_refines_and_learns() -> None:
    torch.manual_seed(0)
    target, source, depth, K = _pair()
    net = MotionNet(MotionConfig())
    images = [(0.5 + 0.25 * x[:, :3]).clamp(0, 1) for x in (target, source)]
    T = net.initial_pose(*images, torch.tensor([True]))
    levels = [net.features(image) for image in images]
    result = net.refine(T, depth, images[0], *levels, K)
    assert not result.failed.any()
    result.T_target2source.square().sum().backward()
    assert net.feature_net.stem[0].weight.grad.abs().sum() > 0
    backwards = net.initial_pose(images[1], images[0], torch.tensor([False]))
    torch.testing.assert_close(backwards @ T, EYE, atol=1e-6, rtol=0)


def _solved(unit=1.0):
    target, source, depth, K = (x.double() for x in _pair())
    module = PoseRefinement(replace(CONFIG, iterations=5), FeatureNet.strides).double()
    levels = _levels(target), _levels(source)
    points = module.target_points(
        image_gradient(target[:, :3]), unit * depth, K, levels[0][-1].confidence)
    problems = module.problems(points, *levels, K)
    start = EYE.double()
    with torch.no_grad():
        T = module.solve(start, problems).T_target2source
        return T, problems[-1], module.quality(T, problems[-1], K)


def test_the_information_is_that_of_the_solution() -> None:
    T, problem, quality = _solved()
    r, J, valid = problem.residuals(T)
    weight = 2 / (r.square().sum(-1) / CONFIG.robust_scale ** 2 + 2) * valid
    torch.testing.assert_close(
        quality.information, torch.einsum('npca,npcb,np->nab', J, J, weight))
    freedom = valid.sum() * r.shape[-1] - 6
    torch.testing.assert_close(quality.variance, (weight * r.square().sum(-1)).sum(-1) / freedom)
    # Well determined, the solution is near the truth in the covariance's own measure.
    error = se3_log(T_TRUE.double() @ torch.linalg.inv(T))
    covariance = quality.variance[:, None, None] * torch.linalg.inv(quality.information)
    assert (error.abs() < 0.02).all()
    assert (covariance.diagonal(dim1=1, dim2=2).sqrt() < 0.02).all()


def test_the_information_follows_the_unit_of_depth() -> None:
    _, _, metres = _solved()
    _, _, others = _solved(unit=0.1)
    scale = torch.tensor([10.0] * 3 + [1.0] * 3).double()
    torch.testing.assert_close(
        others.information, metres.information * scale[:, None] * scale, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(others.flow, metres.flow)


def test_inliers_and_overlap_count_points() -> None:
    T, problem, quality = _solved()
    r, _, valid = problem.residuals(T)
    usable = problem.points.usable
    small = (r.square().sum(-1) <= 2 * CONFIG.robust_scale ** 2) & valid
    assert quality.inliers.item() == pytest.approx((small.sum() / valid.sum()).item())
    assert quality.overlap.item() == pytest.approx((valid.sum() / usable.sum()).item())
    assert 0.8 < quality.inliers.item() <= 1
    far = se3_exp(torch.tensor([[1.5, 0, 0, 0, 0.3, 0]]).double())
    K = intrinsics()
    lost = PoseRefinement.quality(far, problem, K)
    assert lost.inliers.item() < 0.5 * quality.inliers.item()
    assert lost.overlap.item() < quality.overlap.item()
    assert lost.flow.item() > 5 * quality.flow.item()


@pytest.mark.parametrize(('wrong', 'message'), [
    ({'points': 3}, 'points must be >= 16'), ({'iterations': 0}, 'iterations must be >= 1'),
    ({'damping': 'none'}, 'learned or adaptive'), ({'robust_scale': 0.0}, 'must be positive'),
    ({'min_points': 5}, 'min_points must be >= 6')])
def test_impossible_settings_are_refused(wrong, message) -> None:
    with pytest.raises(ConfigError, match=f'motion.refinement: .*{message}'):
        RefinementConfig(**wrong)
