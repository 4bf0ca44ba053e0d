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

"""Materials that tile: wood, brick, tiles, plaster, carpet, cloth, leaves, metal."""

import cv2
import numpy as np
from sa4depth_train.worlds.noise import blended, cloud_noise, tinted

Color = tuple[float, float, float]


def wood(rng: np.random.Generator, color: Color, *, size: int = 512) -> np.ndarray:
    """Make a board with its grain along u, uint8 (size, size, 3)."""
    return _grain((size, size), rng, color)


def planks(shape: tuple[int, int], rng: np.random.Generator, color: Color, *,
           plank: tuple[int, int]) -> np.ndarray:
    """Make a floor of staggered planks of (height, width) pixels, uint8 (h, w, 3)."""
    image = _grain(shape, rng, color).astype(np.float32)
    height, width = plank
    for top in range(0, shape[0], height):
        left = -int(rng.integers(0, width // 2))
        while left < shape[1]:
            right = left + width + int(rng.integers(-width // 5, width // 5))
            tone = 1.0 + rng.normal(0.0, 0.07) + rng.normal(0.0, 0.02, 3)
            rows, columns = slice(top, top + height), slice(max(left, 0), right)
            image[rows, columns] = np.roll(image[rows, columns], rng.integers(64), 1) * tone
            image[rows, max(right - 1, 0):right + 1] *= 0.62
            left = right
        image[top:top + 1] *= 0.6
    return np.clip(image, 0, 255).astype(np.uint8)


def brick(shape: tuple[int, int], rng: np.random.Generator, color: Color, *,
          stone: tuple[int, int]) -> np.ndarray:
    """Make a wall of bricks of (height, width) pixels in running bond, uint8 (h, w, 3)."""
    mortar = tinted((178, 170, 160), 1 + 0.07 * _fine(shape, rng))
    rows, columns = np.mgrid[:shape[0], :shape[1]]
    row = rows // stone[0]
    across = columns + (row % 2) * (stone[1] // 2)
    tones = rng.normal(0, 1, (shape[0] // stone[0] + 1, shape[1] // stone[1] + 2))
    tone = tones[row, across // stone[1]].astype(np.float32)
    wobble = 1.2 * cloud_noise(shape, (shape[0] / 16, shape[1] / 16), rng, octaves=2)
    edge = np.minimum.reduce([rows % stone[0], stone[0] - 1 - rows % stone[0],
                              across % stone[1], stone[1] - 1 - across % stone[1]]) + 0.6 * wobble
    inside = np.clip((edge - 1.2) / 1.5, 0, 1).astype(np.float32)
    shade = 1 + 0.13 * tone + 0.10 * _fine(shape, rng) - 0.12 * (1 - np.clip(edge / 6, 0, 1))
    stones = tinted(color, shade)
    stones[..., 1] = np.clip(stones[..., 1] * (1 + 0.05 * tone), 0, 255).astype(np.uint8)
    return blended(mortar, stones, inside)


def tiles(rng: np.random.Generator, color: Color, *, size: int = 512,
          count: int = 4) -> np.ndarray:
    """Make glazed square tiles with grout, each a little different, uint8 (size, size, 3)."""
    side = size // count
    rows, columns = np.mgrid[:size, :size]
    tones = rng.normal(0, 0.06, (count, count))
    glazing = cloud_noise((size, size), (8, 8), rng)
    shade = 1 + tones[rows // side, columns // side] + 0.04 * glazing
    inner = np.minimum.reduce([rows % side, side - 1 - rows % side,
                               columns % side, side - 1 - columns % side])
    glaze = 0.08 * np.clip(1 - inner / 10, 0, 1)
    tile = tinted(color, (shade + glaze).astype(np.float32))
    grout = tinted((205, 203, 198), 1 + 0.05 * _fine((size, size), rng))
    return blended(grout, tile, np.clip((inner - 2) / 2, 0, 1).astype(np.float32))


def plaster(shape: tuple[int, int], rng: np.random.Generator, color: Color) -> np.ndarray:
    """Make painted plaster with trowel marks and faint stains, uint8 (h, w, 3)."""
    broad = cloud_noise(shape, (shape[0] / 220, shape[1] / 220), rng, octaves=3)
    bumps = cloud_noise(shape, (shape[0] / 14, shape[1] / 14), rng, octaves=3, gain=0.7)
    relief = cv2.Sobel(bumps, cv2.CV_32F, 1, 1, ksize=3)
    return tinted(color, 1 + 0.012 * broad + 0.012 * bumps + 0.012 * relief)


def carpet(rng: np.random.Generator, color: Color, *, size: int = 512) -> np.ndarray:
    """Make short pile, uint8 (size, size, 3)."""
    pile = rng.standard_normal((size, size)).astype(np.float32)
    tufts = cloud_noise((size, size), (64, 64), rng, octaves=2)
    return tinted(color, 1 + 0.10 * pile + 0.08 * tufts)


def cloth(rng: np.random.Generator, color: Color, *, size: int = 256,
          threads: int = 64) -> np.ndarray:
    """Make a coarse weave, uint8 (size, size, 3)."""
    rows, columns = np.mgrid[:size, :size] * (2 * np.pi * threads / size)
    weave = np.where((np.floor(rows / np.pi) + np.floor(columns / np.pi)) % 2 > 0,
                     np.abs(np.sin(rows)), np.abs(np.sin(columns)))
    melange = cloud_noise((size, size), (32, 32), rng, octaves=3, gain=0.8)
    return tinted(color, (0.80 + 0.28 * weave + 0.07 * melange).astype(np.float32))


def foliage(rng: np.random.Generator, color: Color, *, size: int = 256) -> np.ndarray:
    """Make a hedge or lawn seen from some metres, uint8 (size, size, 3)."""
    clumps = cloud_noise((size, size), (12, 12), rng, octaves=5, gain=0.75)
    return tinted(color, 1 + 0.28 * clumps)


def leaf_skin(rng: np.random.Generator, color: Color, *, size: int = 128) -> np.ndarray:
    """Make one leaf from stem (left) to tip, with its ribs, uint8 (size, size, 3)."""
    rows, columns = np.mgrid[:size, :size] / size
    off = np.abs(rows - 0.5)
    ribs = np.clip(1 - np.abs((columns - 1.2 * off) * 9 % 1 - 0.5) * 9, 0, 1) * 0.12
    middle = np.clip(1 - off * 40, 0, 1) * 0.35
    shade = 0.85 + 0.3 * columns + ribs + middle + 0.05 * cloud_noise((size, size), (6, 6), rng)
    return tinted(color, shade.astype(np.float32))


def brushed(rng: np.random.Generator, color: Color, *, size: int = 128) -> np.ndarray:
    """Make brushed metal or smooth lacquer, uint8 (size, size, 3)."""
    lines = cloud_noise((size, size), (size / 2, 3), rng, octaves=2)
    return tinted(color, 1 + 0.03 * lines)


def _grain(shape: tuple[int, int], rng: np.random.Generator, color: Color) -> np.ndarray:
    # Year rings are level lines of a field that is stretched along the board.
    field = cloud_noise(shape, (shape[0] / 48, max(1.0, shape[1] / 420)), rng, octaves=3)
    rings = np.sin(7.0 * field)
    fibre = cloud_noise(shape, (shape[0] / 2.5, max(1.0, shape[1] / 60)), rng, octaves=2)
    image = tinted(color, 1 + 0.055 * rings + 0.05 * fibre + 0.05 * field)
    warm = tinted((color[0] * 0.82, color[1] * 0.72, color[2] * 0.62), 1 + 0.05 * fibre)
    return blended(image, warm, np.clip(0.25 + 0.25 * rings, 0, 1))


def _fine(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    return cloud_noise(shape, (shape[0] / 10, shape[1] / 10), rng, octaves=3, gain=0.9)
