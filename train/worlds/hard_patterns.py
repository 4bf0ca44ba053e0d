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

"""
Patterns of hard surfaces that tile: a shade about 1 and the weight of a second colour.

Each function returns two float32 arrays (size, size); materials.py gives them their colours.
"""

import cv2
import numpy as np
from sa4depth_train.worlds.noise import cloud_noise

SIZE = 512
Pattern = tuple[np.ndarray, np.ndarray]


def flat(rng: np.random.Generator) -> Pattern:
    """Make paint without a visible texture."""
    return 1 + 0.006 * even_noise(rng, 3, 2), _none()


def roller(rng: np.random.Generator) -> Pattern:
    """Make paint put on with a roller."""
    return 1 + 0.012 * even_noise(rng, 90, 2) + 0.008 * even_noise(rng, 3, 2), _none()


def stained(rng: np.random.Generator) -> Pattern:
    """Make an old coat of paint with faint clouds and a few marks."""
    marks = np.zeros((SIZE, SIZE), np.float32)
    for _ in range(int(rng.integers(3, 10))):
        start = rng.integers(20, SIZE - 80, 2)
        end = start + rng.integers(-20, 60, 2)
        cv2.line(marks, start.tolist(), end.tolist(), 1.0, 1, cv2.LINE_AA)
    return 1 + 0.022 * even_noise(rng, 2, 4) - 0.08 * marks, _none()


def orange_peel(rng: np.random.Generator) -> Pattern:
    """Make sprayed lacquer: small soft bumps."""
    return 1 + 0.018 * _relief(even_noise(rng, 60, 2)), _none()


def plaster(rng: np.random.Generator) -> Pattern:
    """Make plaster with trowel marks."""
    bumps = even_noise(rng, float(rng.uniform(12, 45)), 3, gain=0.7)
    return 1 + 0.015 * even_noise(rng, 2, 3) + rng.uniform(0.02, 0.07) * _relief(bumps), _none()


def concrete(rng: np.random.Generator) -> Pattern:
    """Make cast concrete: clouds, pores, sometimes a crack and formwork lines."""
    pores = (even_noise(rng, 70, 1) > 2.4).astype(np.float32)
    clouds = 0.06 * even_noise(rng, 3, 5, gain=0.7)
    shade = 1 + clouds - 0.25 * cv2.GaussianBlur(pores, (0, 0), 0.8)
    if rng.random() < 0.4:
        shade[::SIZE // 2] *= 0.75
        shade[:, ::SIZE // 2] *= 0.75
    if rng.random() < 0.5:
        shade -= 0.3 * (np.abs(even_noise(rng, 1.5, 5)) < 0.012)
    return shade, _none()


def blocks(rng: np.random.Generator, rows: int = 0, columns: int = 0, *, joint: float = 3.0,
           shift: float = 0.5, spread: float = 0.1) -> Pattern:
    """Make a masonry of rows x columns blocks, every second row shifted."""
    rows, columns = rows or 2 * int(rng.integers(4, 10)), columns or int(rng.integers(4, 9))
    v, u = _grid(rows, columns)
    row = np.floor(v).astype(int) % rows
    u = u + shift * (row % 2)
    column = np.floor(u).astype(int) % columns
    tones = rng.normal(0, 1, (rows, columns)).astype(np.float32)[row, column]
    wobble = 0.9 * even_noise(rng, 24, 2) if joint > 2 else 0.0
    inside = np.minimum(_edge(v) * SIZE / rows, _edge(u) * SIZE / columns) + wobble
    weight = 1 - np.clip((inside - 0.5 * joint) / 1.5, 0, 1)
    rough = rng.uniform(0.02, 0.1)
    return 1 + spread * tones * (1 - weight) + rough * even_noise(rng, 40, 3, gain=0.9), weight


def bricks(rng: np.random.Generator) -> Pattern:
    """Make a wall of bricks in running bond: 16 rows of 8 to a texture."""
    return blocks(rng, 16, 8, joint=rng.uniform(3, 5), spread=rng.uniform(0.05, 0.2))


def cinder(rng: np.random.Generator) -> Pattern:
    """Make a wall of large blocks: 8 rows of 4."""
    return blocks(rng, 8, 4, joint=rng.uniform(2.5, 5), spread=0.05)


def square_tiles(rng: np.random.Generator) -> Pattern:
    """Make square tiles, 4 x 4, 6 x 6 or 8 x 8."""
    count = int(rng.choice([4, 4, 6, 8]))
    return blocks(rng, count, count, joint=rng.uniform(1.5, 6), shift=0.0,
                  spread=rng.uniform(0.0, 0.06))


def subway_tiles(rng: np.random.Generator) -> Pattern:
    """Make long glazed tiles, 12 rows of 4 or so."""
    return blocks(rng, 12, int(rng.choice([4, 6])), joint=2.0, shift=float(rng.choice([0.0, 0.5])),
                  spread=0.03)


def mosaic(rng: np.random.Generator) -> Pattern:
    """Make small tiles of very different tones."""
    return blocks(rng, 20, 20, joint=1.6, shift=0.0, spread=0.28)


def checker(rng: np.random.Generator) -> Pattern:
    """Make a chessboard of tiles."""
    count = int(rng.choice([2, 4, 8]))
    v, u = _grid(count, count)
    joint = np.minimum(_edge(u), _edge(v)) * SIZE / count < 1.5
    dark = (np.floor(u) + np.floor(v)) % 2
    return (1 + 0.04 * even_noise(rng, 8, 4)) * (1 - 0.4 * joint), dark.astype(np.float32)


def hexagons(rng: np.random.Generator) -> Pattern:
    """Make a honeycomb of tiles."""
    count = int(rng.choice([4, 6, 8]))
    v, u = _grid(count, count)
    first, second, owner = _closest(_staggered(v, u), v, u, count)
    tones = rng.normal(0, 0.05, 4096).astype(np.float32)[owner % 4096]
    weight = 1 - np.clip((second - first - 0.03) / 0.03, 0, 1)
    return 1 + tones + 0.02 * even_noise(rng, 30, 2), weight.astype(np.float32)


def rubble(rng: np.random.Generator) -> Pattern:
    """Make natural stones of many shapes with joints between them."""
    first, second, owner = cells(rng, int(rng.integers(5, 12)), jitter=0.9)
    tones = rng.normal(0, 0.13, 4096).astype(np.float32)[owner % 4096]
    weight = 1 - np.clip((second - first - 0.08 + 0.02 * even_noise(rng, 30, 2)) / 0.08, 0, 1)
    return 1 + tones + 0.08 * even_noise(rng, 20, 4, gain=0.8), weight.astype(np.float32)


def gravel(rng: np.random.Generator) -> Pattern:
    """Make pebbles."""
    first, second, owner = cells(rng, int(rng.integers(28, 50)), jitter=0.9)
    tones = rng.normal(0, 0.2, 4096).astype(np.float32)[owner % 4096]
    return 0.72 + tones + 0.7 * np.clip(second - first, 0, 0.5), _none()


def terrazzo(rng: np.random.Generator) -> Pattern:
    """Make polished chips in cement."""
    first, second, owner = cells(rng, int(rng.integers(16, 40)), jitter=1.0)
    chosen = rng.random(4096).astype(np.float32)[owner % 4096] < rng.uniform(0.2, 0.6)
    weight = chosen * np.clip((second - first - 0.12) / 0.08, 0, 1)
    tones = rng.normal(0, 0.12, 4096).astype(np.float32)[owner % 4096]
    return 1 + tones * (weight > 0.5) + 0.02 * even_noise(rng, 60, 2), weight.astype(np.float32)


def marble(rng: np.random.Generator) -> Pattern:
    """Make veins of a second colour."""
    veins = np.exp(-np.abs(even_noise(rng, 2.5, 5, gain=0.6)) * rng.uniform(8, 25))
    return 1 + 0.04 * even_noise(rng, 3, 5), (0.8 * veins).astype(np.float32)


def linoleum(rng: np.random.Generator) -> Pattern:
    """Make short marbled flecks along one direction."""
    flecks = cloud_noise((SIZE, SIZE), (60, 14), rng, octaves=3, gain=0.8)
    return 1 + 0.03 * even_noise(rng, 4, 2), np.clip(0.3 + 0.35 * flecks, 0, 1)


def asphalt(rng: np.random.Generator) -> Pattern:
    """Make fine grit with patches and, at times, cracks."""
    grit = rng.standard_normal((SIZE, SIZE)).astype(np.float32)
    shade = 1 + 0.16 * cv2.GaussianBlur(grit, (0, 0), 0.8) * 2 + 0.06 * even_noise(rng, 2, 4)
    if rng.random() < 0.5:
        shade -= 0.4 * (np.abs(even_noise(rng, 1.2, 5)) < 0.012)
    return shade, _none()


def earth(rng: np.random.Generator) -> Pattern:
    """Make bare soil or sand with tufts of a second colour."""
    clumps = even_noise(rng, 5, 6, gain=0.75)
    return 1 + 0.14 * even_noise(rng, 12, 5, gain=0.9), np.clip(clumps - 0.6, 0, 1)


def cells(rng: np.random.Generator, count: int, *,
          jitter: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Divide the tile among count x count scattered seeds (Worley, "A Cellular Texture", 1996).

    Returns the distances to the nearest and second seed, in cells, and the nearest's number.
    """
    v, u = _grid(count, count)
    offset = 0.5 + jitter * rng.uniform(-0.5, 0.5, (2, count, count)).astype(np.float32)
    row, column = np.floor(v).astype(int), np.floor(u).astype(int)
    seeds = [(row + dy + offset[0][(row + dy) % count, (column + dx) % count],
              column + dx + offset[1][(row + dy) % count, (column + dx) % count])
             for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return _closest(seeds, v, u, count)


def _staggered(v: np.ndarray, u: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    row = np.floor(v)
    seeds = []
    for dy in (-1, 0, 1):
        start = 0.5 * ((row + dy) % 2)
        column = np.floor(u - start)
        seeds += [(row + dy + 0.5, column + dx + 0.5 + start) for dx in (-1, 0, 1)]
    return seeds


def _closest(seeds: list[tuple[np.ndarray, np.ndarray]], v: np.ndarray, u: np.ndarray,
             count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first = np.full(v.shape, np.inf, np.float32)
    second, owner = first.copy(), np.zeros(v.shape, int)
    for y, x in seeds:
        distance = np.hypot(y - v, x - u).astype(np.float32)
        closer = distance < first
        second = np.where(closer, first, np.minimum(second, distance))
        number = np.floor(y).astype(int) % count * count + np.floor(x).astype(int) % count
        owner = np.where(closer, number, owner)
        first = np.where(closer, distance, first)
    return first, second, owner


def _grid(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) + 0.5
    return v * (rows / SIZE), u * (columns / SIZE)


def _edge(t: np.ndarray) -> np.ndarray:
    part = t % 1
    return np.minimum(part, 1 - part)


def even_noise(rng: np.random.Generator, bumps: float, octaves: int, *,
               gain: float = 0.5) -> np.ndarray:
    """Make cloud_noise for a whole pattern, with as many bumps down as across."""
    return cloud_noise((SIZE, SIZE), (bumps, bumps), rng, octaves=octaves, gain=gain)


def _relief(field: np.ndarray) -> np.ndarray:
    slope = field - np.roll(field, (2, 2), (0, 1))
    return slope / max(float(slope.std()), 1e-6)


def _none() -> np.ndarray:
    return np.zeros((SIZE, SIZE), np.float32)
