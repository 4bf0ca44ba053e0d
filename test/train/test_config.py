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

"""Training configuration: every key explained, every mistake named."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.config import TrainConfig
from sa4depth_train.config_reader import read_config

CONFIGS = sorted((Path(__file__).parents[2] / 'config' / 'train').glob('*.yaml'))


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / 'config.yaml'
    path.write_text(text, encoding='utf-8')
    return path


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(path) -> None:
    assert read_config(path).network.input_height % 32 == 0


def test_an_empty_file_gives_the_defaults(tmp_path) -> None:
    assert read_config(_written(tmp_path, '')) == TrainConfig()


def test_values_and_overrides_arrive(tmp_path) -> None:
    path = _written(tmp_path, 'epochs: 3\nnetwork: {decoder_channels: [8, 8, 8, 8, 8]}\n')
    config = read_config(path, ['optimizer.lr=1e-4', 'data.image_topic=/cam/image', 'epochs=7',
                                'optimizer.freeze_encoder_norm=false'])
    assert config.epochs == 7
    assert config.optimizer.lr == 1e-4
    assert config.data.image_topic == '/cam/image'
    assert config.network.decoder_channels == (8, 8, 8, 8, 8)
    assert config.optimizer.freeze_encoder_norm is False


def test_no_is_a_precision_although_yaml_reads_false(tmp_path) -> None:
    assert read_config(_written(tmp_path, 'mixed_precision: no\n')).mixed_precision == 'no'
    path = _written(tmp_path, 'mixed_precision: bf16\n')
    assert read_config(path, ['mixed_precision=no']).mixed_precision == 'no'


@pytest.mark.parametrize(('text', 'message'), [
    ('epoch: 3', 'unknown key in the config: epoch. Known keys here: recipe, name,'),
    ('data: {holdout: 0.1, colour: 1, size: 2}', 'unknown keys in the config: data.colour, '),
    ('epochs: many', "'epochs' must be of type int, got 'many'"),
    ('epochs: 2.5', "'epochs' must be of type int"),
    ('epochs: true', "'epochs' must be of type int"),
    ('optimizer: {lr: fast}', "'optimizer.lr' must be a number, got 'fast'"),
    ('network: {decoder_channels: 8}', "'network.decoder_channels' must be a list"),
    ('data: 5', "'data.' must hold keys and values"),
    ('- a list', "'config' must hold keys and values"),
    ('data: {holdout: 1.5}', r'data: holdout must be in \[0, 0.9\]'),
    ('augmentation: {max_zoom: 0.5}', 'min_zoom <= max_zoom'),
    ('loss: {silog_mean: 2}', r'silog_mean must be in \[0, 1\]'),
    ('optimizer: {ema: 1}', 'ema must be in'),
    ('batch_size: 1', 'batch_size must be >= 2'),
    ('mixed_precision: fp8', 'no, fp16 or bf16'),
    ('a: [', 'cannot read the config'),
])
def test_mistakes_are_named(tmp_path, text, message) -> None:
    with pytest.raises(ConfigError, match=message):
        read_config(_written(tmp_path, text))


@pytest.mark.parametrize(('override', 'message'), [
    ('epochs', 'expected --set key=value'), ('epochs.x=1', "'epochs' is no group"),
    ('data.x=1', 'unknown key in the config: data.x'), ('name=[', 'no YAML value')])
def test_wrong_overrides_are_named(tmp_path, override, message) -> None:
    with pytest.raises(ConfigError, match=message):
        read_config(_written(tmp_path, 'epochs: 3'), [override])


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the config '.*none\.yaml'"):
        read_config(tmp_path / 'none.yaml')


def _groups(cls: Any) -> list[Any]:
    inner = [f.default_factory for f in fields(cls) if is_dataclass(f.default_factory)]
    return [cls, *(group for item in inner for group in _groups(item))]


@pytest.mark.parametrize('cls', _groups(TrainConfig), ids=lambda cls: cls.__name__)
def test_every_key_is_explained(cls) -> None:
    unexplained = [f.name for f in fields(cls) if f.name not in (cls.__doc__ or '')]
    assert not unexplained
