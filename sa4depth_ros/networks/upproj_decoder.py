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

"""The decoder of P2Net with residual upsampling (method.md 3), up to full resolution."""

from collections.abc import Sequence

import torch
from torch import nn, Tensor

UPSAMPLINGS = ('nearest', 'res_t', 'res_b', 'res_p')


class UpprojDecoder(nn.Module):
    """
    Bring the maps of an encoder together at stride 1 by five blocks that double the size.

    A block sets u = Up(x) and z = concat(u, skip), or z = u where the encoder has no map. With
    res_t (transposed 3x3 convolution), res_b (bilinear) and res_p (3x3 convolution and
    PixelShuffle) it gives ReLU(conv-BN-ReLU-conv-BN(z) + conv-BN(z)): Cat_UpProj, or UpProj
    without a skip. With nearest it is the plain block of the paper's figure 4 (a):
    conv-BN-ReLU-conv-BN-ReLU(z). The paper gives no kernel sizes except that of res_t; all are
    3x3 here. ``encoder_channels`` are finest first, the last at stride 32; ``channels`` are the
    widths of the blocks at strides 1, 2, 4, 8 and 16.
    """

    stride = 1

    def __init__(
        self, encoder_channels: Sequence[int], channels: Sequence[int], upsampling: str,
    ) -> None:
        super().__init__()
        self._without_skip = len(channels) - len(encoder_channels) + 1
        # Finest first, as channels: what comes from the encoder at each block.
        skips = [0] * self._without_skip + list(encoder_channels[:-1])
        inputs = [*channels[1:], encoder_channels[-1]]
        self.blocks = nn.ModuleList(
            _Block(inputs[i], skips[i], channels[i], upsampling)
            for i in reversed(range(len(channels))))
        self.level_channels = (encoder_channels[-1], *reversed(channels))
        self.out_channels = channels[0]

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Give (N, channels[0], H, W) of an image (N, 3, H, W)."""
        return self.levels(maps)[-1]

    def levels(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Give the maps of all levels, from stride 32 to stride 1, as level_channels says."""
        levels = [maps[-1]]
        skips: list[Tensor | None] = [*reversed(maps[:-1]), *[None] * self._without_skip]
        for block, skip in zip(self.blocks, skips):
            levels.append(block(levels[-1], skip))
        return levels


class _Block(nn.Module):

    def __init__(self, inputs: int, skip: int, outputs: int, upsampling: str) -> None:
        super().__init__()
        self.up = _upsampling(upsampling, inputs)
        self.main = nn.Sequential(
            *_conv(inputs + skip, outputs), nn.ReLU(inplace=True), *_conv(outputs, outputs))
        self.side = None if upsampling == 'nearest' else nn.Sequential(
            *_conv(inputs + skip, outputs))

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        z = self.up(x)
        if skip is not None:
            z = torch.cat((z, skip), dim=1)
        out = self.main(z)
        if self.side is not None:
            out = out + self.side(z)
        return torch.relu(out)


def _conv(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs)


def _upsampling(name: str, channels: int) -> nn.Module:
    """Give what doubles the size of (N, channels, H, W) and keeps the channels."""
    if name == 'nearest':
        return nn.Upsample(scale_factor=2.0, mode='nearest')
    if name == 'res_b':
        return nn.Upsample(scale_factor=2.0, mode='bilinear', align_corners=False)
    if name == 'res_t':
        # The figures 7 and 8: 3x3, a zero between pixels, 3x3 becomes 6x6.
        return nn.ConvTranspose2d(channels, channels, 3, 2, padding=1, output_padding=1,
                                  bias=False)
    conv = nn.Conv2d(channels, 4 * channels, 3, padding=1, bias=False)
    _start_without_checkerboard(conv)
    return nn.Sequential(conv, nn.PixelShuffle(2))


def _start_without_checkerboard(conv: nn.Conv2d) -> None:
    # ICNR (Aitken et al. 2017): the four pixels that one becomes start with equal weights.
    with torch.no_grad():
        conv.weight.copy_(conv.weight[::4].repeat_interleave(4, dim=0))
