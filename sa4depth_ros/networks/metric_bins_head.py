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

"""Metric bins: a light head that makes metres of what a relative-depth network knows."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.attractors import attracted, ATTRACTIONS
from sa4depth_ros.networks.depth_bins import BinWidths, enlarged, expected_depth, HeadOutput
from sa4depth_ros.networks.log_binomial import LogBinomial
from sa4depth_ros.networks.sigmoid_head import SigmoidHead
import torch
from torch import nn, Tensor
from torch.nn import functional as F

CENTRES = ('softplus', 'normed')
_LEVELS = 4
# The nearest that a centre without limits can come, metres.
_LEAST = 1e-3


@dataclass(frozen=True)
class MetricBinsConfig:
    """
    Metric bins over a relative-depth network (method.md 4; ZoeDepth, Bhat et al. 2023).

    bins: depths that are mixed at each pixel. attractors: how many pull at them on the levels at
    strides 16, 8, 4 and 2. kind: inv or exp, how the pull fades with distance; alpha, gamma: how
    fast. centres: softplus (any positive depth in metres; the limits cut only what leaves the
    network) or normed (widths that share the range of depth; distances are fractions of it).
    seed_channels: hidden width of the first bins. channels: width of the projected features.
    Raises ConfigError for impossible values.
    """

    bins: int = 64
    attractors: tuple[int, ...] = (16, 8, 4, 1)
    kind: str = 'inv'
    alpha: float = 300.0
    gamma: float = 2.0
    centres: str = 'softplus'
    seed_channels: int = 256
    channels: int = 128

    def __post_init__(self) -> None:
        object.__setattr__(self, 'attractors', tuple(self.attractors))
        if self.kind not in ATTRACTIONS or self.centres not in CENTRES:
            raise ConfigError(
                f"network.metric_bins: expected kind {' or '.join(ATTRACTIONS)} and centres "
                f"{' or '.join(CENTRES)}, got '{self.kind}' and '{self.centres}'")
        if len(self.attractors) != _LEVELS or min(self.attractors) < 1:
            raise ConfigError('network.metric_bins.attractors needs four positive numbers, got '
                              f'{self.attractors}')
        if (self.bins < 2 or min(self.seed_channels, self.channels) < 1
                or self.alpha < 0 or self.gamma < 1):
            raise ConfigError(
                'network.metric_bins: expected at least 2 bins, positive channels, alpha >= 0 '
                f'and gamma >= 1, got {vars(self)}')


class MetricBinsHead(nn.Module):
    """
    Bins seeded at stride 32, moved by attractors up to stride 2, mixed by a log-binomial.

    ``relative`` is the last layer of the network that was there before. Its depth, as a place
    between nearest and farthest, joins the features from which each pixel's distribution over
    the bins is made.
    """

    def __init__(
        self, level_channels: Sequence[int], scale: int, limits: tuple[float, float],
        config: MetricBinsConfig,
    ) -> None:
        """
        Build the head for a decoder whose levels, stride 32 first, have these channels.

        The last level is ``scale`` times smaller than the image; ``limits`` are the nearest and
        the farthest depth.
        """
        super().__init__()
        self.config, self._scale, self._limits = config, scale, limits
        self.relative = SigmoidHead(level_channels[-1], scale, limits)
        self.seeds = _perceptron(level_channels[0], config.seed_channels, config.bins)
        self.widths = BinWidths(config.bins, 0.0, 1.0)
        self.projectors = nn.ModuleList(
            _perceptron(width, config.channels, config.channels)
            for width in level_channels[:_LEVELS + 1])
        self.attractors = nn.ModuleList(
            _perceptron(config.channels, config.channels, count) for count in config.attractors)
        mixed = level_channels[-1] + 1 + config.channels
        self.distribution = _perceptron(mixed, mixed // 2, 2)
        self.binomial = LogBinomial(config.bins)
        if config.centres == 'softplus':
            self._spread()

    def _spread(self) -> None:
        """Start with centres and attractors all over the range, even in log space."""
        low, high = (math.log(limit) for limit in self._limits)
        for part in (self.seeds, *self.attractors):
            last = part[-1]
            assert isinstance(last, nn.Conv2d) and last.bias is not None
            count = last.out_channels
            places = (torch.arange(count, dtype=torch.float64) + 0.5) / count
            depths = torch.exp(low + (high - low) * places)
            with torch.no_grad():
                # The inverse of softplus, which for large numbers is nearly the identity.
                last.bias.copy_(depths + torch.log(-torch.expm1(-depths)))
                last.weight.mul_(0.1)

    def forward(self, levels: Sequence[Tensor]) -> HeadOutput:
        """Give depth, and the bins of each pixel, of all the decoder's ``levels``."""
        centres, embedding = self._seeds(levels[0]), self.projectors[0](levels[0])
        for level, projector, attractor in zip(
                levels[1:], self.projectors[1:], self.attractors):
            projected = projector(level)
            pull = self._positions(attractor(projected + enlarged(embedding, 2)))
            centres = attracted(enlarged(centres, 2), pull, self.config.kind,
                                self.config.alpha, self.config.gamma)
            embedding = projected
        more = levels[-1].shape[-1] // centres.shape[-1]
        centres = enlarged(self._in_metres(centres), more)
        x, y = self._distribution(levels[-1], enlarged(embedding, more)).split(1, dim=1)
        depth = expected_depth(self.binomial(x, y), centres, self._scale)
        # A limit in training would stop the gradient of what is beyond it.
        return HeadOutput(depth if self.training else depth.clamp(*self._limits), centres)

    def _seeds(self, bottleneck: Tensor) -> Tensor:
        raw = self.seeds(bottleneck)
        return self._positions(raw) if self.config.centres == 'softplus' else self.widths(raw)

    def _positions(self, raw: Tensor) -> Tensor:
        """Give positions in metres, or as fractions of the range."""
        raw = raw.float()
        if self.config.centres == 'softplus':
            return F.softplus(raw) + _LEAST
        return torch.sigmoid(raw)

    def _in_metres(self, centres: Tensor) -> Tensor:
        if self.config.centres == 'softplus':
            return centres
        low, high = self._limits
        return low + (high - low) * centres

    def _distribution(self, features: Tensor, embedding: Tensor) -> Tensor:
        place = torch.sigmoid(self.relative.logit(features))
        together = (features, place.to(features.dtype), embedding.to(features.dtype))
        result: Tensor = self.distribution(torch.cat(together, dim=1))
        return result


def _perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, hidden, 1), nn.ReLU(inplace=True),
                         nn.Conv2d(hidden, outputs, 1))
