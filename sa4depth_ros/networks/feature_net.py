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

"""Features that the refinement of a pose aligns, with their confidence."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.local_contrast import contrast_patches, PATCH
import torch
from torch import nn, Tensor
from torch.nn import functional as F

_GROUP = 8
# Below this norm (its root) features fade to zero instead of having gradients without bound.
_SMALLEST_SQUARE = 1e-6


class FeatureLevel(NamedTuple):
    """
    One level of the pyramid at stride s: ``features`` (N, C, h, w), ``confidence`` (N, 1, h, w).

    Confidence lies in (0, 1). Pixel (u, v) of the level is centred at ((u + 0.5) s - 0.5,
    (v + 0.5) s - 0.5) of the image. Both are float32.
    """

    features: Tensor
    confidence: Tensor


@dataclass(frozen=True)
class FeatureNetConfig:
    """
    What is needed to build a FeatureNet.

    ``channels`` is the number of learned features at each pixel of each level, ``width`` the
    channels at stride 2; coarser strides have 2, 3 and 4 times that. Both are multiples of 8;
    anything else is a ConfigError.
    """

    channels: int = 16
    width: int = 16

    def __post_init__(self) -> None:
        if min(self.channels, self.width) < 1 or self.channels % _GROUP or self.width % _GROUP:
            raise ConfigError('motion.features.channels and width must be positive multiples of '
                              f'{_GROUP}, got {self.channels} and {self.width}')


class FeatureNet(nn.Module):
    """
    Local contrast, and what a small feature pyramid network adds to it (method.md 1).

    The features of a pixel are its patch of local contrast and, but for the finest level,
    learned ones of a length that is learned too and starts at 0: so alignment works from the
    first step of training on. The same for target and source. Every layer treats left and
    right, above and below alike, so features sit where the image shows them: kernel 4 at
    stride 2, kernel 3 at stride 1, bilinear upsampling. Its norms are per image, so that a
    frame's features do not depend on the batch. ``strides`` are those of the levels, coarse to
    fine.
    """

    strides = (8, 4, 2, 1)

    def __init__(self, config: FeatureNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = [factor * config.width for factor in (1, 2, 3, 4)]
        self.stem = _down(3, widths[0])
        self.stages = nn.ModuleList(
            _down(inputs, outputs) for inputs, outputs in pairwise(widths))
        self.context = _conv(widths[-1], widths[-1])
        self.laterals = nn.ModuleList(
            nn.Conv2d(width, config.channels, 1) for width in reversed(widths))
        learned = len(self.strides) - 1
        self.heads = nn.ModuleList(_head(config.channels) for _ in range(learned))
        self.gains = nn.Parameter(torch.zeros(learned))

    def forward(self, image: Tensor) -> list[FeatureLevel]:
        """
        Give the levels, coarse to fine, of ``image`` (N, 3, H, W), RGB in [0, 1].

        H and W must be multiples of 16.
        """
        x = self.stem(2.0 * image - 1.0)
        maps = [x]
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        maps[-1] = self.context(x)
        grey = image.float().mean(1, keepdim=True)
        levels = [self._level(number, output.float(), grey)
                  for number, output in enumerate(self._outputs(maps[::-1]))]
        # Learned confidence is smooth: the finest level needs none of its own.
        confidence = F.interpolate(
            levels[-1].confidence, scale_factor=2.0, mode='bilinear', align_corners=False)
        return [*levels, FeatureLevel(contrast_patches(grey, self.strides[-1]), confidence)]

    def _outputs(self, maps: list[Tensor]) -> list[Tensor]:
        """Give what the heads say, from ``maps`` at strides 16 to 2."""
        x = self.laterals[0](maps[0])
        outputs = []
        for lateral, head, skip in zip(self.laterals[1:], self.heads, maps[1:]):
            x = lateral(skip) + F.interpolate(
                x, scale_factor=2.0, mode='bilinear', align_corners=False)
            outputs.append(head(x))
        return outputs

    def _level(self, number: int, output: Tensor, grey: Tensor) -> FeatureLevel:
        learned = output[:, :-1]
        square = learned.square().sum(dim=1, keepdim=True)
        learned = self.gains[number] * learned * torch.rsqrt(square + _SMALLEST_SQUARE)
        patches = contrast_patches(grey, self.strides[number])
        return FeatureLevel(torch.cat((patches, learned), 1), torch.sigmoid(output[:, -1:]))

    def channels(self, number: int) -> int:
        """Tell how many features a pixel of level ``number`` has."""
        return PATCH + (self.config.channels if number < len(self.heads) else 0)


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(channels // _GROUP, channels)


def _down(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
                         _norm(outputs), nn.ReLU(inplace=True))


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                         _norm(outputs), nn.ReLU(inplace=True))


def _head(channels: int) -> nn.Sequential:
    return nn.Sequential(_norm(channels), nn.ReLU(inplace=True),
                         nn.Conv2d(channels, channels + 1, 3, padding=1))
