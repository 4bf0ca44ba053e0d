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

"""Shelves, cupboards, wardrobes, drawers, racks and boxes."""

from itertools import pairwise

import numpy as np
from sa4depth_train.worlds.furniture import lying_books
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.clutter import EVERYWHERE, Maker, spread
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import (
    moved_parts, Piece, rod, round_body, slab, soft, Surface, tube)
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def shelf(rng: Rng, palette: Palette, *, makers: tuple[Maker, ...] = EVERYWHERE,
          books: float = 0.5) -> Piece:
    """Make an open shelf filled with books (a share of its boards), binders and things."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.4, 2.0), (0.22, 0.45), (0.7, 2.3)))
    wood, board = palette.pick('wood'), float(rng.uniform(0.016, 0.035))
    parts: Parts = [(wood, slab((board, d, h), (i * (w - board) / 2, 0, h / 2), grain='z'))
                    for i in (-1, 1)]
    if rng.random() < 0.7:
        parts.append((wood, slab((w, 0.01, h), (0, d / 2 - 0.005, h / 2), grain='z')))
    levels = np.linspace(float(rng.uniform(0.02, 0.1)), h - board / 2,
                         max(3, round(h / float(rng.uniform(0.28, 0.45))) + 1))
    parts += [(wood, slab((w - board, d - 0.01, board), (0, 0, z))) for z in levels]
    columns = max(1, round(w / float(rng.uniform(0.5, 1.2))))
    step = (w - 2 * board) / columns
    for k in range(1, columns):
        parts.append((wood, slab((board, d - 0.02, h), (-w / 2 + board + k * step, 0, h / 2),
                                 grain='z')))
    for k in range(columns):
        for low, high in pairwise(levels):
            x0 = -w / 2 + board + k * step + 0.02
            bay = Surface(x0, x0 + step - 0.05, -d / 2 + 0.02, d / 2 - 0.02,
                          float(low) + board / 2, float(high - low) - board - 0.02)
            parts += _bay(rng, palette, bay, makers, books)
    return Piece(parts, (w, d, h), (Surface(-w / 2, w / 2, -d / 2, d / 2, h, 0.4),))


def cupboard(rng: Rng, palette: Palette, width: tuple[float, float],
             depth: tuple[float, float], height: tuple[float, float]) -> Piece:
    """Make a closed cupboard with doors, drawers or a mix; sizes are ranges [m]."""
    w, d, h = (float(rng.uniform(*span)) for span in (width, depth, height))
    front, body = palette.pick('wood'), palette.pick('wood', again=0.8)
    base = float(rng.choice((0.0, 0.06, 0.12)))
    parts: Parts = [(body, slab((w, d - 0.02, h - base), (0, 0.01, (h + base) / 2), grain='z'))]
    if base > 0.1:
        parts += [(body, slab((0.04, 0.04, base), (i * (w / 2 - 0.05), j * (d / 2 - 0.06),
                                                   base / 2))) for i in (-1, 1) for j in (-1, 1)]
    elif base > 0:
        parts.append((body, slab((w - 0.04, d - 0.1, base), (0, 0.03, base / 2))))
    metal = palette.plain((160, 160, 158), shine=0.5)
    columns = max(1, round(w / float(rng.uniform(0.4, 0.75))))
    handle = int(rng.integers(3))
    drawers = rng.random() < (0.5 if h < 1.3 else 0.1)
    for k in range(columns):
        x = -w / 2 + (k + 0.5) * w / columns
        rows = int(rng.integers(2, 6)) if drawers and rng.random() < 0.8 else 1
        step = (h - base) / rows
        for row in range(rows):
            z = base + (row + 0.5) * step
            parts += _front(front, metal, (x, -d / 2 + 0.005, z),
                            (w / columns - 0.008, step - 0.008), handle, drawer=rows > 1)
    return Piece(parts, (w, d, h), (Surface(-w / 2, w / 2, -d / 2, d / 2, h, 0.7),))


def wardrobe(rng: Rng, palette: Palette) -> Piece:
    """Make a wardrobe."""
    return cupboard(rng, palette, (0.8, 2.4), (0.5, 0.66), (1.8, 2.35))


def sideboard(rng: Rng, palette: Palette) -> Piece:
    """Make a low cupboard, a commode or a night table by its width."""
    return cupboard(rng, palette, (0.7, 2.0), (0.36, 0.55), (0.45, 1.15))


def night_table(rng: Rng, palette: Palette) -> Piece:
    """Make a small cupboard beside a bed."""
    return cupboard(rng, palette, (0.35, 0.55), (0.33, 0.45), (0.4, 0.65))


def metal_rack(rng: Rng, palette: Palette, makers: tuple[Maker, ...] = EVERYWHERE) -> Piece:
    """Make a rack of posts and boards that carries boxes and devices."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.7, 1.8), (0.35, 0.6), (1.2, 2.2)))
    metal, board = palette.pick('metal'), palette.pick('metal' if rng.random() < 0.5 else 'wood')
    parts: Parts = [(metal, slab((0.035, 0.035, h), (i * w / 2, j * d / 2, h / 2)))
                    for i in (-1, 1) for j in (-1, 1)]
    levels = np.linspace(0.12, h - 0.02, int(rng.integers(3, 6)))
    for low, high in zip(levels, [*levels[1:], levels[-1] + 0.5]):
        parts.append((board, slab((w, d, 0.03), (0, 0, low))))
        bay = Surface(-w / 2 + 0.03, w / 2 - 0.03, -d / 2, d / 2, float(low) + 0.015,
                      float(high - low) - 0.06)
        parts += (crates(rng, palette, bay) if rng.random() < 0.6
                  else spread(rng, palette, bay, makers, 8.0))
    return Piece(parts, (w + 0.04, d + 0.04, h))


def crates(rng: Rng, palette: Palette, bay: Surface) -> Parts:
    """Stand crates and boxes side by side."""
    parts: Parts = []
    x = bay.x0
    while True:
        w = float(rng.uniform(0.15, 0.45))
        if x + w > bay.x1:
            return parts
        h = min(bay.space, float(rng.uniform(0.12, 0.36)))
        d = (bay.y1 - bay.y0) * float(rng.uniform(0.6, 0.98))
        if rng.random() < 0.85 and h > 0.05:
            at = (x + w / 2, (bay.y0 + bay.y1) / 2, bay.z + h / 2)
            parts.append(palette.packet((w, d, h), at) if rng.random() < 0.4
                         else palette.small(slab((w, d, h), at)))
        x += w + float(rng.uniform(0.005, 0.08))


def boxes(rng: Rng, palette: Palette) -> Piece:
    """Pile cardboard boxes or crates on the floor."""
    parts: Parts = []
    z, w, d = 0.0, float(rng.uniform(0.25, 0.6)), float(rng.uniform(0.22, 0.5))
    brown = palette.plain((176, 138, 96)) if rng.random() < 0.7 else palette.pick('paper')
    for _ in range(int(rng.integers(1, 4))):
        h = float(rng.uniform(0.15, 0.45))
        shrink = float(rng.uniform(0.75, 1.0))
        carton: Parts = [(brown, slab((w * shrink, d * shrink, h), (0, 0, h / 2)))]
        carton.append(palette.small(slab((w * shrink + 0.002, 0.05, h * 0.3), (0, 0, h * 0.86))))
        parts += moved_parts(carton, (0, 0, z), yaw=float(rng.normal(0, 0.12)))
        z += h
        if z > 1.3 or rng.random() < 0.45:
            break
    return Piece(parts, (w + 0.06, d + 0.06, z), (Surface(-w / 3, w / 3, -d / 3, d / 3, z, 0.3),))


def bin_or_basket(rng: Rng, palette: Palette) -> Piece:
    """Make a waste bin, a laundry basket or a bucket."""
    r, h = float(rng.uniform(0.11, 0.24)), float(rng.uniform(0.24, 0.65))
    body = round_body([(0, 0.0), (0.8 * r, 0), (r, h), (0.95 * r, h), (0.76 * r, 0.03), (0, 0.03)],
                      segments=16, smooth=False)
    return Piece([(palette.pick('plastic'), body)], (2 * r, 2 * r, h))


def coat_stand(rng: Rng, palette: Palette) -> Piece:
    """Make a stand or a row of hooks' worth of coats on a post."""
    h = float(rng.uniform(1.5, 1.95))
    metal = palette.pick('metal')
    parts: Parts = [(metal, rod(0.02, h)), (metal, rod(0.18, 0.03, segments=16))]
    for k in range(int(rng.integers(2, 6))):
        a = 1.2 * k
        at = (0.14 * np.cos(a), 0.14 * np.sin(a), h - 0.12)
        parts.append((metal, tube([(0, 0, h - 0.1), at], 0.008)))
        if rng.random() < 0.7:
            drop = float(rng.uniform(0.5, 1.0))
            coat = soft((0.2, 0.34, drop), (0, 0, 0), roundness=0.6)
            parts.append((palette.pick('fabric'), coat.moved(
                (at[0] * 1.2, at[1] * 1.2, h - 0.12 - drop / 2), yaw=a)))
    return Piece(parts, (0.5, 0.5, h))


def _bay(rng: Rng, palette: Palette, bay: Surface, makers: tuple[Maker, ...],
         books: float) -> Parts:
    draw = rng.random()
    if draw < 0.12 or bay.space < 0.1:
        return []
    if draw < 0.12 + 0.88 * books:
        return _book_line(rng, bay)
    if draw > 0.85:
        return crates(rng, palette, bay)
    return spread(rng, palette, bay, makers, 16.0)


def _book_line(rng: Rng, bay: Surface) -> Parts:
    """Stand books or binders upright as one mesh of spines."""
    binders = rng.random() < 0.25
    fill = bay.x0 + (bay.x1 - bay.x0) * float(rng.uniform(0.4, 1.0))
    x, parts = bay.x0, []
    while True:
        t = float(rng.uniform(0.06, 0.08)) if binders else float(rng.uniform(0.015, 0.055))
        if x + t > fill:
            break
        h = min(bay.space, 0.31 if binders else float(rng.uniform(0.16, 0.3)))
        d = min(bay.y1 - bay.y0, 0.28 if binders else float(rng.uniform(0.13, 0.22)))
        if rng.random() > 0.04:
            at = (x + t / 2, bay.y0 + 0.02 + d / 2, bay.z + h / 2)
            parts.append(_book(rng, (t, d, h), at))
        x += t + 0.002
    if fill < bay.x1 - 0.3 and rng.random() < 0.5:
        parts += moved_parts(lying_books(rng, 2), ((fill + bay.x1) / 2 + 0.05, bay.y0 + 0.12,
                                                   bay.z), yaw=1.57)
    return parts


def _book(rng: Rng, size: tuple[float, float, float],
          at: tuple[float, float, float]) -> tuple[str, Mesh]:
    cell = int(rng.integers(16))
    mesh = slab(size, at)
    shown = np.tile([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)], (6, 1))
    uv = np.stack([(cell + 0.06 + 0.88 * shown[:, 0]) / 16, shown[:, 1]], 1)
    return 'books', Mesh(mesh.vertices, mesh.normals, uv, mesh.faces)


def _front(name: str, metal: str, at: tuple[float, float, float], size: tuple[float, float],
           handle: int, *, drawer: bool) -> Parts:
    x, y, z = at
    w, h = size
    parts: Parts = [(name, slab((w, 0.018, h), at, grain='x' if drawer else 'z'))]
    if handle == 0:
        grip = (min(0.16, 0.5 * w), 0.02, 0.014) if drawer else (0.014, 0.02, min(0.2, 0.4 * h))
        spot = (x, y - 0.022, z + 0.2 * h) if drawer else (x + w / 2 - 0.05, y - 0.022, z)
        parts.append((metal, slab(grip, spot)))
    elif handle == 1:
        spot = (x, y - 0.02, z) if drawer else (x + w / 2 - 0.05, y - 0.02, z)
        parts.append((metal, soft((0.035, 0.03, 0.035), spot, roundness=1.0, rings=6,
                                  segments=8)))
    return parts
