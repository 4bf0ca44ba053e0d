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

"""Feature maps laid out for looking up a few places: all channels of a pixel side by side."""

from dataclasses import dataclass

from sa4depth_ros.geometry.warp import inside
import torch
from torch import Tensor

# Offsets of the pixels that a bilinear value and its central differences depend on.
_REACH = (-1, 0, 1, 2)
# Where the pixel itself stands among the 4 x 4 that these make.
_CORNER = 5


@dataclass(frozen=True)
class FeatureRows:
    """A map (N, C, height, width) as ``rows`` (N, height * width, C)."""

    rows: Tensor
    height: int
    width: int

    @classmethod
    def of(cls, image: Tensor) -> 'FeatureRows':
        """Lay out ``image`` (N, C, h, w)."""
        return cls(image.flatten(2).transpose(1, 2).contiguous(), *image.shape[-2:])

    def inside(self, pixels: Tensor, margin: float = 0.0) -> Tensor:
        """Tell which ``pixels`` (*, 2) lie at least ``margin`` inside the pixel centres."""
        return inside(pixels, self.height, self.width, margin)

    def nearest(self, pixels: Tensor) -> Tensor:
        """Give which of ``rows`` (N, P), int64, is the pixel nearest to ``pixels`` (N, P, 2)."""
        u, v = (pixels + 0.5).floor().unbind(-1)
        return _within(v, self.height) * self.width + _within(u, self.width)

    def with_slopes(self, pixels: Tensor) -> Tensor:
        """
        Give the bilinear values at ``pixels`` (N, P, 2) and their slopes along u and v.

        (N, P, 3, C); slopes are central differences over +-1 pixel of the bilinear values. They
        hold where pixels lie at least 1 inside; elsewhere border pixels are repeated.
        """
        corner = pixels.detach().floor()
        part = pixels - corner
        value, slope = _weights(part[..., None])
        # Rows of the 4 x 4 neighbours: v varies slowly.
        u_value, v_value = value.unbind(-2)
        u_slope, v_slope = slope.unbind(-2)
        weights = torch.stack([_outer(v_value, u_value), _outer(v_value, u_slope),
                               _outer(v_slope, u_value)], -2)
        found = self._around(corner)
        # Less one of them, so that slopes are exactly 0 where nothing changes.
        base = found[..., _CORNER:_CORNER + 1, :]
        result = weights @ (found - base)
        return torch.cat((result[..., :1, :] + base, result[..., 1:, :]), -2)

    def _around(self, corner: Tensor) -> Tensor:
        """Give the rows (N, P, 16, C) about whole ``corner`` (N, P, 2), v varying slowly."""
        places = corner[..., None] + corner.new_tensor(_REACH)
        u, v = places.unbind(-2)
        # Each axis by itself is a quarter of the numbers of the 16 places.
        numbers = (_within(v, self.height) * self.width)[..., :, None] + _within(
            u, self.width)[..., None, :]
        batch, size = self.rows.shape[:2]
        first = torch.arange(batch, device=corner.device)[:, None] * size
        found = self.rows.flatten(0, 1)[first + numbers.flatten(1)]
        return found.unflatten(1, (-1, len(_REACH) ** 2))


def _within(places: Tensor, size: int) -> Tensor:
    """Give the nearest of the places 0 to ``size`` - 1, int64."""
    # No number is no place either; what stands there is masked by the caller.
    known = torch.where(places.abs() < 1e6, places, torch.zeros_like(places))
    return known.clamp(0, size - 1).long()


def _weights(part: Tensor) -> tuple[Tensor, Tensor]:
    """Give the weights (*, 4) of a value and of its slope, for ``part`` (*, 1) in [0, 1)."""
    rest = 1 - part
    zero = torch.zeros_like(part)
    return (torch.cat((zero, rest, part, zero), -1),
            torch.cat((-rest, -part, rest, part), -1) / 2)


def _outer(v: Tensor, u: Tensor) -> Tensor:
    return (v[..., :, None] * u[..., None, :]).flatten(-2)
