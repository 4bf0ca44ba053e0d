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

"""A small transformer over the patches of a feature map."""

from collections.abc import Mapping
import math

from sa4depth_ros.errors import ConfigError
import torch
from torch import nn, Tensor


class PatchTransformer(nn.Module):
    """
    Tokens that each saw the whole map: the encoder of SQLdepth and of AdaBins' mini-ViT.

    A convolution of ``patch`` x ``patch`` pixels and that stride, plus learned positions, then
    ``layers`` transformer layers (Vaswani et al. 2017, norm after the sum, ReLU, no dropout).
    ``size`` (h, w) of the map is fixed, for the positions are; what does not fill a patch at the
    right and the bottom is left out.
    """

    def __init__(
        self, inputs: int, channels: int, size: tuple[int, int], *, patch: int, layers: int,
        heads: int, feed_forward: int,
    ) -> None:
        super().__init__()
        self.embed = nn.Conv2d(inputs, channels, patch, stride=patch)
        self.positions = nn.Parameter(
            torch.empty(1, channels, size[0] // patch, size[1] // patch))
        nn.init.trunc_normal_(self.positions, std=0.02)
        self.layers = nn.Sequential(
            *(_Layer(channels, heads, feed_forward) for _ in range(layers)))

    def forward(self, x: Tensor) -> Tensor:
        """Give tokens (N, patches, channels), row by row, of a map (N, inputs, h, w)."""
        tokens = self.embed(x) + self.positions
        result: Tensor = self.layers(tokens.flatten(2).transpose(1, 2))
        return result


class _Layer(nn.Module):

    def __init__(self, channels: int, heads: int, feed_forward: int) -> None:
        super().__init__()
        self.attention = _Attention(channels, heads)
        self.first_norm = nn.LayerNorm(channels)
        self.feed_forward = nn.Sequential(
            nn.Linear(channels, feed_forward), nn.ReLU(), nn.Linear(feed_forward, channels))
        self.second_norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first_norm(x + self.attention(x))
        result: Tensor = self.second_norm(x + self.feed_forward(x))
        return result


class _Attention(nn.Module):
    """
    Self-attention with several heads, softmax(q k^T / sqrt(d)) v.

    Written out: torch's own has fast paths that the ONNX exporter cannot follow.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self._heads, self._width = heads, channels // heads
        self.query, self.key, self.value, self.out = (
            nn.Linear(channels, channels) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self._split(one(x)) for one in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / math.sqrt(self._width)
        mixed = torch.softmax(scores, dim=-1).to(value.dtype) @ value
        result: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return result

    def _split(self, x: Tensor) -> Tensor:
        """Give (N, heads, tokens, width) of (N, tokens, heads * width)."""
        return x.unflatten(2, (self._heads, self._width)).transpose(1, 2)


def check_settings(where: str, values: Mapping[str, int]) -> None:
    """Raise ConfigError, naming the group ``where``, for impossible settings of such a head."""
    if min(values.values()) < 1 or values['bins'] < 2 or values['channels'] % values['heads']:
        raise ConfigError(
            f'{where}: expected positive numbers, at least 2 bins, and channels that the heads '
            f'share evenly, got {dict(values)}')


def check_patches(
    where: str, size: tuple[int, int], patch: int, needed: int, needs: str,
) -> None:
    """
    Raise ConfigError when a map of ``size`` (h, w) has fewer patches than are ``needed``.

    ``where`` is the group of settings, ``needs`` says what needs them.
    """
    rows, columns = size[0] // patch, size[1] // patch
    if needed > rows * columns:
        raise ConfigError(
            f'{where}: expected at least {needed} patches for {needs}, got {rows} x {columns} = '
            f"{rows * columns}, as the decoder's map has {size[0]}x{size[1]} pixels and "
            f'{where}.patch is {patch}. Lower one of the two, or raise the input size')
