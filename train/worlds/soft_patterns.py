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
Patterns of wood, cloth, wallpaper and sheet metal that tile, as in hard_patterns.py.

Each returns a shade about 1 and the weight of a second colour, float32 (size, size).
"""

import cv2
import numpy as np
from sa4depth_train.worlds.hard_patterns import cells, even_noise, Pattern, SIZE
from sa4depth_train.worlds.noise import cloud_noise

SHAPE = (SIZE, SIZE)


def grain(rng: np.random.Generator) -> Pattern:
    """Make one board with its grain along u."""
    # Year rings are level lines of a field that is stretched along the board.
    field = cloud_noise(SHAPE, (rng.uniform(6, 14), rng.uniform(0.8, 2)), rng, octaves=3)
    rings = np.sin(rng.uniform(4, 9) * field)
    fibre = cloud_noise(SHAPE, (SIZE / 3, SIZE / 60), rng, octaves=2)
    return (1 + 0.05 * fibre + 0.04 * field,
            np.clip(0.3 + rng.uniform(0.15, 0.4) * rings, 0, 1).astype(np.float32))


def planks(rng: np.random.Generator) -> Pattern:
    """Make a floor of staggered boards, 4 to 8 side by side."""
    count = int(rng.choice([4, 5, 6, 8]))
    height = SIZE // count
    shade, weight = grain(rng)
    spread = rng.uniform(0.03, 0.15)
    for row in range(count):
        rows = slice(row * height, (row + 1) * height)
        cut, moved = int(rng.integers(SIZE)), int(rng.integers(SIZE))
        weight[rows] = np.roll(weight[rows], moved, 1)
        tone = np.full(SIZE, 1 + rng.normal(0, spread), np.float32)
        tone[:cut] = 1 + rng.normal(0, spread)
        shade[rows] *= tone
        shade[rows, max(cut - 1, 0):cut + 1] *= 0.65
        shade[rows.start:rows.start + 2] *= 0.65
    return shade, weight


def panelling(rng: np.random.Generator) -> Pattern:
    """Make upright boards with grooves between them."""
    shade, weight = grain(rng)
    count = int(rng.choice([4, 6, 8, 12]))
    u = np.arange(SIZE) * count / SIZE
    tones = 1 + rng.normal(0, 0.07, count)[u.astype(int)]
    groove = np.clip(np.minimum(u % 1, 1 - u % 1) * SIZE / count / 4, 0.35, 1)
    return shade.T * (tones * groove).astype(np.float32), np.ascontiguousarray(weight.T)


def parquet(rng: np.random.Generator) -> Pattern:
    """Make squares of fingers, turned by turns."""
    count, fingers = int(rng.choice([2, 4])), int(rng.integers(4, 7))
    shade, weight = np.empty(SHAPE, np.float32), np.empty(SHAPE, np.float32)
    side = SIZE // count
    lying, rings = grain(rng)
    for row in range(count):
        for column in range(count):
            tones = np.repeat(1 + rng.normal(0, 0.1, fingers), -(-side // fingers))[:side]
            tones[::-(-side // fingers)] *= 0.6
            top, left = rng.integers(SIZE - side + 1, size=2)
            cut = np.s_[top:top + side, left:left + side]
            tile, ring = lying[cut] * tones[:, None], rings[cut]
            turned = (row + column) % 2
            spot = np.s_[row * side:(row + 1) * side, column * side:(column + 1) * side]
            shade[spot], weight[spot] = (tile.T, ring.T) if turned else (tile, ring)
    return shade, weight


def particle_board(rng: np.random.Generator) -> Pattern:
    """Make pressed chips."""
    _, _, owner = cells(rng, 40, jitter=1.0)
    tones = rng.normal(0, 0.12, 4096).astype(np.float32)[owner % 4096]
    return 1 + tones, _soft(rng, 40)


def pile(rng: np.random.Generator) -> Pattern:
    """Make a carpet's short pile."""
    tufts = rng.standard_normal(SHAPE).astype(np.float32)
    return 1 + rng.uniform(0.05, 0.16) * tufts + 0.06 * even_noise(rng, 20, 2), _soft(rng, 64)


def loops(rng: np.random.Generator) -> Pattern:
    """Make a ribbed carpet."""
    v = np.arange(SIZE, dtype=np.float32)[:, None] / SIZE
    ribs = np.abs(np.sin(np.pi * 64 * v)) * (1 + 0.2 * even_noise(rng, 64, 1))
    return 0.8 + 0.3 * ribs + 0.05 * rng.standard_normal(SHAPE).astype(np.float32), _none()


def weave(rng: np.random.Generator) -> Pattern:
    """Make a coarse linen."""
    threads = int(rng.choice([32, 48, 64]))
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) * (np.pi * threads / SIZE)
    over = (np.floor(u / np.pi) + np.floor(v / np.pi)) % 2
    tone = np.where(over > 0, np.abs(np.sin(v)), np.abs(np.sin(u)))
    return 0.84 + 0.24 * tone + 0.05 * even_noise(rng, 32, 3), (0.5 * over).astype(np.float32)


def knit(rng: np.random.Generator) -> Pattern:
    """Make rows of stitches."""
    count = int(rng.choice([24, 32, 48]))
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) * (count / SIZE)
    slope = np.abs((u % 1) - 0.5)
    stitch = np.abs(np.sin(np.pi * (v + 1.2 * slope)))
    return 0.7 + 0.35 * stitch + 0.06 * even_noise(rng, 64, 2), _none()


def plaid(rng: np.random.Generator) -> Pattern:
    """Make a tartan."""
    lines = np.zeros(SIZE, np.float32)
    for _ in range(int(rng.integers(2, 6))):
        start, width = rng.integers(SIZE), int(rng.integers(8, 90))
        lines[(start + np.arange(width)) % SIZE] += rng.uniform(0.2, 0.5)
    weight = np.clip(lines[:, None] * 0.7 + lines[None, :] * 0.7, 0, 1)
    return 1 + 0.05 * rng.standard_normal(SHAPE).astype(np.float32), weight


def stripes(rng: np.random.Generator) -> Pattern:
    """Make upright stripes, wide or narrow."""
    count = int(rng.choice([3, 5, 8, 16]))
    u = np.arange(SIZE) * count / SIZE
    line = ((u % 1) < rng.uniform(0.15, 0.6)).astype(np.float32)
    return 1 + 0.02 * even_noise(rng, 40, 2), np.tile(line, (SIZE, 1))


def dots(rng: np.random.Generator) -> Pattern:
    """Make polka dots."""
    count = int(rng.choice([4, 6, 8, 12]))
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) * (count / SIZE)
    u = u + 0.5 * (np.floor(v) % 2)
    distance = np.hypot(u % 1 - 0.5, v % 1 - 0.5)
    weight = np.clip((rng.uniform(0.12, 0.36) - distance) * 20, 0, 1)
    return 1 + 0.02 * even_noise(rng, 40, 2), weight.astype(np.float32)


def blossoms(rng: np.random.Generator) -> Pattern:
    """Make scattered flowers with leaves."""
    weight = np.zeros(SHAPE, np.float32)
    for _ in range(int(rng.integers(12, 40))):
        size, petals = rng.uniform(10, 34), int(rng.integers(4, 8))
        x, y, turn = *rng.uniform(0, SIZE, 2), rng.uniform(0, np.pi)
        shade = rng.uniform(0.4, 1.0)
        for shift_x in (-SIZE, 0, SIZE):
            for shift_y in (-SIZE, 0, SIZE):
                _flower(weight, (x + shift_x, y + shift_y), size, petals, turn, shade)
    return 1 + 0.02 * even_noise(rng, 30, 3), weight


def damask(rng: np.random.Generator) -> Pattern:
    """Make an ornament of mirrored level lines."""
    quarter = cloud_noise((SIZE // 4, SIZE // 4), (3, 3), rng, octaves=2)
    unit = np.block([[quarter, quarter[:, ::-1]], [quarter[::-1], quarter[::-1, ::-1]]])
    weight = np.clip((np.abs(np.tile(unit, (2, 2))) - 0.7) * 5, 0, 1)
    return 1 + 0.015 * even_noise(rng, 60, 2), weight.astype(np.float32)


def trellis(rng: np.random.Generator) -> Pattern:
    """Make a lattice of waves or diamonds."""
    count = int(rng.choice([4, 6, 8]))
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) * (count / SIZE)
    wave = np.abs(np.cos(np.pi * u) + rng.choice([-1, 1]) * np.cos(np.pi * v))
    return 1 + 0.015 * even_noise(rng, 60, 2), np.clip(1.5 - 9 * np.abs(wave - 0.3), 0, 1)


def leather(rng: np.random.Generator) -> Pattern:
    """Make fine wrinkles."""
    first, second, _ = cells(rng, int(rng.integers(36, 60)), jitter=1.0)
    return 0.86 + 0.25 * np.clip(second - first, 0, 0.5) + 0.05 * even_noise(rng, 4, 3), _none()


def brushed(rng: np.random.Generator) -> Pattern:
    """Make brushed metal."""
    return 1 + 0.04 * cloud_noise(SHAPE, (SIZE / 2, 4), rng, octaves=2), _none()


def corrugated(rng: np.random.Generator) -> Pattern:
    """Make sheet metal with upright waves, its light painted on."""
    count = int(rng.choice([6, 8, 12, 16]))
    u = np.arange(SIZE, dtype=np.float32) * (2 * np.pi * count / SIZE)
    wave = np.tanh(rng.uniform(0.8, 4) * np.sin(u))
    return 1 + 0.14 * np.tile(wave, (SIZE, 1)) + 0.03 * even_noise(rng, 4, 4), _soft(rng, 3, 2.0)


def tread_plate(rng: np.random.Generator) -> Pattern:
    """Make raised diamonds on a metal floor."""
    count = 16
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) * (count / SIZE)
    turn = (np.floor(u) + np.floor(v)) % 2 * 2 - 1
    x, y = u % 1 - 0.5, v % 1 - 0.5
    bump = np.clip(1 - np.hypot((x + turn * y) / 0.6, (x - turn * y) / 0.16), 0, 0.5)
    return 0.94 + 0.6 * bump + 0.05 * even_noise(rng, 6, 4), _none()


def perforated(rng: np.random.Generator) -> Pattern:
    """Make holes in a sheet."""
    count = int(rng.choice([16, 24, 32]))
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) * (count / SIZE)
    u = u + 0.5 * (np.floor(v) % 2)
    hole = np.clip((0.3 - np.hypot(u % 1 - 0.5, v % 1 - 0.5)) * 8, 0, 1)
    return 1 - 0.7 * hole + 0.02 * even_noise(rng, 4, 3), _none()


def rust(rng: np.random.Generator) -> Pattern:
    """Make paint that flakes off."""
    patches = np.clip(even_noise(rng, 4, 6, gain=0.7) * 1.5 - 1.2, 0, 1)
    return 1 + 0.05 * even_noise(rng, 8, 5) - 0.2 * patches * (patches < 0.5), patches


def acoustic(rng: np.random.Generator) -> Pattern:
    """Make ceiling tiles, 2 x 2, with pores and a grid of rails."""
    pores = (cloud_noise(SHAPE, (110, 110), rng, octaves=1) > 1.7).astype(np.float32)
    v, u = np.mgrid[:SIZE, :SIZE] % (SIZE // 2)
    rail = (np.minimum(u, v) < 7).astype(np.float32)
    return 1 - 0.14 * pores * (1 - rail) - 0.25 * (np.minimum(u, v) == 7), 0.5 * rail


def slats(rng: np.random.Generator) -> Pattern:
    """Make lying slats with dark gaps."""
    count = int(rng.choice([6, 8, 10, 16]))
    v = np.arange(SIZE) * count / SIZE % 1
    line = np.where(v < rng.uniform(0.05, 0.2), 0.35, 1.04 - 0.1 * v).astype(np.float32)
    shade, weight = grain(rng)
    return shade * line[:, None], weight


def shingles(rng: np.random.Generator) -> Pattern:
    """Make rows of slates whose seams are shifted."""
    rows, columns = 12, 8
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) / SIZE
    row = (v * rows).astype(int)
    across = u * columns + 0.5 * (row % 2)
    tones = rng.normal(0, 0.14, (rows, columns)).astype(np.float32)[
        row, across.astype(int) % columns]
    seam = (v * rows % 1 < 0.06) | (across % 1 < 0.04)
    return (1 + tones) * np.where(seam, 0.6, 1.0) + 0.05 * even_noise(rng, 30, 3), _none()


def roof(rng: np.random.Generator) -> Pattern:
    """Make rows of overlapping roof tiles."""
    rows, columns = 10, 12
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) / SIZE
    row, column = (v * rows).astype(int), (u * columns).astype(int)
    tones = rng.normal(0, 0.1, (rows, columns)).astype(np.float32)[row, column]
    return (1 + tones) * (0.6 + 0.5 * (1 - v * rows % 1)) \
        + 0.12 * np.sin(2 * np.pi * u * columns), _none()


def _flower(weight: np.ndarray, centre: tuple[float, float], size: float, petals: int,
            turn: float, shade: float) -> None:
    for petal in range(petals):
        angle = turn + 2 * np.pi * petal / petals
        at = int(centre[0] + size * 0.6 * np.cos(angle)), int(
            centre[1] + size * 0.6 * np.sin(angle))
        cv2.ellipse(weight, at, (int(size * 0.55), int(size * 0.3)), np.degrees(angle), 0, 360,
                    shade, -1, cv2.LINE_AA)
    cv2.circle(weight, (int(centre[0]), int(centre[1])), int(size * 0.25), 0.2, -1)


def _soft(rng: np.random.Generator, bumps: float, threshold: float = 0.5) -> np.ndarray:
    return np.clip(0.4 * (even_noise(rng, bumps, 3) - threshold), 0, 1)


def _none() -> np.ndarray:
    return np.zeros(SHAPE, np.float32)
