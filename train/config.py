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

"""The settings of a training run: one tree of dataclasses, read from YAML and checked."""

from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_train.checks import check
from sa4depth_train.data_config import AugmentationConfig, DataConfig


@dataclass(frozen=True)
class LossConfig:
    """
    What is minimised.

    silog_mean: weight of the squared mean in SILog; 0 ignores scale, 1 is a plain log error.
    gradient: weight of the multi-scale error of log-depth gradients (sharper edges); 0 is off.
    """

    silog_mean: float = 0.15
    gradient: float = 0.5

    def __post_init__(self) -> None:
        check('loss', {'silog_mean must be in [0, 1]': 0 <= self.silog_mean <= 1,
                       'gradient must be >= 0': self.gradient >= 0})


@dataclass(frozen=True)
class OptimizerConfig:
    """
    AdamW with a one-cycle learning rate.

    lr: peak learning rate. encoder_lr: factor on it for the pretrained encoder.
    weight_decay: of AdamW. warmup: fraction of the run in which the rate rises.
    clip: largest norm of the gradient. ema: decay of the averaged weights, which are the
    ones measured and saved; 0 is off.
    freeze_encoder_norm: keep the encoder's batch-norm statistics, right for small batches.
    """

    lr: float = 1e-3
    encoder_lr: float = 0.25
    weight_decay: float = 0.01
    warmup: float = 0.1
    clip: float = 1.0
    ema: float = 0.99
    freeze_encoder_norm: bool = True

    def __post_init__(self) -> None:
        check('optimizer', {
            'lr must be positive': self.lr > 0,
            'encoder_lr and weight_decay must be >= 0':
                min(self.encoder_lr, self.weight_decay) >= 0,
            'warmup must be in (0, 1)': 0 < self.warmup < 1,
            'clip must be positive': self.clip > 0,
            'ema must be in [0, 1)': 0 <= self.ema < 1})


@dataclass(frozen=True)
class TrainConfig:
    """
    A training run.

    name: of the model, goes into its card. licence, notes: for the card, too.
    seed: of everything random. epochs: passes over the training frames.
    batch_size: frames a step and process. threads: CPU threads, 0 is torch's choice.
    mixed_precision: no, fp16 or bf16. initial_weights: imagenet (encoder only), random, or
    the path of a .safetensors checkpoint to start from.
    network, data, augmentation, loss, optimizer: see their classes.
    """

    name: str = 'sa4depth'
    licence: str = ''
    notes: str = ''
    seed: int = 0
    epochs: int = 20
    batch_size: int = 8
    threads: int = 0
    mixed_precision: str = 'no'
    initial_weights: str = 'imagenet'
    network: DepthNetConfig = field(default_factory=DepthNetConfig)
    data: DataConfig = field(default_factory=DataConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)

    def __post_init__(self) -> None:
        check('config', {
            'epochs must be >= 1': self.epochs >= 1,
            'batch_size must be >= 2 (batch norm)': self.batch_size >= 2,
            'threads must be >= 0': self.threads >= 0,
            'mixed_precision must be no, fp16 or bf16':
                self.mixed_precision in ('no', 'fp16', 'bf16')})


def read_config(path: Path, overrides: list[str] | None = None) -> TrainConfig:
    """
    Read a YAML file and apply overrides such as ``optimizer.lr=1e-4``.

    Raises ConfigError for an unknown key, a wrong type or an impossible value.
    """
    import yaml
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8')) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the config '{path}': {error}") from error
    for override in overrides or []:
        _override(values, override)
    return build_config(values)


def build_config(values: Any) -> TrainConfig:
    """Check plain values (dicts, lists, numbers, text) and make the configuration of them."""
    config: TrainConfig = _build(TrainConfig, values, '')
    return config


def _override(values: Any, override: str) -> None:
    import yaml
    key, equals, text = override.partition('=')
    if not equals or not key:
        raise ConfigError(f"expected --set key=value, e.g. optimizer.lr=1e-4, got '{override}'")
    *parents, last = key.split('.')
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise ConfigError(f"--set {override}: '{parent}' is no group of settings")
    try:
        values[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {override}: '{text}' is no YAML value: {error}") from error


def _build(cls: Any, values: Any, where: str) -> Any:
    if not isinstance(values, dict):
        raise ConfigError(f"'{where or 'config'}' must hold keys and values, got {values!r}")
    known = [item.name for item in fields(cls)]
    unknown = sorted(str(key) for key in set(values) - set(known))
    if unknown:
        raise ConfigError(f"unknown key{'s' * (len(unknown) > 1)} in the config: "
                          f"{', '.join(where + key for key in unknown)}. Known keys here: "
                          f"{', '.join(known)}")
    types = get_type_hints(cls)
    return cls(**{key: _value(types[key], value, where + key) for key, value in values.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    if is_dataclass(kind):
        return _build(kind, value, where + '.')
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise ConfigError(f"'{where}' must be a list, got {value!r}")
        return tuple(_value(get_args(kind)[0], item, where) for item in value)
    if kind is float and isinstance(value, str):
        # YAML reads 1e-4 as text; only 1.0e-4 is a number to it.
        value = _number(value, where)
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"'{where}' must be of type {kind.__name__}, got {value!r}")
    return kind(value)


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"'{where}' must be a number, got '{text}'") from error
