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

"""What a pixel's neighbourhood looks like, whatever the exposure."""

import torch
from torch import Tensor
from torch.nn import functional as F

# Channels: the 3 x 3 neighbours.
PATCH = 9
_WINDOW = (0.25, 0.75, 1.0, 0.75, 0.25)
# Contrast, as a standard deviation in [0, 1], that counts as noise.
_NOISE = 0.01
# Brings patches to a length of about a half where there is texture.
_SCALE = 1 / 6


def contrast_patches(grey: Tensor, stride: int) -> Tensor:
    """
    Give the local contrast (N, 9, h, w) around each pixel of ``grey`` (N, 1, H, W) at ``stride``.

    The picture, averaged to that stride, less its local mean and over its local standard
    deviation, so that neither exposure nor gain matters; channels are the 3 x 3 neighbours.
    """
    if stride > 1:
        grey = F.avg_pool2d(grey, stride)
    # Neighbours beyond the border are those of the border.
    wide = _SCALE * F.pad(_local_contrast(grey), (1, 1, 1, 1), mode='replicate')
    height, width = grey.shape[-2:]
    return torch.cat([wide[..., v:v + height, u:u + width]
                      for v in range(3) for u in range(3)], 1)


def _local_contrast(grey: Tensor) -> Tensor:
    mean = _blurred(grey)
    # About the local mean, for the difference of two large numbers is not exact.
    variance = _blurred((grey - mean).square())
    return (grey - mean) * torch.rsqrt(variance + _NOISE ** 2)


def _blurred(plane: Tensor) -> Tensor:
    reach = len(_WINDOW) // 2
    line = torch.tensor(_WINDOW, dtype=plane.dtype, device=plane.device)
    line = (line / line.sum()).view(1, 1, 1, -1)
    wide = F.pad(plane, (reach, reach, reach, reach), mode='replicate')
    return F.conv2d(F.conv2d(wide, line), line.transpose(2, 3))
