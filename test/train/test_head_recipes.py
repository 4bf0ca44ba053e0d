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

"""The shipped configurations of the other heads, each trained for an epoch and exported."""

from dataclasses import replace
from pathlib import Path

from backbones import tiny_encoder
import pytest
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net
from sa4depth_train.config import TrainConfig
from sa4depth_train.config_reader import read_config
from sa4depth_train.export import export_checkpoint
from sa4depth_train.run_folder import create_run
from sa4depth_train.trainer import Trainer
from small_heads import small_config

CONFIGS = Path(__file__).parents[2] / 'config' / 'train'


@pytest.fixture(scope='module')
def encoder(tmp_path_factory) -> str:
    """Name an encoder that learns and is traced in little time."""
    return tiny_encoder(tmp_path_factory.mktemp('encoder'))


def _small(name: str, network: DepthNetConfig, weights: str = 'random') -> TrainConfig:
    """Give a shipped configuration with a small network, to start from ``weights``."""
    config = read_config(CONFIGS / f'{name}.yaml')
    assert config.network.head == network.head
    return replace(config, network=network, initial_weights=weights, epochs=1, batch_size=4,
                   threads=1)


def _trained(config: TrainConfig, bag: Path, folder: Path) -> Path:
    run = create_run(folder / config.name, config, [bag])
    assert Trainer(run).run()
    return run.best


@pytest.mark.parametrize('name', ['metric_bins', 'ada_bins'])
def test_metres_are_learned_over_a_network_of_another_head(
        room_bag, tmp_path, encoder, name) -> None:
    first = _trained(_small('supervised', small_config('sigmoid', encoder=encoder)),
                     room_bag.path, tmp_path)
    config = _small(name, small_config(name, encoder=encoder), str(first))
    config = replace(config, optimizer=replace(config.optimizer, trunk_lr=0.0))
    second = _trained(config, room_bag.path, tmp_path)
    (before, _), (after, card) = load_depth_net(first), load_depth_net(second)
    for key, value in before.state_dict().items():
        if not key.startswith('head.'):
            assert value.equal(after.state_dict()[key]), key
    assert (card.output, card.metrics['room']['frames']) == ('metric_depth', 4)
    assert export_checkpoint(second, tmp_path / 'net.onnx').parity.largest < 1e-3


def test_spidepth_learns_from_images_and_then_metres(
        walk, room_bag, tmp_path, encoder) -> None:
    network = small_config('self_query', encoder=encoder)
    first = _trained(_small('spidepth', network), walk, tmp_path)
    assert load_depth_net(first)[1].output == 'relative_depth'
    second = _trained(_small('spidepth_metric', network, str(first)), room_bag.path, tmp_path)
    card = load_depth_net(second)[1]
    assert (card.output, card.metrics['room']['frames']) == ('metric_depth', 4)
    assert export_checkpoint(second, tmp_path / 'net.onnx').parity.largest < 1e-3
