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

"""The Self Query Layer of SQLdepth and SPIdepth: depth from what an image says of itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from sa4depth_ros.networks.depth_bins import BinWidths, expected_depth, HeadOutput
from sa4depth_ros.networks.patch_transformer import (
    check_patches, check_settings, PatchTransformer)
import torch
from torch import nn, Tensor


@dataclass(frozen=True)
class SelfQueryConfig:
    """
    The Self Query Layer (method.md 2); the numbers are those of SQLdepth at 192x640.

    patch: side of a patch of the decoder's map, in its pixels. queries: how many of the patches'
    tokens, from the top left, are compared with each pixel; there must be that many patches.
    bins: depths that are mixed. channels: width of tokens and pixels. layers, heads,
    feed_forward: of the transformer. Raises ConfigError for impossible values.
    """

    patch: int = 16
    queries: int = 64
    bins: int = 64
    channels: int = 32
    layers: int = 4
    heads: int = 4
    feed_forward: int = 1024

    def __post_init__(self) -> None:
        check_settings('network.self_query', vars(self))

    def check(self, size: tuple[int, int]) -> None:
        """Raise ConfigError when the map of ``size`` (h, w) has fewer patches than queries."""
        check_patches('network.self_query', size, self.patch, self.queries,
                      f'{self.queries} network.self_query.queries')


class SelfQueryHead(nn.Module):
    """
    Depth bins of an image and their probabilities at each pixel, both by queries.

    S is a 3x3 convolution of the decoder's map, Q the first tokens of a PatchTransformer. The
    self-cost volume V_i,jk = Q_i . S_jk (SPIdepth, eq. for V) gives each query a summary of the
    image, the mean of S under the softmax of V_i over all pixels; a perceptron turns the
    summaries into the bins' widths (eq. for b). A 1x1 convolution of V gives the probabilities
    of the bins. Depth is their mean; it is not an inverse depth.
    """

    def __init__(
        self, inputs: int, size: tuple[int, int], scale: int, limits: tuple[float, float],
        config: SelfQueryConfig,
    ) -> None:
        """
        Build the head for a map of ``inputs`` channels and ``size`` (h, w).

        Depth is ``scale`` times as large and within ``limits`` (nearest, farthest).
        """
        super().__init__()
        self._queries, self._scale = config.queries, scale
        width, hidden = config.queries * config.channels, 16 * config.queries
        self.project = nn.Conv2d(inputs, config.channels, 3, padding=1)
        self.tokens = PatchTransformer(
            inputs, config.channels, size, patch=config.patch, layers=config.layers,
            heads=config.heads, feed_forward=config.feed_forward)
        self.widths = nn.Sequential(
            nn.Linear(width, hidden), nn.LeakyReLU(), nn.Linear(hidden, 256), nn.LeakyReLU(),
            nn.Linear(256, config.bins))
        self.bins = BinWidths(config.bins, *limits)
        self.logits = nn.Conv2d(config.queries, config.bins, 1)

    def forward(self, levels: Sequence[Tensor]) -> HeadOutput:
        """Give depth and bins of the decoder's ``levels``, of which only the last is used."""
        features = self.project(levels[-1])
        pixels = features.flatten(2)
        queries = self.tokens(levels[-1])[:, :self._queries]
        volume = queries @ pixels
        attention = torch.softmax(volume.float(), dim=-1).to(pixels.dtype)
        summaries = attention @ pixels.transpose(1, 2)
        centres = self.bins(self.widths(summaries.flatten(1)))
        logits = self.logits(volume.unflatten(2, features.shape[2:]))
        return HeadOutput(expected_depth(logits, centres, self._scale), centres)
