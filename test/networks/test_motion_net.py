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

"""MotionNet: the order of frames, masks, and the fall back on PoseNet's motion."""

import pytest
from sa4depth_ros.geometry.lie import inverse
from sa4depth_ros.networks.feature_net import FeatureNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_ros.networks.pose_refinement import RefinementConfig
import torch

CONFIG = MotionConfig(PoseNetConfig(channels=8), FeatureNetConfig(8, 8),
                      RefinementConfig(points=64, iterations=2))
K = torch.tensor([[80.0, 0, 47.5], [0, 80.0, 31.5], [0, 0, 1]]).expand(2, 3, 3)


@pytest.fixture
def network() -> MotionNet:
    torch.manual_seed(0)
    network = MotionNet(CONFIG).eval()
    # Large enough to see; untrained motions are next to none.
    torch.nn.init.normal_(network.pose_net.head[-1].bias, std=10.0)
    return network


def _images(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(seed))


def test_pose_net_sees_the_earlier_frame_first(network) -> None:
    target, source = _images(0), _images(1)
    T_target2source = network.initial_pose(target, source, torch.tensor([True, False]))
    T_source2target = network.pose_net(source, target)
    torch.testing.assert_close(T_target2source[0], inverse(T_source2target)[0])
    torch.testing.assert_close(T_target2source[1], network.pose_net(target, source)[1])
    assert (T_target2source - torch.eye(4)).abs().max() > 0.05


def test_features_outside_the_mask_have_no_confidence(network) -> None:
    mask = torch.ones(2, 1, 64, 96)
    mask[..., :20, :] = 0
    for level, stride in zip(network.features(_images(0), mask), network.feature_net.strides):
        rows = level.confidence.amax(dim=(0, 1, 3)) > 0
        assert rows.tolist() == [row * stride >= 20 for row in range(64 // stride)]


def test_a_failed_refinement_falls_back_on_the_first_guess(network) -> None:
    target, source = _images(0), _images(1)
    T_initial = network.initial_pose(target, source, torch.tensor([True, True])).detach()
    depth = torch.full((2, 1, 64, 96), 3.0)
    depth[1] = float('nan')
    levels = [network.features(image) for image in (target, source)]
    refined = network.refine(T_initial, depth, target, *levels, K)
    assert refined.failed[1]
    torch.testing.assert_close(refined.T_target2source[1], T_initial[1])
    assert torch.isfinite(refined.T_target2source).all()
    refined.T_target2source.sum().backward()
    assert all(torch.isfinite(value.grad).all() for value in network.parameters()
               if value.grad is not None)


def test_translation_can_be_in_units_of_the_mean_inverse_depth() -> None:
    T = torch.eye(4).repeat(4, 1, 1)
    T[:, :3, 3] = torch.rand(4, 3)
    depth = torch.tensor([2.0, 4.0, 0.5, 1.0]).view(2, 1, 1, 2)
    config = MotionConfig(PoseNetConfig(channels=8, by_inverse_depth=True))
    found, expected = MotionNet(config).scaled(T, depth), T.clone()
    # Both samples of the first source, then both of the second.
    for row, unit in enumerate((0.375, 1.5, 0.375, 1.5)):
        expected[row, :3, 3] = unit * T[row, :3, 3]
    torch.testing.assert_close(found, expected)
    assert torch.equal(MotionNet(MotionConfig(PoseNetConfig(channels=8))).scaled(T, depth), T)
