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

"""Surfaces of one colour are planes: how far depth is from the planes that fit it best."""

from sa4depth_ros.geometry.camera import backproject, pixel_grid
import torch
from torch import Tensor

_RIDGE = 0.01


def planar_loss(
    depth: Tensor, superpixels: Tensor, K: Tensor, limits: tuple[float, float],
) -> Tensor:
    """
    Give the mean of |D - D'| over the pixels of all superpixels (method.md 3, equation (6)).

    D' is the depth of the plane a . X = 1 that fits the points X of a superpixel with ridge
    least squares, a = (sum X X^T + 0.01 I)^-1 sum X, within ``limits``, nearest and farthest.
    ``depth`` (N, 1, H, W), ``superpixels`` (N, H, W) whole numbers with 0 for none, ``K``
    (N, 3, 3). A plane that lies beyond infinity counts as the farthest, not as the nearest.
    """
    places = superpixels.flatten().nonzero()[:, 0]
    count = int(superpixels.max()) + 1 if superpixels.numel() else 1
    first = torch.arange(len(depth), device=depth.device).view(-1, 1, 1) * count
    plane = (superpixels.long() + first).flatten()[places]
    height, width = depth.shape[-2:]
    pixels = pixel_grid(height, width, depth).view(1, -1, 2).expand(len(depth), -1, -1)
    # The sums run over a hundred thousand products: too many for single precision.
    rays = backproject(pixels, torch.ones_like(depth).flatten(1), K).flatten(0, 1)[places].double()
    known = depth.flatten()[places].double()
    a = _planes(rays * known[:, None], plane, len(depth) * count)
    inverse = (a[plane] * rays).sum(1).clamp(1 / limits[1], 1 / limits[0])
    return ((known - 1 / inverse).abs().sum() / max(1, len(places))).to(depth.dtype)


def _planes(X: Tensor, plane: Tensor, count: int) -> Tensor:
    """Fit a (count, 3) to the points ``X`` (P, 3), the p-th of which is on ``plane`` (P,)."""
    products = (X[:, :, None] * X[:, None]).flatten(1)
    matrix = X.new_zeros(count, 9).index_add(0, plane, products).view(-1, 3, 3)
    ones = X.new_zeros(count, 3).index_add(0, plane, X)
    ridge = _RIDGE * torch.eye(3, dtype=X.dtype, device=X.device)
    return torch.linalg.solve(matrix + ridge, ones[..., None])[..., 0]
