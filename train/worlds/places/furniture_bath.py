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

"""Bathroom pieces: toilets, wash basins, tubs, showers, towels."""

import numpy as np
from sa4depth_train.worlds.places.openings import drape
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import (
    Piece, rod, round_body, slab, soft, stretched, Surface, tube)
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def toilet(rng: Rng, palette: Palette) -> Piece:
    """Make a toilet with a cistern or a flush plate."""
    white = palette.plain((238, 238, 234), shine=0.6)
    bowl = stretched(round_body([(0.1, 0), (0.11, 0.12), (0.18, 0.36), (0.19, 0.4), (0.15, 0.4),
                                 (0.08, 0.25), (0, 0.22)], segments=18), (1.0, 1.35, 1.0))
    y = 0.34
    parts: Parts = [(white, bowl.moved((0, -0.1, 0)))]
    if rng.random() < 0.7:
        lid = stretched(rod(0.19, 0.035, segments=18), (1.0, 1.3, 1.0))
        parts.append((white, lid.moved((0, -0.1, 0.4))))
    if rng.random() < 0.6:
        parts.append((white, soft((0.38, 0.17, 0.38), (0, y - 0.1, 0.6), roundness=0.15)))
        parts.append((white, slab((0.16, 0.3, 0.36), (0, 0.12, 0.2))))
    else:
        parts.append((white, slab((0.36, 0.12, 1.1), (0, y - 0.06, 0.55))))
        parts.append((palette.plain((190, 192, 194), shine=0.5),
                      slab((0.22, 0.012, 0.15), (0, y - 0.125, 0.95))))
    return Piece(parts, (0.4, 0.68, 0.85))


def wash_basin(rng: Rng, palette: Palette) -> Piece:
    """Make a wash basin on a foot or in a cupboard, often with a mirror cupboard above."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.45, 1.1), (0.4, 0.52), (0.8, 0.9)))
    white = palette.plain((236, 236, 232), shine=0.6)
    metal = palette.plain((176, 178, 180), shine=0.7)
    parts: Parts = [(white, slab((w, d, 0.05), (0, 0, h - 0.025))),
                    (palette.plain((206, 208, 206), shine=0.6), soft(
                        (min(0.5, w * 0.8), d * 0.65, 0.02), (0, -0.03, h), roundness=0.7,
                        rings=6)),
                    (metal, tube([(0, d / 2 - 0.06, h), (0, d / 2 - 0.06, h + 0.14),
                                  (0, d / 2 - 0.18, h + 0.12)], 0.013, sides=8))]
    if rng.random() < 0.6:
        wood = palette.pick('wood')
        parts.append((wood, slab((w - 0.03, d - 0.04, 0.5), (0, 0.01, h - 0.3))))
        parts += [(wood, slab((w / 2 - 0.03, 0.018, 0.47), (i * w / 4, -d / 2 + 0.02, h - 0.3)))
                  for i in (-1, 1)]
    else:
        parts.append((white, round_body([(0.11, 0), (0.08, 0.3), (0.1, h - 0.05)])))
    if rng.random() < 0.7:
        case = palette.plain((214, 216, 216), shine=0.5)
        depth = float(rng.choice((0.02, 0.16)))
        parts.append((case, slab((w, depth, 0.65), (0, d / 2 - depth / 2, 1.55))))
    return Piece(parts, (w, d, h), (Surface(-w / 2, w / 2, d / 4, d / 2, h, 0.3),))


def bath_tub(rng: Rng, palette: Palette) -> Piece:
    """Make a tub, its long side at the wall."""
    w, d, h = (float(rng.uniform(*span)) for span in ((1.5, 1.8), (0.68, 0.8), (0.5, 0.62)))
    white = palette.plain((238, 238, 235), shine=0.6)
    side = palette.pick('ceramic') if rng.random() < 0.5 else white
    rim, depth = 0.073, 0.38
    inside: Parts = [
        (white, panel((-w / 2 + rim, -d / 2 + rim, h - depth), (w - 2 * rim, 0, 0),
                      (0, d - 2 * rim, 0), cell=9)),
        (white, panel((w / 2 - rim, -d / 2 + rim, h - depth), (-(w - 2 * rim), 0, 0),
                      (0, 0, depth), cell=9)),
        (white, panel((-w / 2 + rim, d / 2 - rim, h - depth), (w - 2 * rim, 0, 0),
                      (0, 0, depth), cell=9)),
        (white, panel((-w / 2 + rim, -d / 2 + rim, h - depth), (0, d - 2 * rim, 0),
                      (0, 0, depth), cell=9)),
        (white, panel((w / 2 - rim, d / 2 - rim, h - depth), (0, -(d - 2 * rim), 0),
                      (0, 0, depth), cell=9))]
    walls: Parts = [(side, slab((w, 0.07, h), (0, j * (d - 0.07) / 2, h / 2))) for j in (-1, 1)]
    walls += [(side, slab((0.07, d - 0.14, h), (i * (w - 0.07) / 2, 0, h / 2))) for i in (-1, 1)]
    metal = palette.plain((180, 182, 184), shine=0.7)
    tap: Parts = [(metal, tube([(0, d / 2 - 0.02, h + 0.12), (0, d / 2 - 0.16, h + 0.1)], 0.018))]
    return Piece(inside + walls + tap, (w, d, h))


def shower(rng: Rng, palette: Palette) -> Piece:
    """Make a shower tray with a curtain or frosted panes, a bar and a head."""
    side = float(rng.uniform(0.8, 1.0))
    white = palette.plain((236, 236, 233), shine=0.5)
    metal = palette.plain((182, 184, 186), shine=0.7)
    parts: Parts = [(white, slab((side, side, 0.08), (0, 0, 0.04))),
                    (metal, tube([(0, side / 2 - 0.03, 0.9), (0, side / 2 - 0.03, 2.05),
                                  (0, side / 2 - 0.25, 2.1)], 0.011)),
                    (metal, rod(0.07, 0.02).moved((0, side / 2 - 0.25, 2.08)))]
    if rng.random() < 0.5:
        cloth = palette.pick('fabric')
        span = side * float(rng.uniform(0.3, 1.0))
        parts.append((cloth, drape(rng, span, 1.75).moved((-side / 2, -side / 2, 0.15))))
        parts.append((metal, rod(0.012, side).moved((-side / 2, -side / 2, 1.92),
                                                    pitch=np.pi / 2)))
    else:
        frosted = palette.plain((206, 216, 216), shine=0.7)
        parts += [(frosted, slab((side * 0.5, 0.012, 1.85), (-side / 4, -side / 2, 1.0))),
                  (metal, slab((0.03, 0.03, 1.9), (-side / 2, -side / 2, 1.02))),
                  (metal, slab((side, 0.03, 0.03), (0, -side / 2, 1.95)))]
    return Piece(parts, (side, side, 2.0))


def towels(rng: Rng, palette: Palette) -> Parts:
    """Hang towels on a bar at y = 0, facing -y, the bar at z = 0."""
    w = float(rng.uniform(0.4, 0.8))
    metal = palette.plain((178, 180, 182), shine=0.6)
    parts: Parts = [(metal, tube([(-w / 2, -0.06, 0), (w / 2, -0.06, 0)], 0.009))]
    parts += [(metal, slab((0.02, 0.06, 0.02), (i * w / 2, -0.03, 0))) for i in (-1, 1)]
    x = -w / 2 + 0.03
    while x < w / 2 - 0.15:
        span, drop = float(rng.uniform(0.15, 0.45)), float(rng.uniform(0.3, 0.7))
        span = min(span, w / 2 - x)
        middle = x + span / 2, -0.06, -drop / 2 + 0.02
        parts.append((palette.pick('fabric'), soft((span, 0.045, drop), middle, roundness=0.25,
                                                   rings=6)))
        x += span + 0.04
    return parts
