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

"""Kitchen units: worktops with sink and stove, wall cupboards, refrigerators, hoods."""

import numpy as np
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import Piece, rod, slab, Surface, tube
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def kitchen_run(rng: Rng, palette: Palette, width: float, names: tuple[str, str, str],
                tiles: str) -> Piece:
    """
    Make a row of units of ``width`` metres: worktop, sink, stove, oven, tiles, wall cupboards.

    ``names`` are the materials of front, worktop and metal, so that several rows match.
    """
    front, top, metal = names
    d, h = 0.62, float(rng.uniform(0.85, 0.94))
    parts: Parts = [(front, slab((width, d - 0.04, h - 0.14), (0, 0.02, h / 2 + 0.03))),
                    (palette.plain((40, 40, 42)), slab((width, d - 0.12, 0.1), (0, 0.06, 0.05))),
                    (top, slab((width, d, 0.04), (0, 0, h - 0.02))),
                    (tiles, panel((-width / 2, d / 2 - 0.004, h), (width, 0, 0), (0, 0, 0.55),
                                  cell=9))]
    units = max(1, round(width / 0.6))
    step = width / units
    sink, stove = (int(v) for v in rng.choice(max(units, 2), 2, replace=False))
    free: list[float] = []
    for k in range(units):
        x = -width / 2 + (k + 0.5) * step
        parts += _unit_front(rng, palette, front, metal, (x, -d / 2 + 0.02), step, h,
                             oven=k == stove)
        if k == sink:
            parts += _sink(metal, palette.plain((86, 88, 90), shine=0.5), x, step, h)
        elif k == stove:
            parts += _stove(palette, x, step, h)
        else:
            free.append(x)
    if rng.random() < 0.75:
        parts += _wall_units(rng, front, metal, width, units, d, stove)
    tops = tuple(Surface(x - step / 2, x + step / 2, -d / 2, d / 2, h, 0.4) for x in free)
    return Piece(parts, (width, d, h), tops)


def refrigerator(rng: Rng, palette: Palette) -> Piece:
    """Make a refrigerator."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.52, 0.8), (0.55, 0.7), (0.85, 2.0)))
    skin = palette.plain((228, 228, 224), shine=0.3) if rng.random() < 0.6 else \
        palette.pick('metal')
    grey = palette.plain((120, 122, 124), shine=0.4)
    split = h * float(rng.uniform(0.3, 0.7))
    parts: Parts = [(skin, slab((w, d - 0.05, h), (0, 0.025, h / 2), grain='z'))]
    for low, high in ((0.03, split), (split, h)):
        middle = 0.0, -d / 2 + 0.02, (low + high) / 2
        parts.append((skin, slab((w, 0.045, high - low - 0.01), middle, grain='z')))
        parts.append((grey, slab((0.02, 0.03, 0.3 * (high - low)),
                                 (w / 2 - 0.06, -d / 2 - 0.02, (low + high) / 2))))
    for _ in range(int(rng.integers(0, 7))):    # notes and magnets
        size = float(rng.uniform(0.04, 0.2)), 0.003, float(rng.uniform(0.04, 0.25))
        at = (float(rng.uniform(-0.35, 0.35)) * w, -d / 2 - 0.004,
              float(rng.uniform(0.5, 0.9)) * h)
        parts.append(palette.packet(size, at))
    return Piece(parts, (w, d, h), (Surface(-w / 2, w / 2, -d / 2, d / 2, h, 0.4),))


def washing_machine(rng: Rng, palette: Palette) -> Piece:
    """Make a washing machine or a dishwasher."""
    white, dark = palette.plain((232, 232, 230), shine=0.3), palette.plain((50, 52, 56), shine=0.6)
    d = float(rng.uniform(0.5, 0.62))
    parts: Parts = [(white, slab((0.6, d, 0.85), (0, 0, 0.425)))]
    ring = rod(0.2, 0.03, segments=24).moved((0, 0, 0), pitch=np.pi / 2).moved(yaw=-np.pi / 2)
    parts.append((palette.plain((180, 182, 184), shine=0.5), ring.moved((0, -d / 2 + 0.01, 0.42))))
    glass = rod(0.15, 0.04, segments=20).moved((0, 0, 0), pitch=np.pi / 2).moved(yaw=-np.pi / 2)
    parts.append((dark, glass.moved((0, -d / 2 + 0.01, 0.42))))
    parts.append((dark, slab((0.22, 0.01, 0.08), (0.12, -d / 2, 0.77))))
    return Piece(parts, (0.6, d + 0.03, 0.85), (Surface(-0.3, 0.3, -d / 2, d / 2, 0.85, 0.5),))


def _unit_front(rng: Rng, palette: Palette, front: str, metal: str, at: tuple[float, float],
                step: float, h: float, *, oven: bool) -> Parts:
    x, y = at
    if oven:
        black = palette.plain((20, 20, 22), shine=0.7)
        return [(metal, slab((step - 0.01, 0.02, h - 0.18), (x, y - 0.01, h / 2 + 0.03))),
                (black, slab((step - 0.12, 0.022, 0.36), (x, y - 0.012, h / 2 - 0.05))),
                (metal, tube([(x - step / 2 + 0.06, y - 0.05, h / 2 + 0.18),
                              (x + step / 2 - 0.06, y - 0.05, h / 2 + 0.18)], 0.009))]
    rows = int(rng.choice((1, 1, 2, 3)))
    parts: Parts = []
    low, high = 0.11, h - 0.05
    for row in range(rows):
        z = low + (row + 0.5) * (high - low) / rows
        tall = (high - low) / rows - 0.008
        parts.append((front, slab((step - 0.008, 0.02, tall), (x, y - 0.01, z), grain='z')))
        parts.append((metal, slab((min(0.16, step * 0.5), 0.018, 0.012),
                                  (x, y - 0.03, z + tall * 0.4))))
    return parts


def _sink(metal: str, dark: str, x: float, step: float, h: float) -> Parts:
    w = min(0.5, step - 0.08)
    return [(dark, slab((w, 0.4, 0.004), (x, -0.02, h + 0.001))),
            (metal, slab((w + 0.03, 0.015, 0.01), (x, -0.225, h + 0.003))),
            (metal, slab((w + 0.03, 0.015, 0.01), (x, 0.185, h + 0.003))),
            (metal, tube([(x, 0.23, h), (x, 0.23, h + 0.25), (x, 0.16, h + 0.31),
                          (x, 0.06, h + 0.28), (x, 0.05, h + 0.24)], 0.012, sides=8))]


def _stove(palette: Palette, x: float, step: float, h: float) -> Parts:
    black, ring = palette.plain((18, 18, 20), shine=0.7), palette.plain((66, 64, 64), shine=0.2)
    parts: Parts = [(black, slab((step - 0.04, 0.5, 0.008), (x, -0.02, h + 0.004)))]
    for i in (-1, 1):
        for j in (-1, 1):
            parts.append((ring, rod(0.075, 0.006, segments=16).moved(
                (x + 0.13 * i, -0.02 + 0.12 * j, h + 0.008))))
    return parts


def _wall_units(rng: Rng, front: str, metal: str, width: float, units: int, d: float,
                stove: int) -> Parts:
    parts: Parts = []
    low, tall = float(rng.uniform(1.38, 1.5)), float(rng.uniform(0.5, 0.85))
    step = width / units
    for k in range(units):
        x = -width / 2 + (k + 0.5) * step
        if k == stove:
            parts.append((metal, slab((step, 0.45, 0.08), (x, d / 2 - 0.225, low + 0.1))))
            pipe = x, d / 2 - 0.12, low + 0.1 + tall / 2
            parts.append((metal, slab((0.24, 0.24, tall), pipe)))
        elif rng.random() < 0.85:
            parts.append((front, slab((step, 0.33, tall), (x, d / 2 - 0.165, low + tall / 2))))
            parts.append((front, slab((step - 0.008, 0.018, tall - 0.008),
                                      (x, d / 2 - 0.339, low + tall / 2), grain='z')))
            grip = x + step / 2 - 0.05, d / 2 - 0.355, low + 0.14
            parts.append((metal, slab((0.012, 0.018, 0.14), grip)))
    return parts
