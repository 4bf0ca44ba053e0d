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

"""Look up images at projected places."""

from sa4depth_ros.geometry.camera import backproject, pixel_grid, project, transform
import torch
from torch import Tensor
from torch.nn import functional as F


def sample(image: Tensor, pixels: Tensor) -> Tensor:
    """
    Give the values (N, P, C) of ``image`` (N, C, H, W) at ``pixels`` (N, P, 2), bilinearly.

    Beyond the border the nearest border value counts.
    """
    values = F.grid_sample(image, _normalized(pixels, image)[:, None], mode='bilinear',
                           padding_mode='border', align_corners=True)
    return values.squeeze(2).transpose(1, 2)


def inside(pixels: Tensor, height: int, width: int, margin: float = 0.0) -> Tensor:
    """Tell which ``pixels`` (*, 2) lie at least ``margin`` inside an image's pixel centres."""
    off = [(place - (size - 1) / 2).abs() - (size - 1) / 2
           for place, size in zip(pixels.unbind(-1), (width, height))]
    return torch.maximum(*off) <= -margin


def inverse_warp(
    source: Tensor, depth: Tensor, T_target2source: Tensor, K: Tensor,
    K_source: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """
    Show ``source`` (N, C, h, w) as the target camera would see it.

    ``depth`` (N, 1, H, W) is of the target, in the unit of the translation of
    ``T_target2source`` (N, 4, 4); ``K`` (N, 3, 3) is the target's, ``K_source`` the source's
    (default: the same). Gives the image (N, C, H, W) and where it is valid (N, 1, H, W):
    depth positive, point in front of the source and inside its image. Elsewhere the value is
    finite, but means nothing.
    """
    batch, _, height, width = depth.shape
    pixels = pixel_grid(height, width, depth).view(1, -1, 2).expand(batch, -1, -1)
    flat = depth.reshape(batch, -1)
    known = torch.isfinite(flat) & (flat > 0)
    points = backproject(pixels, torch.where(known, flat, torch.ones_like(flat)), K)
    seen, front = project(transform(T_target2source, points), K if K_source is None else K_source)
    valid = known & front & inside(seen, *source.shape[-2:])
    grid = _normalized(seen, source).view(batch, height, width, 2)
    warped = F.grid_sample(source, grid, mode='bilinear', padding_mode='border',
                           align_corners=True)
    return warped, valid.view(batch, 1, height, width)


def _normalized(pixels: Tensor, image: Tensor) -> Tensor:
    # align_corners=True puts -1 and 1 on the centres of the first and the last pixel.
    height, width = image.shape[-2:]
    return pixels * pixels.new_tensor([2 / (width - 1), 2 / (height - 1)]) - 1
