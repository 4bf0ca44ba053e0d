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

"""Lamps, plants, rugs, radiators, televisions and boards."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.clutter import blade
from sa4depth_train.worlds.places.furnisher import Furnisher, Spot
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.plants import dense_plant
from sa4depth_train.worlds.places.solids import Piece, rod, round_body, slab, soft, tube
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def floor_lamp(rng: Rng, palette: Palette) -> Piece:
    """Make a standing lamp with a shade, a globe or a bent arm."""
    h, r = float(rng.uniform(1.2, 1.85)), float(rng.uniform(0.12, 0.25))
    metal = palette.pick('metal')
    shade = 'glow' if rng.random() < 0.5 else palette.plain((228, 220, 204))
    parts: Parts = [(metal, rod(r * 0.8, 0.025, segments=16)), (metal, rod(0.012, h - 0.1))]
    if rng.random() < 0.7:
        parts.append((shade, round_body([(r, h - 0.3), (r * float(rng.uniform(0.5, 1.0)), h)],
                                        smooth=False, segments=18).double_sided()))
    else:
        parts.append((shade, soft((0.3, 0.3, 0.3), (0, 0, h), roundness=1.0)))
    return Piece(parts, (2 * r, 2 * r, h))


def large_plant(rng: Rng, palette: Palette) -> Piece:
    """Make a plant in a pot: a fountain of leaves, a bush or a small tree, or a denser one."""
    if rng.random() < 0.5:
        return dense_plant(rng, palette)
    r, pot = float(rng.uniform(0.1, 0.22)), float(rng.uniform(0.18, 0.45))
    parts: Parts = [(palette.pick('plastic'), round_body(
        [(0, 0), (0.75 * r, 0), (r, pot), (0.92 * r, pot), (0.9 * r, pot * 0.9),
         (0, pot * 0.9)], smooth=False, segments=16))]
    skin = palette.pick('leaf', again=0.5)
    tall = float(rng.uniform(0.3, 1.5))
    style = int(rng.integers(3))
    if style == 0:
        for k in range(int(rng.integers(14, 34))):
            parts.append((skin, blade(rng, tall * float(rng.uniform(0.6, 1.1))).moved(
                (0, 0, pot * 0.9), yaw=2.39996 * k)))
        return Piece(parts, (2 * r + 0.1, 2 * r + 0.1, pot + tall))
    stem = palette.pick('wood')
    count = int(rng.integers(2, 7)) if style == 1 else 1
    for _ in range(count):
        sway = rng.normal(0, 0.25 if style == 1 else 0.05, 2) * tall
        tip = np.array([*sway, pot + tall * float(rng.uniform(0.7, 1.0))])
        base = np.array([0.0, 0.0, pot * 0.9])
        parts.append((stem, tube([base, 0.5 * (base + tip) + [0.02, 0, 0.03], tip], 0.012)))
        for _leaf in range(40 // count + 4):
            t = float(rng.uniform(0.3, 1.0) if style == 1 else rng.uniform(0.75, 1.0))
            at = base + t * (tip - base)
            parts.append((skin, blade(rng, float(rng.uniform(0.1, 0.32))).moved(
                at, yaw=float(rng.uniform(0, 6.28)))))
    return Piece(parts, (2 * r + 0.15, 2 * r + 0.15, pot + tall))


def radiator(rng: Rng, palette: Palette) -> Piece:
    """Make a ribbed or flat radiator that hangs a hand above the floor."""
    w, h, d = (float(rng.uniform(*span)) for span in ((0.5, 1.8), (0.35, 0.7), (0.06, 0.14)))
    white = palette.plain((230, 229, 224), shine=0.2)
    z = 0.12
    parts: Parts = [(white, slab((w, d * 0.3, h), (0, d * 0.3, z + h / 2)))]
    if rng.random() < 0.7:
        count = int(w / float(rng.uniform(0.05, 0.1)))
        step = w / count
        parts += [(white, slab((step * 0.6, d, h), (-w / 2 + (k + 0.5) * step, 0, z + h / 2)))
                  for k in range(count)]
    else:
        parts.append((white, slab((w, d, h), (0, 0, z + h / 2))))
    parts.append((white, tube([(w / 2, 0, z + 0.05), (w / 2 + 0.06, 0, z + 0.05),
                               (w / 2 + 0.06, 0, 0)], 0.01)))
    return Piece(parts, (w + 0.1, d, h + z))


def television(rng: Rng, palette: Palette) -> Parts:
    """Make a television that stands on z = 0 and faces -y; mostly switched off."""
    w = float(rng.uniform(0.7, 1.35))
    h = w * 0.57
    black = palette.plain((18, 18, 20), shine=0.5)
    parts: Parts = [(black, slab((w, 0.05, h), (0, 0, 0.07 + h / 2))),
                    (black, slab((0.3, 0.2, 0.02), (0, 0, 0.01))),
                    (black, slab((0.06, 0.03, 0.1), (0, 0.02, 0.05)))]
    if rng.random() < 0.35:
        parts.append((palette.pick('screen'), panel(
            (-w / 2 + 0.01, -0.026, 0.08), (w - 0.02, 0, 0), (0, 0, h - 0.02), picture=True,
            cell=9)))
    return parts


def board(rng: Rng, palette: Palette, width: float, height: float, *, chalk: bool) -> Parts:
    """Make a white board or chalk board with writing, its middle at the origin, facing -y."""
    name = palette.pick('board') if rng.random() < 0.35 else palette.plain(
        (38, 62, 52) if chalk else (242, 243, 245), shine=0.05 if chalk else 0.5)
    metal = palette.plain((150, 152, 154), shine=0.5)
    flat = panel((-width / 2, -0.02, -height / 2), (width, 0, 0), (0, 0, height), picture=True,
                 cell=9)
    parts: Parts = [(name, flat), (metal, slab((width, 0.07, 0.02), (0, -0.04, -height / 2)))]
    parts += [(metal, slab((0.02, 0.03, height), (i * width / 2, -0.015, 0))) for i in (-1, 1)]
    parts.append((metal, slab((width, 0.03, 0.02), (0, -0.015, height / 2))))
    for _ in range(int(rng.integers(0, 14))):   # strokes
        size = float(rng.uniform(0.05, 0.3)), 0.002, float(rng.uniform(0.006, 0.02))
        x, z = (float(v) for v in rng.uniform(-0.42, 0.42, 2) * (width, height))
        parts.append(palette.small(slab(size, (x, -0.022, z))))
    return parts


def rug(room: Furnisher, spot: Spot, offset: tuple[float, float]) -> None:
    """Lay a rug at an offset in the frame of a piece, cut to the room."""
    rng = room.rng
    w, d = float(rng.uniform(1.0, 2.8)), float(rng.uniform(0.8, 2.0))
    (x, y), turn = spot
    c, s = np.cos(turn), np.sin(turn)
    if abs(s) > 0.7:
        w, d = d, w
    cx, cy = x + c * offset[0] - s * offset[1], y + s * offset[0] + c * offset[1]
    width, depth = room.plan.size
    x0, x1 = float(np.clip(cx - w / 2, 0.05, width)), float(np.clip(cx + w / 2, 0, width - 0.05))
    y0, y1 = float(np.clip(cy - d / 2, 0.05, depth)), float(np.clip(cy + d / 2, 0, depth - 0.05))
    if x1 - x0 < 0.4 or y1 - y0 < 0.4:
        return
    name = room.palette.pick('fabric', again=0.2)
    mesh: Mesh = slab((x1 - x0, y1 - y0, 0.012), ((x0 + x1) / 2, (y0 + y1) / 2, 0.006))
    room.builder.add(name, mesh)
    if room.chance(0.5):
        room.builder.add(room.palette.pick('rug'), panel(
            (x0, y0, 0.0135), (x1 - x0, 0, 0), (0, y1 - y0, 0), picture=True, cell=9))
