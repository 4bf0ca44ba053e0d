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

"""Screens, computers, laptops, copiers, partitions and laboratory equipment."""

import numpy as np
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import (
    moved_parts, Piece, rod, slab, Surface, tilted, tube)
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def screen_arm(rng: Rng, palette: Palette) -> Parts:
    """Make a computer screen on a foot; it faces -y and stands on z = 0."""
    w = float(rng.uniform(0.4, 0.72))
    h, lift = w * float(rng.uniform(0.54, 0.68)), float(rng.uniform(0.06, 0.16))
    case = palette.plain((24, 24, 26), shine=0.35) if rng.random() < 0.7 else palette.plain(
        (190, 190, 188), shine=0.3)
    parts: Parts = [(case, slab((0.26, 0.19, 0.015), (0, 0.03, 0.008))),
                    (case, slab((0.05, 0.03, lift + h / 2), (0, 0.05, (lift + h / 2) / 2)))]
    head: Parts = [(case, slab((w, 0.035, h)))]
    if rng.random() < 0.5:
        head.append((palette.pick('screen'), panel(
            (-w / 2 + 0.012, -0.018, -h / 2 + 0.02), (w - 0.024, 0, 0), (0, 0, h - 0.034),
            picture=True, cell=9)))
    else:
        off = palette.plain((10, 11, 13), shine=0.7)
        head.append((off, slab((w - 0.03, 0.002, h - 0.04), (0, -0.0185, 0.004))))
    lean = float(rng.uniform(-0.2, 0.02))
    parts += [(name, tilted(mesh, lean).moved((0, 0, lift + h / 2))) for name, mesh in head]
    return parts


def laptop(rng: Rng, palette: Palette) -> Parts:
    """Make an open laptop that faces -y."""
    w = float(rng.uniform(0.28, 0.38))
    d = w * 0.68
    case = palette.plain((168, 170, 172), shine=0.4) if rng.random() < 0.5 else palette.plain(
        (28, 28, 30), shine=0.3)
    dark = palette.plain((30, 30, 32), shine=0.1)
    parts: Parts = [(case, slab((w, d, 0.018), (0, 0, 0.009))),
                    (dark, slab((w * 0.88, d * 0.45, 0.003), (0, d * 0.14, 0.019)))]
    lid: Parts = [(case, slab((w, 0.008, d), (0, 0, d / 2))),
                  (palette.pick('screen'), panel((-w / 2 + 0.01, -0.0045, 0.012),
                                                 (w - 0.02, 0, 0), (0, 0, d - 0.024),
                                                 picture=True, cell=9))]
    angle = -float(rng.uniform(0.1, 0.6))
    return parts + [(name, tilted(mesh, angle).moved((0, d / 2, 0.018))) for name, mesh in lid]


def computer(rng: Rng, palette: Palette) -> Parts:
    """Make a computer case that stands on z = 0 and faces -y."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.09, 0.22), (0.3, 0.5), (0.3, 0.48)))
    case = palette.plain((30, 30, 32), shine=0.2) if rng.random() < 0.7 else palette.plain(
        (206, 202, 190), shine=0.1)
    return [(case, slab((w, d, h), (0, 0, h / 2))),
            palette.small(slab((w * 0.8, 0.01, 0.05), (0, -d / 2, h * 0.85))),
            palette.small(slab((w * 0.8, 0.01, 0.05), (0, -d / 2, h * 0.7)))]


def partition(rng: Rng, palette: Palette, width: float) -> Parts:
    """Make a screen of cloth between two desks, standing on z = 0."""
    h = float(rng.uniform(0.3, 0.6))
    return [(palette.pick('fabric', again=0.8), slab((width, 0.03, h), (0, 0, h / 2)))]


def copier(rng: Rng, palette: Palette) -> Piece:
    """Make a printer on a stand or a floor-standing copier."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.4, 0.65), (0.4, 0.65), (0.6, 1.15)))
    white, grey = palette.plain((222, 222, 218), shine=0.2), palette.plain((92, 94, 98))
    parts: Parts = [(white, slab((w, d, h * 0.55), (0, 0, h * 0.275)))]
    for k in range(3):
        parts.append((grey, slab((w * 0.92, 0.02, 0.008), (0, -d / 2, h * (0.14 + 0.14 * k)))))
    parts += [(grey, slab((w, d, h * 0.08), (0, 0, h * 0.59))),
              (white, slab((w * 0.3, d, h * 0.2), (-w * 0.35, 0, h * 0.73))),
              (white, slab((w, d * 0.6, h * 0.2), (0, d * 0.2, h * 0.73))),
              (white, slab((w, d, h * 0.17), (0, 0, h * 0.915))),
              (grey, slab((w * 0.3, 0.12, 0.02), (w * 0.2, -d / 2 - 0.05, h * 0.85)))]
    return Piece(parts, (w, d + 0.1, h), (Surface(-w / 2, w / 2, -d / 2, d / 2, h, 0.4),))


def tripod(rng: Rng, palette: Palette) -> Piece:
    """Make a tripod that carries a camera or a lamp."""
    h, r = float(rng.uniform(0.9, 1.7)), float(rng.uniform(0.25, 0.45))
    metal = palette.pick('metal')
    parts: Parts = [(metal, rod(0.015, 0.4).moved((0, 0, h - 0.4)))]
    for k in range(3):
        a = 2.0944 * k + 0.4
        parts.append((metal, tube([(r * np.cos(a), r * np.sin(a), 0), (0, 0, h - 0.3)], 0.012)))
    parts += moved_parts([palette.small(slab((0.14, 0.09, 0.1), (0, 0, 0.05))),
                          palette.small(rod(0.03, 0.08).moved((0, -0.05, 0.05), pitch=0.0))],
                         (0, 0, h))
    return Piece(parts, (1.7 * r, 1.7 * r, h + 0.1))
