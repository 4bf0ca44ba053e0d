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

"""Weights that go on in another network: a metric head over a relative one, another size."""

from dataclasses import replace

import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.factory import build_network, save_checkpoint
from sa4depth_train.checkpoint import start_network
from sa4depth_train.config import OptimizerConfig, TrainConfig
from sa4depth_train.parameters import freeze_trunk, parameter_groups
from sa4depth_train.recipes.supervised import SupervisedModel
from small_heads import CARD, small_config
import torch
from torch.nn.functional import interpolate


@pytest.fixture
def saved(tmp_path):
    """Give a function that saves a network of random weights and starts others from it."""
    def start(saved_config, wanted):
        torch.manual_seed(0)
        network, path = build_network(saved_config), tmp_path / 'net.safetensors'
        save_checkpoint(path, network, CARD)
        config = TrainConfig(network=wanted, initial_weights=str(path))
        return network.state_dict(), start_network(config).state_dict()
    return start


@pytest.mark.parametrize('head', ['metric_bins', 'ada_bins', 'self_query'])
def test_a_relative_network_goes_on_below_a_new_head(saved, head) -> None:
    # Unit and range of the relative depth are its own.
    relative = small_config('sigmoid', min_depth=0.1, max_depth=100.0, canonical_focal=230.0)
    before, after = saved(relative, small_config(head))
    for name, value in before.items():
        if not name.startswith('head.'):
            assert torch.equal(after[name], value), name
    assert any(name.startswith('head.') for name in after)
    if head == 'metric_bins':
        assert torch.equal(after['head.relative.weight'], before['head.weight'])
        assert torch.equal(after['head.relative.bias'], before['head.bias'])


def test_another_trunk_is_refused(saved) -> None:
    with pytest.raises(ConfigError, match='make them alike'):
        saved(small_config('sigmoid'), small_config('metric_bins', decoder_channels=(8,) * 5))
    with pytest.raises(ConfigError, match=r'for another network\.head'):
        saved(small_config('sigmoid'), small_config('sigmoid', max_depth=9.0))


def test_positions_of_patches_follow_the_input_size(saved) -> None:
    small = small_config('self_query')
    large = replace(small, input_height=128, input_width=192, canonical_focal=200.0)
    before, after = saved(small, large)
    name = 'head.tokens.positions'
    assert after[name].shape[2:] == (8, 12)
    torch.testing.assert_close(
        after[name], interpolate(before[name], size=(8, 12), mode='bilinear'))
    assert all(torch.equal(after[key], value) for key, value in before.items() if key != name)


def _model(**optimizer):
    torch.manual_seed(0)
    config = TrainConfig(network=small_config('metric_bins'), initial_weights='random',
                         optimizer=OptimizerConfig(lr=1e-3, encoder_lr=0.1, **optimizer))
    return SupervisedModel(start_network(config), config.loss), config


def test_the_trunk_can_be_slow() -> None:
    model, config = _model(trunk_lr=0.5)
    rates = {id(one): group['lr'] for group in parameter_groups(model, config.optimizer)
             for one in group['params']}
    found = {name: rates[id(one)] for name, one in model.named_parameters()}
    for part, rate in (('encoder.stem.conv', 5e-5), ('decoder.bottleneck.0', 5e-4),
                       ('head.relative', 5e-4), ('head.seeds.0', 1e-3)):
        assert found[f'depth_net.{part}.weight'] == pytest.approx(rate), part


def test_the_trunk_can_stand_still() -> None:
    model, config = _model(trunk_lr=0.0)
    freeze_trunk(model.train())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    groups = parameter_groups(model, config.optimizer)
    optimizer = torch.optim.AdamW(groups, lr=1e-3)
    batch = {'image': torch.rand(2, 3, 64, 96), 'depth': 1 + torch.rand(2, 1, 64, 96),
             'K': torch.eye(3).expand(2, 3, 3) * 100, 'rendered': torch.zeros(2).bool()}
    model(batch)['loss'].backward()
    optimizer.step()
    changed = {name.removeprefix('depth_net.') for name, value in model.state_dict().items()
               if not torch.equal(value, before[name])}
    new = {name for name in model.depth_net.state_dict()
           if name.startswith('head.') and not name.startswith('head.relative.')}
    assert changed == new
