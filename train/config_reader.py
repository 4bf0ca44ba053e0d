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

"""From a YAML file and the command line to the dataclasses of a training run."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from sa4depth_ros.errors import ConfigError
from sa4depth_train.config import TrainConfig


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
    if kind is str and isinstance(value, bool):
        # YAML reads no, off and yes as truth values, and `no` is a precision.
        value = 'yes' if value else 'no'
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
