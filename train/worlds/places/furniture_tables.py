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

"""Tables and desks of all heights and legs."""

import numpy as np
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import Piece, rod, slab, Surface, tube
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def table(rng: Rng, palette: Palette, width: tuple[float, float], depth: tuple[float, float],
          height: tuple[float, float]) -> Piece:
    """Make a table with four legs, trestles, side panels or one foot; sizes are ranges [m]."""
    w, d, h = (float(rng.uniform(*span)) for span in (width, depth, height))
    top = palette.pick('wood', again=0.5)
    legs = top if rng.random() < 0.5 else palette.pick('metal')
    thick = float(rng.uniform(0.018, 0.05))
    style = rng.random()
    if style < 0.15 and abs(w - d) < 0.6:
        return _round_table(rng, palette, top, min(w, d), h, thick)
    parts: Parts = [(top, slab((w, d, thick), (0, 0, h - thick / 2)))]
    if style < 0.55:
        parts += _legs(rng, legs, w, d, h - thick)
    elif style < 0.75:
        parts += [(legs, slab((0.03, d * 0.95, h - thick), (i * (w / 2 - 0.03), 0,
                                                            (h - thick) / 2), grain='z'))
                  for i in (-1, 1)]
        parts.append((legs, slab((w - 0.1, 0.02, 0.3), (0, d * 0.3, h - thick - 0.15))))
    else:
        for i in (-1, 1):
            x = i * w * 0.4
            parts.append((legs, tube([(x, -d / 2 + 0.03, 0.015), (x, d / 2 - 0.03, 0.015)],
                                     0.025)))
            parts.append((legs, slab((0.06, 0.08, h - thick), (x, 0, (h - thick) / 2))))
    return Piece(parts, (w, d, h), (Surface(-w / 2, w / 2, -d / 2, d / 2, h),))


def dining_table(rng: Rng, palette: Palette) -> Piece:
    """Make a table to eat or meet at."""
    return table(rng, palette, (0.7, 2.3), (0.65, 1.05), (0.71, 0.78))


def coffee_table(rng: Rng, palette: Palette) -> Piece:
    """Make a low table."""
    return table(rng, palette, (0.5, 1.3), (0.4, 0.75), (0.3, 0.52))


def desk(rng: Rng, palette: Palette, *, plain: bool = False) -> Piece:
    """Make a desk, often with drawers below; ``plain`` leaves them out."""
    piece = table(rng, palette, (1.0, 1.9), (0.6, 0.85), (0.68, 0.8))
    w, d, h = piece.size
    parts = list(piece.parts)
    if not plain and rng.random() < 0.6:
        parts += pedestal(rng, palette, (float(rng.choice((-1, 1))) * (w / 2 - 0.26), 0.05),
                          min(d - 0.1, 0.6), h - float(rng.uniform(0.06, 0.2)))
    if rng.random() < 0.25:
        parts.append((palette.pick('plastic'), slab((w, 0.02, 0.45), (0, d / 2 + 0.02, h + 0.1))))
    return Piece(parts, (w, d, h), piece.tops)


def pedestal(rng: Rng, palette: Palette, at: tuple[float, float], depth: float,
             height: float) -> Parts:
    """Make a block of drawers that faces -y."""
    body, metal = palette.pick('wood', again=0.7), palette.plain((165, 165, 165), shine=0.5)
    x, y = at
    parts: Parts = [(body, slab((0.42, depth, height - 0.04), (x, y, height / 2 + 0.02)))]
    count = int(rng.integers(2, 5))
    step = (height - 0.08) / count
    for k in range(count):
        z = 0.06 + (k + 0.5) * step
        parts.append((body, slab((0.41, 0.018, step - 0.008), (x, y - depth / 2 - 0.008, z))))
        parts.append((metal, slab((0.14, 0.02, 0.012), (x, y - depth / 2 - 0.026,
                                                        z + 0.25 * step))))
    return parts


def _legs(rng: Rng, name: str, w: float, d: float, h: float) -> Parts:
    side = float(rng.uniform(0.025, 0.08))
    inset = float(rng.uniform(0.0, 0.08)) + side / 2
    round_leg = rng.random() < 0.35
    splay = float(rng.uniform(0, 0.08)) if round_leg else 0.0
    parts: Parts = []
    for i in (-1, 1):
        for j in (-1, 1):
            x, y = i * (w / 2 - inset), j * (d / 2 - inset)
            if round_leg:
                low = (x + i * (splay - inset), y + j * (splay - inset), 0)
                parts.append((name, tube([low, (x - i * splay, y - j * splay, h)], side / 2,
                                         sides=8)))
            else:
                parts.append((name, slab((side, side, h), (x, y, h / 2), grain='z')))
    if rng.random() < 0.5:
        parts += [(name, slab((w - 2 * inset, 0.02, 0.08), (0, j * (d / 2 - inset), h - 0.04)))
                  for j in (-1, 1)]
    return parts


def _round_table(rng: Rng, palette: Palette, top: str, side: float, h: float,
                 thick: float) -> Piece:
    metal = palette.pick('metal')
    r = side / 2
    parts: Parts = [(top, rod(r, thick, segments=28).moved((0, 0, h - thick))),
                    (metal, rod(0.035, h - thick)),
                    (metal, rod(float(rng.uniform(0.4, 0.7)) * r, 0.025, segments=20))]
    reach = 0.7 * r
    return Piece(parts, (side, side, h), (Surface(-reach, reach, -reach, reach, h),))
