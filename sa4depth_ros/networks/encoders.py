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

"""One door to all image encoders."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
import json
from typing import Any, Protocol, TypeVar

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.efficientnet_lite import EfficientNetLite
from sa4depth_ros.networks.transformers_encoder import describe, TransformersEncoder
from torch import nn, Tensor


class Encoder(Protocol):
    """
    What a decoder needs to know of an encoder.

    ``channels`` and ``strides`` of its maps, finest first; ``mean`` and ``std`` that it
    expects to be applied to [0, 1] RGB.
    """

    channels: Sequence[int]
    strides: Sequence[int]
    mean: Sequence[float]
    std: Sequence[float]

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Give the maps of a normalised image (N, 3, H, W)."""
        ...

    def load_pretrained(self) -> None:
        """Load pretrained weights; ConfigError or ModelError says what is missing."""
        ...


ENCODERS: dict[str, Callable[[int], nn.Module]] = {'efficientnet_lite0': EfficientNetLite}
HUB = 'hf:'

Config = TypeVar('Config')


def build_encoder(name: str, *, config: str = '', images: int = 1) -> nn.Module:
    """
    Make the encoder ``name`` (see Encoder) with random weights; ConfigError if unknown.

    ``name`` is one of ENCODERS, or hf: and a backbone of transformers: a model of the hub or a
    local folder. ``config`` is the JSON that resolve_encoders gave for the latter; without it,
    it is read from the hub or the folder. ``images`` RGB images are stacked as input.
    """
    check_encoder(name, config, 'encoder')
    if name in ENCODERS:
        return ENCODERS[name](images)
    source = name.removeprefix(HUB)
    return TransformersEncoder(source, config or describe(source), images)


def check_encoder(name: str, config: str, where: str) -> None:
    """Raise ConfigError, naming the key ``where``, for what build_encoder cannot build."""
    hub = name.startswith(HUB) and name != HUB
    if name not in ENCODERS and not hub:
        raise ConfigError(f"{where} '{name}' is unknown; choose {', '.join(ENCODERS)}, or "
                          f'{HUB}<model of the Hugging Face hub or local folder>')
    if config and not hub:
        raise ConfigError(f"{where}_config is for encoders '{HUB}...'; leave it empty for {name}")
    try:
        fits = not config or 'model_type' in json.loads(config)
    except (json.JSONDecodeError, TypeError):
        fits = False
    if not fits:
        raise ConfigError(f'{where}_config must be empty or the JSON of a transformers config '
                          f"with its model_type, got '{config[:60]}'")


def resolve_encoders(config: Config) -> Config:
    """
    Fill in each empty ``encoder_config`` of a dataclass and those in it that needs one.

    What is built from the result needs neither hub nor folder, except for pretrained weights.
    Raises ConfigError as build_encoder does.
    """
    changes: dict[str, Any] = {}
    values = {item.name: getattr(config, item.name)
              for item in fields(config)}  # type: ignore[arg-type]
    for name, value in values.items():
        if is_dataclass(value) and (new := resolve_encoders(value)) is not value:
            changes[name] = new
    source = values.get('encoder', '')
    if values.get('encoder_config') == '' and source.startswith(HUB):
        changes['encoder_config'] = describe(source.removeprefix(HUB))
    return replace(config, **changes) if changes else config  # type: ignore[type-var]
