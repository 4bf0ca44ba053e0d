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

"""Noise that tiles, and the few image operations that all textures share."""

import cv2
import numpy as np


def cloud_noise(shape: tuple[int, int], cells: tuple[float, float],
                rng: np.random.Generator, *, octaves: int = 4, gain: float = 0.5) -> np.ndarray:
    """
    Make smooth noise (h, w) of mean 0 and deviation 1 that tiles in both directions.

    ``cells`` is the number of bumps (down, across) of the coarsest octave; each further one is
    twice as fine and ``gain`` times as strong (value noise, cubic interpolation).
    """
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        grid = tuple(max(1, min(side, round(count * 2 ** octave)))
                     for side, count in zip(shape, cells))
        coarse = rng.standard_normal(grid).astype(np.float32)
        margin = 3
        wrapped = np.pad(coarse, margin, mode='wrap')
        scale = shape[0] / grid[0], shape[1] / grid[1]
        M = np.array([[1 / scale[1], 0, margin + 0.5 / scale[1] - 0.5],
                      [0, 1 / scale[0], margin + 0.5 / scale[0] - 0.5]])
        total += gain ** octave * cv2.warpAffine(
            wrapped, M, (shape[1], shape[0]), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
    return (total - total.mean()) / max(float(total.std()), 1e-6)


def tinted(color: tuple[float, float, float], shade: np.ndarray) -> np.ndarray:
    """Colour (0..255 RGB) times a shade (h, w) about 1, as uint8 (h, w, 3)."""
    return np.clip(np.asarray(color, np.float32) * shade[..., None], 0, 255).astype(np.uint8)


def blended(back: np.ndarray, front: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mix two uint8 images by a weight (h, w) in 0..1 of the front one."""
    mixed = back + (front.astype(np.float32) - back) * weight[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8)


def darkened(image: np.ndarray, shade: np.ndarray) -> np.ndarray:
    """Multiply a uint8 image by a shade (h, w) in 0..1."""
    return np.clip(image * shade[..., None], 0, 255).astype(np.uint8)
