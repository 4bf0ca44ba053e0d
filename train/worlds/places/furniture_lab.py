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

"""Laboratory pieces: work benches, carts, instrument racks, gas bottles, ladders, robots."""

import numpy as np
from sa4depth_train.worlds.places.clutter import gadget, spread
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import (
    moved_parts, Piece, rod, round_body, slab, soft, Surface, tube)
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def work_bench(rng: Rng, palette: Palette) -> Piece:
    """Make a heavy bench with a shelf below and often a superstructure above."""
    w, d, h = (float(rng.uniform(*span)) for span in ((1.2, 2.6), (0.65, 0.95), (0.75, 0.98)))
    top, frame = palette.pick('wood'), palette.pick('metal')
    parts: Parts = [(top, slab((w, d, 0.04), (0, 0, h - 0.02)))]
    parts += [(frame, slab((0.05, 0.05, h - 0.04), (i * (w / 2 - 0.05), j * (d / 2 - 0.05),
                                                    h / 2 - 0.02))) for i in (-1, 1)
              for j in (-1, 1)]
    tops = [Surface(-w / 2, w / 2, -d / 2, d / 2, h, 0.45)]
    if rng.random() < 0.7:
        parts.append((top, slab((w - 0.12, d - 0.15, 0.025), (0, 0, 0.2))))
        tops.append(Surface(-w / 2 + 0.1, w / 2 - 0.1, -d / 2 + 0.1, d / 2 - 0.1, 0.215, 0.4))
    if rng.random() < 0.5:
        parts += [(frame, slab((0.04, 0.04, 0.9), (i * (w / 2 - 0.04), d / 2 - 0.04, h + 0.45)))
                  for i in (-1, 1)]
        for z in (h + 0.45, h + 0.85):
            parts.append((frame, slab((w, 0.3, 0.02), (0, d / 2 - 0.15, z))))
            tops.append(Surface(-w / 2, w / 2, d / 2 - 0.3, d / 2, z + 0.01, 0.35))
    return Piece(parts, (w, d, h), tuple(tops))


def cart(rng: Rng, palette: Palette) -> Piece:
    """Make a cart on castors with two or three decks."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.5, 0.9), (0.4, 0.6), (0.6, 1.0)))
    metal, deck = palette.pick('metal'), palette.pick('plastic')
    black = palette.plain((28, 28, 30))
    parts: Parts = []
    for i in (-1, 1):
        for j in (-1, 1):
            x, y = i * (w / 2 - 0.02), j * (d / 2 - 0.02)
            parts.append((metal, rod(0.014, h - 0.06, segments=8).moved((x, y, 0.06))))
            parts.append((black, soft((0.06, 0.09, 0.09), (x, y, 0.045), roundness=0.8, rings=6,
                                      segments=8)))
    tops = []
    for z in np.linspace(0.15, h - 0.08, int(rng.integers(2, 4))):
        parts.append((deck, slab((w, d, 0.03), (0, 0, float(z)))))
        tops.append(Surface(-w / 2, w / 2, -d / 2, d / 2, float(z) + 0.015, 0.3))
    return Piece(parts, (w, d, h), tuple(tops))


def instrument_rack(rng: Rng, palette: Palette) -> Piece:
    """Make a cabinet of instruments with lamps, knobs and cables."""
    w, d, h = 0.6, float(rng.uniform(0.6, 0.9)), float(rng.uniform(0.9, 2.0))
    case = palette.pick('metal')
    parts: Parts = [(case, slab((w, d - 0.04, h), (0, 0.02, h / 2)))]
    z = 0.1
    while z < h - 0.2:
        tall = float(rng.choice((0.044, 0.089, 0.133, 0.178)))
        if rng.random() < 0.85:
            parts.append(palette.small(slab((w - 0.1, 0.03, tall - 0.006),
                                            (0, -d / 2 + 0.015, z + tall / 2))))
            for _ in range(int(rng.integers(0, 4))):
                at = float(rng.uniform(-0.22, 0.22)), -d / 2 - 0.005, z + tall / 2
                parts.append(palette.small(slab((0.03, 0.02, 0.02), at)))
        z += tall
    for _ in range(int(rng.integers(0, 4))):
        a, b = float(rng.uniform(-0.2, 0.2)), float(rng.uniform(-0.2, 0.2))
        z0, z1 = (float(v) for v in rng.uniform(0.2, h - 0.2, 2))
        parts.append(palette.small(tube([(a, -d / 2, z0), (0.5 * (a + b), -d / 2 - 0.09,
                                                           min(z0, z1) - 0.05),
                                         (b, -d / 2, z1)], 0.005, sides=4)))
    return Piece(parts, (w, d, h), (Surface(-0.3, 0.3, -d / 2, d / 2, h, 0.4),))


def gas_bottle(rng: Rng, palette: Palette) -> Piece:
    """Make a gas bottle or a fire extinguisher."""
    r, h = ((0.11, 1.45), (0.085, 0.55))[int(rng.integers(2))]
    body = round_body([(0, 0), (r, 0), (r, 0.85 * h), (0.5 * r, 0.95 * h), (0.03, h), (0, h)],
                      segments=16)
    red = palette.plain((178, 34, 30), shine=0.4) if h < 1 else palette.pick('plastic')
    parts: Parts = [(red, body), palette.small(slab((0.06, 0.06, 0.06), (0, 0, h + 0.02))),
                    palette.small(tube([(0, 0, h + 0.03), (r * 1.2, 0, h), (r * 1.15, 0, 0.4 * h)],
                                       0.01))]
    return Piece(parts, (2.3 * r, 2.3 * r, h))


def ladder(rng: Rng, palette: Palette) -> Piece:
    """Make a step ladder."""
    h, w = float(rng.uniform(0.8, 2.0)), 0.45
    metal = palette.pick('metal')
    reach = 0.28 * h
    parts: Parts = []
    for i in (-1, 1):
        parts.append((metal, tube([(i * w / 2, -reach, 0), (i * w * 0.4, 0, h)], 0.02)))
        parts.append((metal, tube([(i * w / 2, reach, 0), (i * w * 0.4, 0.04, h)], 0.016)))
    for k in range(1, int(h / 0.25)):
        z = 0.25 * k
        parts.append((metal, slab((w * 0.92, 0.08, 0.02), (0, -reach * (1 - z / h), z))))
    return Piece(parts, (w + 0.05, 2 * reach, h))


def robot(rng: Rng, palette: Palette) -> Piece:
    """Make a mobile base with decks and a mast, or an arm on a pedestal."""
    if rng.random() < 0.5:
        return _arm(rng, palette)
    r, h = float(rng.uniform(0.16, 0.35)), float(rng.uniform(0.25, 1.4))
    skin, dark = palette.pick('plastic'), palette.plain((34, 34, 36), shine=0.2)
    parts: Parts = [(skin, rod(r, 0.14, segments=18).moved((0, 0, 0.06)))]
    parts += [(dark, slab((0.05, 0.16, 0.16), (i * r, 0, 0.08))) for i in (-1, 1)]
    for z in np.linspace(0.22, max(0.3, h - 0.1), 3):
        parts.append((skin, rod(r * 0.9, 0.015, segments=18).moved((0, 0, float(z)))))
        parts += moved_parts(gadget(rng, palette), (0, 0, float(z) + 0.015))
    parts += [(dark, rod(0.012, h - 0.1, segments=6).moved(
        (r * 0.7 * np.cos(a), r * 0.7 * np.sin(a), 0.1))) for a in (0.5, 2.6, 4.2)]
    return Piece(parts, (2 * r + 0.06, 2 * r + 0.06, h))


def _arm(rng: Rng, palette: Palette) -> Piece:
    skin, dark = palette.pick('plastic'), palette.plain((44, 44, 48))
    base = float(rng.uniform(0.3, 0.8))
    parts: Parts = [(dark, slab((0.4, 0.4, base), (0, 0, base / 2)))]
    at = np.array([0.0, 0.0, base])
    for _ in range(4):
        step = rng.normal(0, 0.16, 3) + [0, 0, 0.12]
        parts.append((skin, tube([at, at + step], 0.05, sides=10)))
        at = at + step
        at[2] = max(at[2], 0.2)
        parts.append((dark, soft((0.13, 0.13, 0.13), at, roundness=0.9, rings=6, segments=10)))
    return Piece(parts, (0.5, 0.5, base + 0.5))


def loaded_pallet(rng: Rng, palette: Palette) -> Piece:
    """Make a low platform or mat with equipment."""
    w, d = float(rng.uniform(0.5, 1.2)), float(rng.uniform(0.5, 1.0))
    wood = palette.pick('wood')
    parts: Parts = [(wood, slab((w, d, 0.12), (0, 0, 0.06)))]
    parts += spread(rng, palette, Surface(-w / 2, w / 2, -d / 2, d / 2, 0.12, 0.6), (gadget,), 8.0)
    return Piece(parts, (w, d, 0.3))
