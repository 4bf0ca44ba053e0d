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

"""The networks of a checkpoint on a bag: same frames as in training, each pair the right way."""

from dataclasses import replace
import math

import numpy as np
import pytest
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import canonical_factor, DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import save_checkpoint
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_dataset import DepthDataset
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.motion_estimator import (
    evaluate_motion, load_motion_estimator, motion_frames, NetworkMotion)
from sa4depth_train.triplet_dataset import TripletDataset
from sa4depth_train.triplets import Triplet
import torch
from walk_bag import walk_poses, write_walk

SIZE = (96, 64)
CONFIG = DepthNetConfig(input_height=64, input_width=96, decoder_channels=(8, 8, 8, 8, 8))


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    return write_walk(tmp_path_factory.mktemp('bags') / 'walk', frames=6)


@pytest.fixture(scope='module')
def networks():
    torch.manual_seed(0)
    depth, motion = DepthNet(CONFIG), MotionNet(MotionConfig())
    # Random weights hardly move; larger ones show which way round the motion is.
    torch.nn.init.normal_(motion.pose_net.head[-1].weight, std=1.0)
    return depth.eval(), motion.eval()


def test_frames_are_those_of_training(bag) -> None:
    frames = list(motion_frames(bag, DataConfig(), SIZE))
    dataset = DepthDataset(BagFrames([bag], DataConfig(), SIZE), range(6), SIZE)
    assert len(frames) == 6
    for frame, sample in zip(frames, dataset):
        image = torch.from_numpy(frame.rgb.transpose(2, 0, 1).astype(np.float32) / 255)
        torch.testing.assert_close(image, sample['image'])
        np.testing.assert_array_equal(frame.depth, sample['depth'][0])
        np.testing.assert_allclose(frame.K, sample['K'], rtol=1e-6)
    np.testing.assert_allclose([f.pose for f in frames], walk_poses(6), atol=1e-9)
    np.testing.assert_allclose([f.seconds for f in frames], 0.1 * np.arange(6), atol=1e-6)


def test_the_letterbox_is_not_seen(bag) -> None:
    frame = next(iter(motion_frames(bag, DataConfig(), SIZE)))
    # 120 x 60 in 96 x 64 leaves 8 rows above and below.
    assert not frame.seen[:8].any() and not frame.seen[-8:].any()
    frames = BagFrames([bag], DataConfig(), SIZE)
    sample = TripletDataset(frames, [Triplet(1, (0, 2))], SIZE)[0]
    np.testing.assert_array_equal(frame.seen, sample['seen'][0])


@pytest.mark.parametrize('holdout', [0.2, 0.33, 0.5])
def test_the_start_is_where_training_stopped(bag, holdout) -> None:
    held = BagFrames([bag], DataConfig(holdout=holdout), SIZE, need='nothing').heldout['walk']
    frames = list(motion_frames(bag, DataConfig(), SIZE, Excerpt(1 - holdout)))
    assert len(frames) == len(held)
    np.testing.assert_allclose(frames[0].pose, walk_poses(6)[held[0]], atol=1e-9)


def test_the_earlier_frame_is_the_target_and_comes_first(bag, networks) -> None:
    depth_net, motion_net = networks
    earlier, later, *_ = motion_frames(bag, DataConfig(), SIZE)
    estimator = NetworkMotion(depth_net, motion_net, 'cpu')
    seen = [estimator.observe(frame) for frame in (earlier, later)]
    estimate = estimator.estimate(*seen)
    with torch.inference_mode():
        images = [torch.from_numpy(f.rgb).permute(2, 0, 1)[None] / 255 for f in (earlier, later)]
        expected = motion_net.pose_net(*images)[0]
        K = torch.from_numpy(earlier.K)[None].float()
        depth = depth_net(images[0]) * canonical_factor(K, CONFIG)
    np.testing.assert_allclose(estimate.alone, expected, atol=1e-6)
    assert np.linalg.norm(estimate.alone[:3, 3]) > 1e-4
    np.testing.assert_allclose(seen[0].depth, depth[0, 0], rtol=1e-5)
    if estimate.failed:
        np.testing.assert_array_equal(estimate.refined, estimate.alone)
    else:
        assert not np.allclose(estimate.refined, estimate.alone)
        assert estimate.residual_after < estimate.residual_before


def test_features_are_computed_once_per_frame(bag, networks) -> None:
    depth_net, motion_net = networks
    calls = []
    hooks = [net.register_forward_hook(lambda net, *_: calls.append(type(net).__name__))
             for net in (depth_net, motion_net.feature_net, motion_net.pose_net)]
    estimator = NetworkMotion(depth_net, motion_net, 'cpu')
    from sa4depth_train.pose_evaluation import measure_motion
    measure_motion(estimator, motion_frames(bag, DataConfig(), SIZE))
    for hook in hooks:
        hook.remove()
    assert [calls.count(name) for name in ('DepthNet', 'FeatureNet', 'PoseNet')] == [6, 6, 5]


def test_a_checkpoint_gives_plain_numbers(bag, networks, tmp_path) -> None:
    path = tmp_path / 'model.safetensors'
    save_checkpoint(path, networks[0], ModelCard('test', 64, 96), networks[1])
    numbers = evaluate_motion(path, bag, DataConfig(), Excerpt(0.2))
    assert numbers['frames'] == 5
    assert {'posenet_ate_sim3', 'refined_ate_se3', 'refined_scale_std', 'posenet_drift',
            'failed', 'scale_consistency'} <= set(numbers)
    assert math.isfinite(numbers['posenet_scale_std'])


def test_without_refinement_posenet_is_all(bag, networks, tmp_path) -> None:
    motion = MotionNet(replace(MotionConfig(), refinement=RefinementConfig(enabled=False)))
    path = tmp_path / 'model.safetensors'
    save_checkpoint(path, networks[0], ModelCard('test', 64, 96), motion)
    numbers = evaluate_motion(path, bag, DataConfig())
    assert 'posenet_ate_sim3' in numbers
    assert not any(name.startswith('refined') or name == 'failed' for name in numbers)


def test_depth_alone_is_refused(networks, tmp_path) -> None:
    path = tmp_path / 'model.safetensors'
    save_checkpoint(path, networks[0], ModelCard('test', 64, 96))
    with pytest.raises(ModelError, match='depth-only checkpoint'):
        load_motion_estimator(path)
