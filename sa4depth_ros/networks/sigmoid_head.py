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

"""One 3x3 convolution that gives depth."""

from collections.abc import Sequence
import math

from sa4depth_ros.networks.depth_bins import enlarged, HeadOutput
import torch
from torch import nn, Tensor

_START_DEPTH = 2.0


class SigmoidHead(nn.Conv2d):
    """
    Predict where in [log nearest, log farthest] depth lies, as a sigmoid.

    The logit is enlarged bilinearly ``scale`` times; ``limits`` are the nearest and the farthest
    depth. The head starts at two metres.
    """

    def __init__(self, inputs: int, scale: int, limits: tuple[float, float]) -> None:
        super().__init__(inputs, 1, 3, padding=1)
        self._scale = scale
        self._log_min = math.log(limits[0])
        self._log_range = math.log(limits[1]) - self._log_min
        place = (math.log(_START_DEPTH) - self._log_min) / self._log_range
        place = min(max(place, 0.05), 0.95)
        assert self.bias is not None
        nn.init.constant_(self.bias, math.log(place / (1 - place)))
        nn.init.normal_(self.weight, std=0.01)

    def logit(self, features: Tensor) -> Tensor:
        """Give the place of depth (N, 1, h, w) before the sigmoid."""
        # Half precision is too coarse for a depth range of 1 : 100 in log space.
        return super().forward(features).float()

    def forward(self, levels: Sequence[Tensor]) -> HeadOutput:  # type: ignore[override]
        """Give the depth of the decoder's ``levels``, of which only the last is used."""
        logit = enlarged(self.logit(levels[-1]), self._scale)
        return HeadOutput(torch.exp(self._log_min + self._log_range * torch.sigmoid(logit)))
