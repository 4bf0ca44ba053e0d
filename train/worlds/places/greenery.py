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

"""Groups of plants by windows and in corners, hanging plants, and tables to play at."""

import numpy as np
from sa4depth_train.worlds.places.furnisher import Furnisher, Spot
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.plants import dense_plant, hanging_plant
from sa4depth_train.worlds.places.solids import Piece, slab, tube
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def add_greenery(room: Furnisher) -> None:
    """Put groups of dense plants into some rooms, mostly by the windows; hang others."""
    if room.chance(0.45):
        return
    for _ in range(room.count(1, 2)):
        plant_group(room, room.count(2, 6) if room.chance(0.6) else 1)
    if room.chance(0.3):
        for _ in range(room.count(1, 3)):
            _hang(room)


def plant_group(room: Furnisher, count: int) -> None:
    """Stand plants together, the first before a window where there is one."""
    rng, palette = room.rng, room.palette
    windows = tuple(o.wall for o in room.plan.openings if o.kind == 'window')
    first = dense_plant(rng, palette)
    spot: Spot | None = None
    if windows and room.chance(0.75):
        spot = room.against_wall(first, walls=windows, above=0.1, gap=0.06)
    if spot is None:
        spot = room.against_wall(first, gap=0.06) if room.chance(0.8) else room.anywhere(first)
    kinds = [first, dense_plant(rng, palette)]
    for k in range(1, count):
        if spot is None:
            return
        piece = kinds[int(rng.integers(2))] if room.chance(0.6) else dense_plant(rng, palette)
        away = (first.size[0] + piece.size[0]) / 2 + float(rng.uniform(-0.1, 0.15))
        step = float(rng.choice((-1, 1))) * away * ((k + 1) // 2)
        room.near(piece, spot, (step, -float(rng.uniform(0.0, 0.35))),
                  float(rng.uniform(-np.pi, np.pi)))


def kicker_table(rng: Rng, palette: Palette) -> Piece:
    """Make a table football: a box on legs, rods with handles and two teams."""
    w, d, h = 1.35, 0.75, float(rng.uniform(0.84, 0.94))
    body = palette.pick('wood') if rng.random() < 0.6 else palette.plain((30, 30, 34), shine=0.3)
    field, steel = palette.plain((44, 110, 62)), palette.plain((176, 178, 182), shine=0.6)
    grip = palette.plain((22, 22, 24))
    teams = palette.plain((176, 34, 30), shine=0.3), palette.plain((36, 60, 150), shine=0.3)
    wall, z = 0.035, h - 0.24
    parts: Parts = [(field, slab((w - 0.02, d - 0.02, 0.02), (0, 0, z + 0.09)))]
    parts += [(body, slab((w, wall, 0.26), (0, i * (d - wall) / 2, h - 0.13))) for i in (-1, 1)]
    parts += [(body, slab((wall, d, 0.26), (i * (w - wall) / 2, 0, h - 0.13))) for i in (-1, 1)]
    parts.append((body, slab((w, d, 0.02), (0, 0, h - 0.25))))
    parts += [(body, slab((0.09, 0.09, z), (i * (w / 2 - 0.08), j * (d / 2 - 0.08), z / 2)))
              for i in (-1, 1) for j in (-1, 1)]
    for k in range(8):
        x, shift = (k - 3.5) * 0.15, float(rng.uniform(-0.1, 0.1))
        side = -1 if k % 2 else 1
        ends = [(x, side * (d / 2 + 0.22) + shift * 0.5, h - 0.06), (x, -side * d / 2, h - 0.06)]
        parts.append((steel, tube(ends, 0.008)))
        hold = np.array(ends[0]) + [0, side * 0.1, 0]
        parts.append((grip, tube([ends[0], hold], 0.017)))
        team, men = teams[k % 2], (1, 2, 3, 5, 5, 3, 2, 1)[k]
        for man in range(men):
            y = (man - (men - 1) / 2) * 0.6 / men + shift * 0.4
            parts.append((team, slab((0.022, 0.03, 0.1), (x, y, h - 0.085))))
    return Piece(parts, (w, d + 0.7, h))


def _hang(room: Furnisher) -> None:
    parts = hanging_plant(room.rng, room.palette)
    w, d = room.plan.size
    if room.full():
        return
    x, y = float(room.rng.uniform(0.3, w - 0.3)), float(room.rng.uniform(0.3, d - 0.3))
    if room.chance(0.6):    # near a wall
        if room.chance(0.5):
            x = float(room.rng.choice((0.3, w - 0.3)))
        else:
            y = float(room.rng.choice((0.3, d - 0.3)))
    if room.plan.notch is not None:
        x0, x1, y0, y1 = room.plan.notch
        if x0 - 0.3 < x < x1 + 0.3 and y0 - 0.3 < y < y1 + 0.3:
            return
    room.builder.place(parts, (x, y, room.plan.height))
