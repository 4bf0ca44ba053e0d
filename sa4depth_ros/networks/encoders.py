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
from typing import Protocol

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.efficientnet_lite import EfficientNetLite
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


def build_encoder(name: str, *, config: str = '', images: int = 1) -> nn.Module:
    """Make the encoder ``name`` (see Encoder) with random weights; ConfigError if unknown."""
    if name not in ENCODERS:
        raise ConfigError(f"encoder '{name}' is unknown; choose one of {', '.join(ENCODERS)}")
    return ENCODERS[name](images)
