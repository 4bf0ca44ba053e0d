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

"""A lens: a pinhole drawn larger, the distorted picture of it, and the rectified one again."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

Maps = tuple[np.ndarray, np.ndarray]
_ITERATIONS = 30
# Of the picture's own pixels, beside what the distortion needs: bilinear weights and blur.
_SPARE = 2


@dataclass(frozen=True, eq=False)
class Lens:
    """
    A camera of width x height pixels: raw pictures have K_raw and D (plumb_bob), others K.

    ``K`` (3, 3) is of rectified pictures, which show nothing that the raw one lacks. What
    is to be drawn is a pinhole picture with ``margin`` more pixels on each side: ``K_drawn``.
    Pixel centres are at integer coordinates.
    """

    width: int
    height: int
    K: np.ndarray
    K_raw: np.ndarray
    D: tuple[float, float, float, float, float]
    rectified: bool

    @property
    def distorts(self) -> bool:
        """Whether raw pictures differ from pinhole pictures."""
        return any(self.D)

    @cached_property
    def margin(self) -> int:
        """Pixels to draw beyond each edge of a picture with K."""
        if not self.distorts:
            return 0
        if self.rectified:
            return _SPARE
        u, v = self._ideal_pixels
        beyond = max(-u.min(), -v.min(), u.max() - self.width + 1, v.max() - self.height + 1)
        return max(0, int(np.ceil(beyond))) + _SPARE

    @property
    def drawn_size(self) -> tuple[int, int]:
        """Width and height of the picture to draw."""
        return self.width + 2 * self.margin, self.height + 2 * self.margin

    @property
    def K_drawn(self) -> np.ndarray:
        """Matrix (3, 3) of the picture to draw."""
        K = self.K.copy()
        K[:2, 2] += self.margin
        return K

    def raw(self, drawn: np.ndarray, *, nearest: bool = False) -> np.ndarray:
        """Turn a drawn picture (h', w', ...) into the raw one (height, width, ...)."""
        return _remapped(drawn, self._raw_maps, nearest) if self.distorts else drawn

    def rectify(self, raw: np.ndarray) -> np.ndarray:
        """Turn a raw picture (height, width, ...) into the pinhole picture with K."""
        return _remapped(raw, self._rectified_maps, nearest=False) if self.distorts else raw

    def inner(self, drawn: np.ndarray) -> np.ndarray:
        """Cut the margin off a drawn picture: exactly the picture with K."""
        m = self.margin
        return drawn[m:m + self.height, m:m + self.width]

    @cached_property
    def _ideal_pixels(self) -> Maps:
        # Where the pinhole with K sees what each raw pixel sees.
        x, y = undistorted(*_rays(self.K_raw, self.width, self.height), self.D)
        return self.K[0, 0] * x + self.K[0, 2], self.K[1, 1] * y + self.K[1, 2]

    @cached_property
    def _raw_maps(self) -> Maps:
        u, v = self._ideal_pixels
        return (u + self.margin).astype(np.float32), (v + self.margin).astype(np.float32)

    @cached_property
    def _rectified_maps(self) -> Maps:
        x, y = distorted(*_rays(self.K, self.width, self.height), self.D)
        return ((self.K_raw[0, 0] * x + self.K_raw[0, 2]).astype(np.float32),
                (self.K_raw[1, 1] * y + self.K_raw[1, 2]).astype(np.float32))


def centred_lens(width: int, height: int, hfov: float) -> Lens:
    """Make a perfect lens with square pixels, ``hfov`` rad across."""
    f = 0.5 * width / np.tan(0.5 * hfov)
    K = np.array([[f, 0, 0.5 * (width - 1)], [0, f, 0.5 * (height - 1)], [0, 0, 1]])
    return Lens(width, height, K, K, (0.0,) * 5, rectified=True)


def draw_lens(width: int, height: int, rng: np.random.Generator, *, rectified: bool = True,
              hfov: float | None = None) -> Lens:
    """
    Draw a lens: nearly square pixels, some barrel or cushion, its centre a little off.

    ``rectified`` says that the pictures are delivered rectified; ``hfov`` [rad] is 45 to 100
    degrees unless given.
    """
    drawn = np.radians(rng.triangular(45.0, 66.0, 100.0))
    fx = 0.5 * width / np.tan(0.5 * (hfov or drawn))
    K = np.array([[fx, 0.0, 0.5 * (width - 1) + width * rng.uniform(-0.03, 0.03)],
                  [0.0, fx * rng.uniform(0.99, 1.01),
                   0.5 * (height - 1) + height * rng.uniform(-0.03, 0.03)],
                  [0.0, 0.0, 1.0]])
    bend, bent = rng.uniform(-0.14, 0.05), rng.random() < 0.6
    share, tangential = rng.uniform(0.0, 0.3), rng.normal(0.0, 0.0006, 2)
    # The corner, at this radius, moves by ``bend`` of it.
    radius = 0.5 * np.hypot(width, height) / fx
    D = (bend * (1 + share) / radius ** 2, -bend * share / radius ** 4, *tangential, 0.0)
    if not bent:
        return Lens(width, height, K, K, (0.0,) * 5, rectified)
    D = tuple(float(value) for value in D)
    return Lens(width, height, K, _filling(K, D, width, height), D, rectified)


def distorted(x: np.ndarray, y: np.ndarray, D: tuple[float, ...]) -> Maps:
    """Bend rays (x, y, 1) as plumb_bob with k1, k2, p1, p2, k3 does."""
    k1, k2, p1, p2, k3 = D
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y)


def undistorted(x: np.ndarray, y: np.ndarray, D: tuple[float, ...]) -> Maps:
    """Invert `distorted` by fixed-point iteration."""
    u, v = x, y
    for _ in range(_ITERATIONS):
        bent_u, bent_v = distorted(u, v, D)
        u, v = u + (x - bent_u), v + (y - bent_v)
    return u, v


def _filling(K: np.ndarray, D: tuple[float, ...], width: int, height: int) -> np.ndarray:
    # The longest focal length at which the raw picture shows all that the rectified one needs.
    x, y = distorted(*_rays(K, width, height), D)
    across = min(K[0, 2] / -x.min(), (width - 1 - K[0, 2]) / x.max()) / K[0, 0]
    down = min(K[1, 2] / -y.min(), (height - 1 - K[1, 2]) / y.max()) / K[1, 1]
    K_raw = K.copy()
    K_raw[[0, 1], [0, 1]] *= min(across, down)
    return K_raw


def _rays(K: np.ndarray, width: int, height: int) -> Maps:
    v, u = np.mgrid[:height, :width].astype(np.float64)
    return (u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1]


def _remapped(image: np.ndarray, maps: Maps, nearest: bool) -> np.ndarray:
    return cv2.remap(image, *maps, cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REPLICATE)
