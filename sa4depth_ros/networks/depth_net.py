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

"""Depth from one image."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.ada_bins_head import AdaBinsConfig, AdaBinsHead
from sa4depth_ros.networks.depth_bins import HeadOutput
from sa4depth_ros.networks.encoders import build_encoder, check_encoder, resolve_encoders
from sa4depth_ros.networks.metric_bins_head import MetricBinsConfig, MetricBinsHead
from sa4depth_ros.networks.self_query_head import SelfQueryConfig, SelfQueryHead
from sa4depth_ros.networks.sigmoid_head import SigmoidHead
from sa4depth_ros.networks.unet_decoder import UnetDecoder
from sa4depth_ros.networks.upproj_decoder import UpprojDecoder, UPSAMPLINGS
import torch
from torch import nn, Tensor

HEADS = ('sigmoid', 'self_query', 'metric_bins', 'ada_bins')


@dataclass(frozen=True)
class DepthNetConfig:
    """
    What is needed to build a DepthNet; stored in every checkpoint.

    ``encoder`` names the image encoder: efficientnet_lite0, or hf: and a backbone of
    transformers, by its name on the hub or as a local folder. ``encoder_config`` is the JSON
    of its layers; leave it empty, it is filled in when a run starts. ``decoder`` is unet, or
    upproj with an ``upsampling`` of nearest, res_t, res_b or res_p (see UpprojDecoder).
    ``decoder_channels`` are its widths from stride 2 to stride 32, of upproj from stride 1 to
    stride 16. ``input_height`` and ``input_width`` are pixels, multiples of 32. ``min_depth``
    and ``max_depth`` bound the output. ``canonical_focal`` > 0 (pixels at network input): the
    output is depth * canonical_focal / fx, so that cameras of different focal lengths can mix;
    0: the output is depth itself. ``head`` is what makes depth of the decoder's maps: sigmoid,
    self_query, metric_bins or ada_bins, each of the last three with the settings of its name.
    Raises ConfigError for values that cannot be.
    """

    encoder: str = 'efficientnet_lite0'
    encoder_config: str = ''
    input_height: int = 256
    input_width: int = 320
    decoder: str = 'unet'
    upsampling: str = ''
    decoder_channels: tuple[int, ...] = (32, 48, 64, 96, 160)
    min_depth: float = 0.2
    max_depth: float = 20.0
    canonical_focal: float = 280.0
    head: str = 'sigmoid'
    self_query: SelfQueryConfig = field(default_factory=SelfQueryConfig)
    metric_bins: MetricBinsConfig = field(default_factory=MetricBinsConfig)
    ada_bins: AdaBinsConfig = field(default_factory=AdaBinsConfig)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'decoder_channels', tuple(self.decoder_channels))
        check_encoder(self.encoder, self.encoder_config, 'network.encoder')
        sides = (self.input_height, self.input_width)
        if min(sides) <= 0 or any(side % 32 for side in sides):
            raise ConfigError('network.input_height and input_width must be multiples of 32, '
                              f'got {sides[0]}x{sides[1]}')
        _check_decoder(self.decoder, self.upsampling)
        if len(self.decoder_channels) != 5 or min(self.decoder_channels) < 1:
            raise ConfigError('network.decoder_channels needs five positive numbers, got '
                              f'{self.decoder_channels}')
        if not 0 < self.min_depth < self.max_depth or self.canonical_focal < 0:
            raise ConfigError(
                'network: expected 0 < min_depth < max_depth and canonical_focal >= 0, got '
                f'{self.min_depth}, {self.max_depth}, {self.canonical_focal}')
        if self.head not in HEADS:
            raise ConfigError(f"network.head '{self.head}' is unknown; choose {', '.join(HEADS)}")
        if self.head in ('self_query', 'ada_bins'):
            getattr(self, self.head).check(self.map_size)

    @property
    def scale(self) -> int:
        """How many times smaller the decoder's last map is than the image."""
        return _DECODERS[self.decoder].stride

    @property
    def map_size(self) -> tuple[int, int]:
        """Height and width of the decoder's last map."""
        return self.input_height // self.scale, self.input_width // self.scale


_DECODERS: dict[str, type[UnetDecoder] | type[UpprojDecoder]] = {
    'unet': UnetDecoder, 'upproj': UpprojDecoder}


def _check_decoder(decoder: str, upsampling: str) -> None:
    if decoder not in _DECODERS:
        raise ConfigError(
            f"network.decoder '{decoder}' is unknown; choose {' or '.join(_DECODERS)}")
    if decoder == 'unet' and upsampling:
        raise ConfigError('network.upsampling is for network.decoder=upproj, got '
                          f"'{upsampling}' for unet; leave it empty")
    if decoder == 'upproj' and upsampling not in UPSAMPLINGS:
        raise ConfigError('network.decoder=upproj needs a network.upsampling of '
                          f"{', '.join(UPSAMPLINGS)}, got '{upsampling}'")


class DepthNet(nn.Module):
    """Encoder, decoder, and the head that makes depth of the decoder's maps."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: DepthNetConfig) -> None:
        super().__init__()
        self.config = config = resolve_encoders(config)
        self.encoder = build_encoder(config.encoder, config=config.encoder_config)
        self.decoder = _decoder(config, self.encoder.channels)
        self.head = _head(config, self.decoder.level_channels)
        for name in ('mean', 'std'):
            values = torch.tensor(getattr(self.encoder, name)).view(1, 3, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Give depth (N, 1, H, W) float32 of ``image`` (N, 3, H, W), RGB in [0, 1]."""
        return self.predict(image).depth

    def predict(self, image: Tensor) -> HeadOutput:
        """Give depth and, of heads that have them, the bins that it is made of."""
        output: HeadOutput = self.head(
            self.decoder.levels(self.encoder((image - self.mean) / self.std)))
        return output


def _decoder(config: DepthNetConfig, channels: Sequence[int]) -> UnetDecoder | UpprojDecoder:
    if config.decoder == 'unet':
        return UnetDecoder(channels, config.decoder_channels)
    return UpprojDecoder(channels, config.decoder_channels, config.upsampling)


def _head(config: DepthNetConfig, channels: Sequence[int]) -> nn.Module:
    limits = (config.min_depth, config.max_depth)
    if config.head == 'self_query':
        return SelfQueryHead(
            channels[-1], config.map_size, config.scale, limits, config.self_query)
    if config.head == 'ada_bins':
        return AdaBinsHead(channels[-1], config.map_size, config.scale, limits, config.ada_bins)
    if config.head == 'metric_bins':
        return MetricBinsHead(channels, config.scale, limits, config.metric_bins)
    return SigmoidHead(channels[-1], config.scale, limits)


def canonical_factor(K: Tensor, config: DepthNetConfig) -> Tensor:
    """Give metres per unit of network output, (N, 1, 1, 1), for intrinsics (N, 3, 3)."""
    focal = config.canonical_focal
    factor = K[:, 0, 0] / focal if focal > 0 else torch.ones_like(K[:, 0, 0])
    return factor.view(-1, 1, 1, 1)
