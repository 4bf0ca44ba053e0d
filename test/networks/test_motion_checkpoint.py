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

"""A checkpoint that holds depth and motion."""

import json

import pytest
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import (
    load_checkpoint, load_depth_net, load_motion_net, save_checkpoint)
from sa4depth_ros.networks.feature_net import FeatureNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from safetensors import safe_open
from safetensors.torch import load_file, save_file
import torch

DEPTH = DepthNetConfig(input_height=64, input_width=96, decoder_channels=(8, 8, 8, 16, 16))
MOTION = MotionConfig(pose=PoseNetConfig(channels=8), features=FeatureNetConfig(8, 8),
                      refinement=RefinementConfig(iterations=2, detach_depth=True))
CARD = ModelCard(name='small', input_height=64, input_width=96, min_depth=0.2, max_depth=20.0,
                 canonical_focal=280.0, training_data='none')


@pytest.fixture
def path(tmp_path):
    torch.manual_seed(0)
    result = tmp_path / 'both.safetensors'
    save_checkpoint(result, DepthNet(DEPTH), CARD, MotionNet(MOTION))
    return result


def _header(path) -> dict[str, str]:
    with safe_open(path, framework='pt') as file:
        return file.metadata()


def test_depth_and_motion_come_back_as_they_were(path) -> None:
    torch.manual_seed(0)
    depth, motion = DepthNet(DEPTH), MotionNet(MOTION)
    loaded, card = load_depth_net(path)
    again = load_motion_net(path)
    assert (loaded.config, again.config, card) == (DEPTH, MOTION, CARD)
    for before, after in ((depth, loaded), (motion, again)):
        assert all(torch.equal(value, after.state_dict()[name])
                   for name, value in before.state_dict().items())
    module, _ = load_checkpoint(path)
    assert module(torch.zeros(1, 64, 96, 3, dtype=torch.uint8)).shape == (1, 1, 64, 96)


def test_depth_weights_have_the_names_that_they_have_alone(path, tmp_path) -> None:
    alone = tmp_path / 'alone.safetensors'
    save_checkpoint(alone, DepthNet(DEPTH), CARD)
    names = set(load_file(path))
    assert {name for name in names if not name.startswith('motion.')} == set(load_file(alone))
    assert {f'motion.{name}' for name in MotionNet(MOTION).state_dict()} <= names


@pytest.mark.parametrize('shipped', [True, False])
def test_a_depth_only_checkpoint_says_so(tmp_path, shipped) -> None:
    path = share_path(DEFAULT_MODEL).with_suffix('.safetensors')
    if not shipped:
        path = tmp_path / 'alone.safetensors'
        save_checkpoint(path, DepthNet(DEPTH), CARD)
    with pytest.raises(ModelError, match='is a depth-only checkpoint'):
        load_motion_net(path)


def test_motion_networks_of_an_earlier_version_say_what_still_works(path) -> None:
    weights = load_file(path)
    del weights['motion.feature_net.gains']
    save_file(weights, path, metadata=_header(path))
    with pytest.raises(ModelError, match=r'gains.*Train them anew.*--no-motion'):
        load_motion_net(path)
    assert load_depth_net(path)[0].config == DEPTH


def test_a_motion_network_that_does_not_fit_is_refused(path) -> None:
    header, weights = _header(path), load_file(path)
    key = 'motion.pose_net.stranger'
    save_file(weights | {key: torch.zeros(1)}, path, metadata=header)
    with pytest.raises(ModelError, match=r'Unexpected keys: pose_net\.stranger\.'):
        load_motion_net(path)
    for change, message in (({'colour': 1}, 'does not know: colour'),
                            ({'pose': {'channels': 0}}, 'motion.pose.channels must be positive'),
                            ({'pose': {'size': 0}}, 'does not know: size'),
                            ({'pose': 3}, 'is wrong')):
        motion = json.loads(header['motion']) | change
        save_file(weights, path, metadata=header | {'motion': json.dumps(motion)})
        with pytest.raises(ModelError, match=message):
            load_motion_net(path)
