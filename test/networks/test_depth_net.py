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

"""Depth networks: ranges, configuration, the checkpoint file."""

import math

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import (
    build_network, DeployedDepth, load_checkpoint, load_depth_net, save_checkpoint)
from sa4depth_ros.networks.self_query_head import SelfQueryConfig
from safetensors.torch import load_file, save_file
import torch

SMALL = DepthNetConfig(input_height=64, input_width=96, decoder_channels=(8, 8, 8, 16, 16),
                       min_depth=0.5, max_depth=8.0)
CARD = ModelCard(name='small', input_height=64, input_width=96, min_depth=0.5, max_depth=8.0,
                 canonical_focal=280.0, training_data='none', metrics={'x': {'abs_rel': 1.0}})


@pytest.fixture
def network() -> DepthNet:
    torch.manual_seed(0)
    return build_network(SMALL).eval()


def test_depth_starts_at_two_metres_and_has_the_images_size(network) -> None:
    depth = network(torch.rand(2, 3, 64, 96))
    assert depth.shape == (2, 1, 64, 96)
    assert depth.dtype == torch.float32
    assert 1.5 < depth.median() < 2.7


@pytest.mark.parametrize(('bias', 'depth'), [(-50.0, 0.5), (50.0, 8.0), (0.0, math.sqrt(4.0))])
def test_depth_lies_between_its_limits_in_log_space(network, bias, depth) -> None:
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.constant_(network.head.bias, bias)
    result = network(torch.rand(1, 3, 64, 96))
    torch.testing.assert_close(result, torch.full_like(result, depth))


def test_the_deployed_module_takes_camera_bytes(network) -> None:
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8))
    expected = network(image.permute(0, 3, 1, 2).float() / 255)
    torch.testing.assert_close(DeployedDepth(network)(image), expected)


def test_a_checkpoint_holds_network_and_card(network, tmp_path) -> None:
    path = tmp_path / 'net.safetensors'
    save_checkpoint(path, network, CARD)
    loaded, card = load_depth_net(path)
    assert card == CARD
    assert loaded.config == SMALL
    for name, value in network.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name]), name
    image = torch.zeros(1, 64, 96, 3, dtype=torch.uint8)
    module, _ = load_checkpoint(path)
    torch.testing.assert_close(module(image), DeployedDepth(network)(image))
    assert not list(tmp_path.glob('*.tmp'))


def test_checkpoints_that_are_none(network, tmp_path) -> None:
    path = tmp_path / 'net.safetensors'
    with pytest.raises(ModelError, match='there is none'):
        load_checkpoint(path)
    path.write_bytes(b'not safetensors at all')
    with pytest.raises(ModelError, match='cannot read the checkpoint'):
        load_checkpoint(path)
    save_file({'a': torch.zeros(1)}, path)
    with pytest.raises(ModelError, match='no checkpoint of `sa4depth train`'):
        load_checkpoint(path)


def test_a_checkpoint_of_another_network_names_its_keys(network, tmp_path) -> None:
    path = tmp_path / 'net.safetensors'
    save_checkpoint(path, network, CARD)
    weights = load_file(path)
    weights['extra'] = weights.pop('head.bias')
    header = CARD.to_metadata() | {'network': '{"input_height": 64, "input_width": 96, '
                                              '"decoder_channels": [8, 8, 8, 16, 16]}'}
    save_file(weights, path, metadata=header)
    with pytest.raises(ModelError, match=r'Missing keys: head\.bias\. Unexpected keys: extra\.'):
        load_checkpoint(path)
    save_file(weights, path, metadata=header | {'network': '{"colour": 1}'})
    with pytest.raises(ModelError, match='does not know: colour'):
        load_checkpoint(path)
    save_file(weights, path, metadata=header | {'network': '{"input_height": 65}'})
    with pytest.raises(ModelError, match='multiples of 32'):
        load_checkpoint(path)


@pytest.mark.parametrize(('values', 'message'), [
    ({'input_height': 100}, 'multiples of 32'),
    ({'encoder': 'vgg'}, "network.encoder 'vgg' is unknown"),
    ({'decoder_channels': (1, 2)}, 'five positive numbers'),
    ({'min_depth': 3.0, 'max_depth': 2.0}, 'min_depth < max_depth'),
    ({'head': 'linear'}, "head 'linear' is unknown; choose sigmoid, self_query, metric_bins, ada"),
    ({'head': 'self_query', 'input_height': 192},
     r'64 patches for 64 network.self_query.queries, got 6 x 10 = 60'),
    ({'head': 'ada_bins'}, r'at least 129 patches for the widths .*, got 8 x 10 = 80'),
    ({'head': 'self_query', 'decoder': 'upproj', 'upsampling': 'res_b',
      'self_query': SelfQueryConfig(patch=40)}, r'got 6 x 8 = 48, .* has 256x320 pixels'),
])
def test_impossible_networks_are_refused(values, message) -> None:
    with pytest.raises(ConfigError, match=message):
        DepthNetConfig(**values)
