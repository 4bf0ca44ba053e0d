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

"""Predicted depth of a keyframe, corrected by how later frames see its pixels move."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.rigid_motion import Matrix

Map = NDArray[np.float32]

# Relative error of predicted depth from pixel to pixel.
_PREDICTED = 0.25
# Blur of the pictures in pixels, step by step: far off at first, exact at last.
_BLURS = (2.0, 1.0, 0.0, 0.0)
_CONTRAST_SIDE, _CONTRAST_FLOOR = 7, 6.0
_WINDOW = (5, 5)
# Most pixels of a step, and factor by which depth may change at most.
_STEP, _MOST = 2.0, 3.0
# Errors of a match: pixels, at least; squared contrast that is noise; beyond this it is no match.
_PIXELS, _NOISE, _MISMATCH = 0.15, 0.006, 0.35
# Squared slope of the contrast along the line below which there is nothing to match.
_LEAST_SLOPE = 2e-3
# Standard deviations beyond which a measurement is not believed.
_GATE = 3.0
_NEAR = 0.05


class Layer(NamedTuple):
    """A picture (H, W) of even contrast and its slopes along x and y."""

    value: Map
    x: Map
    y: Map


class InverseDepth(NamedTuple):
    """One over depth (H, W), 0 where unknown, and its ``variance`` (H, W)."""

    value: Map
    variance: Map

    @property
    def depth(self) -> Map:
        """Give what it says of depth, 0 where unknown."""
        known = self.value > 0
        return np.divide(np.float32(1), self.value, out=np.zeros_like(self.value), where=known)


def inverse_depth(depth: Map) -> InverseDepth:
    """Give what predicted ``depth`` (H, W) says before anything was seen to move."""
    value = np.divide(np.float32(1), depth, out=np.zeros_like(depth), where=depth > 0)
    return InverseDepth(value, np.float32(_PREDICTED ** 2) * value * value)


def layers(image: NDArray[np.uint8]) -> list[Layer]:
    """Prepare ``image`` (H, W, 3) for each step of the matching, blind to exposure."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    side = (_CONTRAST_SIDE, _CONTRAST_SIDE)
    mean = cv2.blur(gray, side)
    spread = np.maximum(cv2.blur(gray * gray, side) - mean * mean, 0)
    even = (gray - mean) / np.sqrt(spread + np.float32(_CONTRAST_FLOOR ** 2))
    found: dict[float, Layer] = {}
    for blur in _BLURS:
        if blur not in found:
            value = cv2.GaussianBlur(even, (0, 0), blur) if blur else even
            found[blur] = Layer(value, *(
                cv2.Sobel(value, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))))
    return [found[blur] for blur in _BLURS]


def corrected(
    before: InverseDepth, target: list[Layer], source: list[Layer], T: Matrix, K: Matrix,
) -> InverseDepth:
    """
    Move depth of the target until its pixels look alike in the source, along epipolar lines.

    ``T`` (4, 4) = T_target2source, ``K`` (3, 3). What was known counts by its variance, and
    nothing changes where there is nothing to match or the match contradicts it.
    """
    seen = _matched(before.value, target, source, T, K)
    with np.errstate(invalid='ignore'):
        total = before.variance + seen.variance
        fits = (np.isfinite(seen.variance) & (before.value > 0)
                & ((seen.value - before.value) ** 2 < _GATE ** 2 * total))
    share = np.divide(before.variance, total, out=np.zeros_like(total), where=fits)
    value = np.where(fits, before.value + share * (seen.value - before.value), before.value)
    return InverseDepth(value, before.variance * (1 - share))


def _rays(shape: tuple[int, ...], T: Matrix, K: Matrix) -> tuple[Map, Map]:
    """Give where pixels at infinity go, homogeneous (3, H, W), and K t (3, 1, 1)."""
    turn = (K @ T[:3, :3] @ np.linalg.inv(K)).astype(np.float32)[..., None, None]
    v, u = np.ogrid[:shape[0], :shape[1]]
    far = turn[:, 0] * u.astype(np.float32) + turn[:, 1] * v.astype(np.float32) + turn[:, 2]
    return far, (K @ T[:3, 3]).astype(np.float32)[:, None, None]


def _matched(
    start: Map, target: list[Layer], source: list[Layer], T: Matrix, K: Matrix,
) -> InverseDepth:
    """Measure inverse depth by Gauss-Newton on windows; variance is infinite where it fails."""
    height, width = start.shape
    far, shift = _rays(start.shape, T, K)
    inverse = start
    low, high = start / np.float32(_MOST), start * np.float32(_MOST)
    for a, b in zip(target, source):
        x, y, z = far + inverse * shift
        safe = np.where(z > _NEAR, z, np.float32(1))
        u, v = x / safe, y / safe
        ok = ((z > _NEAR) & (start > 0) & (u > 1) & (u < width - 2) & (v > 1) & (v < height - 2))
        along = [(shift[i] * far[2] - shift[2] * far[i]) / safe ** 2 for i in (0, 1)]
        pace = np.hypot(*along) + np.float32(1e-9)
        value, dx, dy = (cv2.remap(each, u, v, cv2.INTER_LINEAR) for each in b)
        slope = np.where(ok, (dx * along[0] + dy * along[1]) / pace, np.float32(0))
        rest = np.where(ok, a.value - value, np.float32(0))
        H, g, cost = (cv2.blur(each, _WINDOW) for each in (slope ** 2, slope * rest, rest ** 2))
        step = np.clip(g / (H + np.float32(1e-3)), -_STEP, _STEP)
        inverse = np.where(ok, np.clip(inverse + step / pace, low, high), inverse)
    left = np.maximum(cost - g * step, 0)
    pixels = (left + _NOISE) / ((H + np.float32(1e-6)) * _WINDOW[0]) + _PIXELS ** 2
    ok &= (H >= _LEAST_SLOPE) & (left <= _MISMATCH)
    return InverseDepth(inverse, np.where(ok, pixels / pace ** 2, np.float32(np.inf)))
