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

"""AdaBins: bins that adapt to each image, chosen by a small vision transformer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sa4depth_ros.networks.depth_bins import BinWidths, expected_depth, HeadOutput
from sa4depth_ros.networks.patch_transformer import (
    check_patches, check_settings, PatchTransformer)
from torch import nn, Tensor


@dataclass(frozen=True)
class AdaBinsConfig:
    """
    The head of AdaBins (method.md 4; Bhat et al. 2021); the numbers are the paper's.

    patch: side of a patch of the decoder's map, in its pixels. kernels: tokens that become 1x1
    kernels; one token more gives the widths, and there must be that many patches. bins: depths
    that are mixed. channels: width of tokens and pixels. layers, heads, feed_forward: of the
    transformer. Raises ConfigError for impossible values.
    """

    patch: int = 16
    kernels: int = 128
    bins: int = 256
    channels: int = 128
    layers: int = 4
    heads: int = 4
    feed_forward: int = 1024

    def __post_init__(self) -> None:
        check_settings('network.ada_bins', vars(self))

    def check(self, size: tuple[int, int]) -> None:
        """Raise ConfigError when the map of ``size`` (h, w) has too few patches."""
        check_patches('network.ada_bins', size, self.patch, self.kernels + 1,
                      f'the widths and {self.kernels} network.ada_bins.kernels')


class AdaBinsHead(nn.Module):
    """
    Widths of the bins from the first token, range attention maps from the others.

    R_k,jk = token_k . S_jk with S a 3x3 convolution of the decoder's map; a 1x1 convolution of R
    and a softmax give the probabilities of the bins (Bhat et al. 2021, section 3.3).
    """

    def __init__(
        self, inputs: int, size: tuple[int, int], scale: int, limits: tuple[float, float],
        config: AdaBinsConfig,
    ) -> None:
        """
        Build the head for a map of ``inputs`` channels and ``size`` (h, w).

        Depth is ``scale`` times as large and within ``limits`` (nearest, farthest).
        """
        super().__init__()
        self._kernels, self._scale = config.kernels, scale
        self.project = nn.Conv2d(inputs, config.channels, 3, padding=1)
        self.tokens = PatchTransformer(
            inputs, config.channels, size, patch=config.patch, layers=config.layers,
            heads=config.heads, feed_forward=config.feed_forward)
        self.widths = nn.Sequential(
            nn.Linear(config.channels, 256), nn.LeakyReLU(), nn.Linear(256, 256),
            nn.LeakyReLU(), nn.Linear(256, config.bins))
        self.bins = BinWidths(config.bins, *limits)
        self.logits = nn.Conv2d(config.kernels, config.bins, 1)

    def forward(self, levels: Sequence[Tensor]) -> HeadOutput:
        """Give depth and bins of the decoder's ``levels``, of which only the last is used."""
        tokens = self.tokens(levels[-1])
        centres = self.bins(self.widths(tokens[:, 0]))
        features = self.project(levels[-1])
        attention = tokens[:, 1:self._kernels + 1] @ features.flatten(2)
        logits = self.logits(attention.unflatten(2, features.shape[2:]))
        return HeadOutput(expected_depth(logits, centres, self._scale), centres)
