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

"""What keeps good depth good while it learns without labels."""

import copy

from sa4depth_ros.networks.depth_net import DepthNet
import torch
from torch import nn, Tensor


class DepthAnchor(nn.Module):
    """
    The depth network as it was at the start; it never learns.

    ``metric`` says that its depth is metres. It is part of the state, as a resumed run has the
    initial weights no more.
    """

    metric: Tensor

    def __init__(self, depth_net: DepthNet, *, metric: bool) -> None:
        super().__init__()
        self.network = copy.deepcopy(depth_net).requires_grad_(False).eval()
        self.register_buffer('metric', torch.tensor(metric))

    def train(self, _mode: bool = True) -> 'DepthAnchor':
        """Stay as it is: its batch norms must not follow the new pictures."""
        return super().train(False)

    def forward(self, image: Tensor, depth: Tensor, seen: Tensor) -> dict[str, Tensor]:
        """
        Compare ``depth`` (N, 1, H, W) with that of the start for ``image`` (N, 3, H, W).

        Both are output of the network, ``seen`` (N, 1, H, W) is 1 where pixels count. Of the log
        of their ratio gives 'anchor', how far pixels are from the mean of their image, and
        'anchor_scale', the square of the mean of the whole batch: single frames may find another
        scale, all of them together may not.
        """
        with torch.no_grad():
            start = self.network(image.contiguous(memory_format=torch.channels_last))
        ratio = (depth / start).log()
        area = seen.sum((1, 2, 3), keepdim=True).clamp(min=1)
        means = (ratio * seen).sum((1, 2, 3), keepdim=True) / area
        apart = (seen * (ratio - means).abs()).sum() / seen.sum().clamp(min=1)
        return {'anchor': apart, 'anchor_scale': means.mean().square()}
