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

"""Depth as the expectation over bins whose widths a network chooses for each image."""

from typing import NamedTuple

import torch
from torch import nn, Tensor
from torch.nn import functional as F

# The least that a width weighs: no bin vanishes, so none stops learning.
_LEAST = 0.1


class HeadOutput(NamedTuple):
    """
    What a depth head gives.

    ``depth`` (N, 1, H, W) float32 at full size, in the unit of the network. ``centres`` of the
    bins in the same unit, rising: (N, bins) where an image shares them, (N, bins, h, w) where
    each pixel has its own, None for heads without bins.
    """

    depth: Tensor
    centres: Tensor | None = None


class BinWidths(nn.Module):
    """
    From any numbers to bins that share a range without gaps (AdaBins, eq. 2 and 3).

    y = (ReLU(x) + 0.1) / sum, of all bins; centre i is min + (max - min) (y_i / 2 + the sum of
    the y before it).
    """

    matrix: Tensor

    def __init__(self, bins: int, low: float, high: float) -> None:
        super().__init__()
        self._low, self._range = low, high - low
        # A product in place of a cumulative sum, which not every engine has.
        before = torch.ones(bins, bins).tril(-1) + 0.5 * torch.eye(bins)
        self.register_buffer('matrix', before, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Give the rising centres of (N, bins) or (N, bins, h, w), float32, in that shape."""
        weights = torch.relu(x.float()) + _LEAST
        shares = weights / weights.sum(1, keepdim=True)
        with torch.autocast(x.device.type, enabled=False):
            places = (F.linear(shares, self.matrix) if x.dim() == 2
                      else F.conv2d(shares, self.matrix[:, :, None, None]))
        return self._low + self._range * places


def expected_depth(logits: Tensor, centres: Tensor, scale: int) -> Tensor:
    """
    Give the mean of ``centres`` under softmax(``logits``), enlarged bilinearly ``scale`` times.

    ``logits`` (N, bins, h, w); ``centres`` (N, bins) or (N, bins, h, w); the result
    (N, 1, scale h, scale w) is float32.
    """
    centres = centres if centres.dim() == 4 else centres[:, :, None, None]
    # No matrix product: half precision on a robot begins before the last of those.
    depth = (torch.softmax(logits.float(), dim=1) * centres.float()).sum(1, keepdim=True)
    return enlarged(depth, scale)


def enlarged(x: Tensor, scale: int) -> Tensor:
    """Give (N, C, h, w) as (N, C, scale h, scale w), interpolated bilinearly."""
    if scale == 1:
        return x
    return F.interpolate(x, scale_factor=float(scale), mode='bilinear', align_corners=False)
