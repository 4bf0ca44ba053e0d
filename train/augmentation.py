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

"""Training images seen by other virtual cameras and in other light; K and depth follow."""

from dataclasses import dataclass
from functools import lru_cache
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_train.data_config import AugmentationConfig

Matrix = NDArray[np.float64]
Image = NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """
    A virtual camera at the place of the real one.

    ``K`` (3x3) are its intrinsics, ``M`` (3x3) turns points of the real optical frame into
    its own: a roll about the optical axis, mirrored or not. z, so depth, is unchanged.
    """

    K: Matrix
    M: Matrix

    def warp_from(self, K_source: Matrix) -> Matrix:
        """Give the 3x3 affine map from pixels of the source image to pixels of this view."""
        return self.K @ self.M @ np.linalg.inv(K_source)


def random_view(
    K: Matrix, size: tuple[int, int], config: AugmentationConfig, rng: np.random.Generator,
) -> View:
    """
    Draw a virtual camera near the one of ``K`` (3x3) with images of ``size`` (width, height).

    Zooming changes the focal length, shifting the principal point; the pixels that stay in
    the middle of the image stay there when zoomed.
    """
    zoom = math.exp(rng.uniform(math.log(config.min_zoom), math.log(config.max_zoom)))
    result = K.copy()
    for axis, side in enumerate(size):
        room = (abs(zoom - 1) / 2 + config.shift) * side
        middle = (side - 1) / 2
        result[axis, axis] *= zoom
        result[axis, 2] = middle + zoom * (K[axis, 2] - middle) + rng.uniform(-room, room)
    roll = math.radians(rng.uniform(-config.roll, config.roll))
    M = np.array([[math.cos(roll), -math.sin(roll), 0],
                  [math.sin(roll), math.cos(roll), 0], [0, 0, 1.0]])
    if rng.random() < config.flip:
        M = np.diag([-1.0, 1.0, 1.0]) @ M
        result[0, 2] = size[0] - 1 - result[0, 2]
    return View(result, M)


def sample_view(
    K: Matrix, size: tuple[int, int], config: AugmentationConfig | None,
    rng: np.random.Generator,
) -> View:
    """Draw the view of a sample (see random_view); without ``config`` it is the plain one."""
    return plain_view(K) if config is None else random_view(K, size, config, rng)


def plain_view(K: Matrix) -> View:
    """Give the view of a camera with intrinsics ``K`` (3x3), nothing turned or mirrored."""
    return View(K, np.eye(3))


def render_view(
    rgb: NDArray[np.uint8], depth: NDArray[np.float32], K_source: Matrix, view: View,
    size: tuple[int, int],
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """
    Show an image (h, w, 3) and its depth (h, w) as ``view`` sees them, at ``size``.

    What the source image does not show is black and has depth 0. Depth is never blended.
    """
    affine = view.warp_from(K_source)[:2]
    image = cv2.warpAffine(rgb, affine, size, flags=cv2.INTER_LINEAR)
    seen = cv2.warpAffine(depth, affine, size, flags=cv2.INTER_NEAREST)
    return image, seen  # type: ignore[return-value]


def jitter(
    images: NDArray[np.uint8], config: AugmentationConfig, rng: np.random.Generator,
) -> Image:
    """
    Change exposure, gamma, white balance, saturation and noise of images (*, h, w, 3).

    Gives float32 in [0, 1]. Light changes alike in all images of a stack, pixel noise differs.
    """
    gains = _factor(config.exposure, rng) * np.array(
        [_factor(config.white_balance, rng) for _ in range(3)], dtype=np.float32)
    values = np.arange(256, dtype=np.float32)[:, None] / 255
    light = np.clip(values * gains, 0, 1) ** np.float32(_factor(config.gamma, rng))
    saturation = _factor(config.saturation, rng)
    mix = saturation * np.eye(3) + (1 - saturation) / 3
    # A table and a 3x3 matrix, in OpenCV: ten times as fast as the same in numpy.
    rows = np.ascontiguousarray(images).reshape(-1, images.shape[-2], 3)
    result: Image = cv2.transform(cv2.LUT(rows, light[:, None]), mix)  # type: ignore[assignment]
    if config.noise > 0:
        noise = _noise(result, rng) * np.float32(rng.uniform(0, config.noise))
        # What shows nothing stays black.
        black = (rows[..., 0] | rows[..., 1] | rows[..., 2]) == 0
        if black.any():
            noise[black] = 0
        result += noise
    return np.clip(result, 0, 1, out=result).reshape(images.shape)


def _noise(image: Image, rng: np.random.Generator) -> Image:
    """Give a stretch of one long row of normal noise: drawing it anew takes most of the time."""
    row = _noise_row(image.size)
    start = int(rng.integers(0, len(row) - image.size + 1))
    return row[start:start + image.size].reshape(image.shape)


@lru_cache(maxsize=2)
def _noise_row(least: int) -> Image:
    return np.random.default_rng(0).standard_normal(least + 2**20, dtype=np.float32)


def _factor(largest: float, rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(-1, 1) * math.log(largest))
