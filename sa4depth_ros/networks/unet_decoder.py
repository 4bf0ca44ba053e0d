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

"""The plain U-Net decoder: bilinear upsampling, skip by concatenation."""

from collections.abc import Sequence

import torch
from torch import nn, Tensor
from torch.nn import functional as F


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class _UpBlock(nn.Module):

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.first = _conv(inputs + skip, outputs)
        self.second = _conv(outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        x = F.interpolate(x, scale_factor=2.0, mode='bilinear', align_corners=False)
        if skip is not None:
            x = torch.cat((x, skip), dim=1)
        return self.second(self.first(x))


class UnetDecoder(nn.Module):
    """
    Bring the maps of an encoder together at stride 2.

    Two 3x3 conv-BN-ReLU a stage (method.md 2). ``encoder_channels`` and ``channels`` are
    finest first, the last at stride 32; ``channels`` starts at stride 2. Stages finer than
    the finest map of the encoder have no skip.
    """

    stride = 2

    def __init__(self, encoder_channels: Sequence[int], channels: Sequence[int]) -> None:
        super().__init__()
        self._without_skip = len(channels) - len(encoder_channels)
        skips = [0] * self._without_skip + list(encoder_channels)
        self.bottleneck = nn.Sequential(
            nn.Conv2d(skips[-1], channels[-1], 1, bias=False),
            nn.BatchNorm2d(channels[-1]), nn.ReLU(inplace=True))
        stages = range(len(channels) - 2, -1, -1)
        self.stages = nn.ModuleList(
            _UpBlock(channels[i + 1], skips[i], channels[i]) for i in stages)
        self.level_channels = tuple(reversed(channels))
        self.out_channels = channels[0]

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Give (N, channels[0], H / 2, W / 2) of an image (N, 3, H, W)."""
        return self.levels(maps)[-1]

    def levels(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Give the maps of all levels, from stride 32 to stride 2, as level_channels says."""
        levels = [self.bottleneck(maps[-1])]
        skips: list[Tensor | None] = [*reversed(maps[:-1]), *[None] * self._without_skip]
        for stage, skip in zip(self.stages, skips):
            levels.append(stage(levels[-1], skip))
        return levels
