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

"""What is screwed to walls and ceilings: switches, sockets, clocks, boards, pipes, vents."""

from collections.abc import Callable

import numpy as np
from sa4depth_train.worlds.places.clutter import EVERYWHERE, spread
from sa4depth_train.worlds.places.furnisher import Furnisher
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import rod, slab, soft, Surface, tube
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator
# Parts that hang on y = 0 about z = 0 and face -y, with their width and height [m].
Fitting = tuple[Parts, float, float]
Make = Callable[[Rng, Palette], Fitting]


def add_fittings(room: Furnisher, *, at_work: bool) -> None:
    """Screw things to the walls of a furnished room; offices and the like have more of them."""
    rng = room.rng
    small: tuple[tuple[Make, tuple[float, float]], ...] = (
        (switch, (1.0, 1.25)), (socket, (0.25, 0.45)), (socket, (0.25, 1.1)), (vent, (1.9, 2.6)),
        (clock, (1.7, 2.2)), (notice, (1.2, 1.7)), (thermostat, (1.3, 1.6)))
    for _ in range(room.count(2, 9)):
        make, heights = small[int(rng.integers(len(small)))]
        room.hang(*make(rng, room.palette), float(rng.uniform(*heights)))
    large: tuple[tuple[Make, tuple[float, float], float], ...] = (
        (wall_shelf, (1.2, 1.9), 0.5), (coat_hooks, (1.3, 1.6), 0.25),
        (pin_board, (1.3, 1.6), 0.3), (air_conditioner, (2.1, 2.5), 0.12),
        (extinguisher, (0.7, 1.0), 0.3 * at_work), (fuse_box, (1.3, 1.7), 0.25 * at_work),
        (cable_duct, (0.6, 1.1), 0.3 * at_work))
    for make, heights, often in large:
        if room.chance(often):
            room.hang(*make(rng, room.palette), float(rng.uniform(*heights)))
    if at_work and room.chance(0.3):
        _ceiling_pipes(room)
    for _ in range(room.count(0, 3)):
        _ceiling_disc(room)


def switch(rng: Rng, palette: Palette) -> Fitting:
    """Make one to three light switches."""
    white = palette.plain((236, 235, 230), shine=0.3)
    count = int(rng.integers(1, 4))
    return [(white, slab((0.08 * count, 0.012, 0.08), (0, -0.006, 0))),
            *((white, slab((0.055, 0.01, 0.055), (0.08 * (k - (count - 1) / 2), -0.015, 0)))
              for k in range(count))], 0.08 * count, 0.08


def socket(rng: Rng, palette: Palette) -> Fitting:
    """Make a row of sockets, one of them perhaps with a plug and its cord."""
    parts, width, height = switch(rng, palette)
    if rng.random() < 0.5:
        black = palette.plain((30, 30, 32))
        parts.append((black, slab((0.045, 0.035, 0.04), (0, -0.03, 0))))
        drop = float(rng.uniform(0.1, 0.22))
        side = float(rng.uniform(-0.5, 0.5))
        parts.append((black, tube([(0, -0.05, 0), (0.02, -0.07, -drop), (side, -0.05, -drop),
                                   (side * 1.3, -0.04, -drop + 0.02)], 0.004, sides=4)))
    return parts, width, height


def thermostat(rng: Rng, palette: Palette) -> Fitting:
    """Make a small device with a display."""
    w, h = float(rng.uniform(0.08, 0.25)), float(rng.uniform(0.08, 0.3))
    return [palette.small(slab((w, 0.035, h), (0, -0.017, 0))),
            palette.small(slab((w * 0.7, 0.004, h * 0.35), (0, -0.036, h * 0.2)))], w, h


def vent(rng: Rng, palette: Palette) -> Fitting:
    """Make a grille."""
    w, h = float(rng.uniform(0.15, 0.6)), float(rng.uniform(0.12, 0.35))
    name = palette.plain((206, 206, 202), shine=0.2)
    count = int(h / 0.025)
    return [(palette.plain((60, 60, 62)), slab((w, 0.008, h), (0, -0.004, 0))),
            *((name, slab((w, 0.016, 0.012), (0, -0.014, -h / 2 + (k + 0.5) * 0.025)))
              for k in range(count)),
            *((name, slab((0.02, 0.02, h), (i * w / 2, -0.012, 0))) for i in (-1, 1))], w, h


def clock(rng: Rng, palette: Palette) -> Fitting:
    """Make a round clock."""
    r = float(rng.uniform(0.11, 0.2))
    face = rod(r, 0.03, segments=24).moved(pitch=np.pi / 2).moved(yaw=-np.pi / 2)
    inner = rod(r * 0.9, 0.032, segments=24).moved(pitch=np.pi / 2).moved(yaw=-np.pi / 2)
    black = palette.plain((25, 25, 26))
    hands: Parts = []
    for length in (0.5 * r, 0.8 * r):
        a = float(rng.uniform(0, 6.28))
        tip = length * np.cos(a), -0.036, length * np.sin(a)
        hands.append((black, tube([(0, -0.036, 0), tip], 0.005, sides=4)))
    return [palette.small(face), (palette.plain((240, 240, 236)), inner), *hands], 2 * r, 2 * r


def notice(rng: Rng, palette: Palette) -> Fitting:
    """Make a few sheets or cards taped to the wall, flat against it."""
    parts: Parts = []
    for k in range(int(rng.integers(1, 4))):
        w, h = ((0.21, 0.297), (0.297, 0.21), (0.1, 0.15), (0.297, 0.42))[int(rng.integers(4))]
        flat = panel((k * 0.3 - w / 2, -0.004 - 0.001 * k, -h / 2 + float(rng.normal(0, 0.05))),
                     (w, 0, 0), (0, 0, h), picture=True, cell=9)
        parts.append((palette.pick('page'), flat))
    return parts, 0.9, 0.45


def wall_shelf(rng: Rng, palette: Palette) -> Fitting:
    """Make one to three boards on brackets, with things on them."""
    w, d = float(rng.uniform(0.4, 1.4)), float(rng.uniform(0.15, 0.28))
    wood, metal = palette.pick('wood'), palette.pick('metal')
    parts: Parts = []
    levels = np.arange(int(rng.integers(1, 4))) * 0.32
    for z in levels - levels.mean():
        parts.append((wood, slab((w, d, 0.022), (0, -d / 2, z))))
        parts += [(metal, slab((0.02, d * 0.8, 0.05), (i * w * 0.35, -d * 0.4, z - 0.035)))
                  for i in (-1, 1)]
        top = Surface(-w / 2, w / 2, -d, 0.0, float(z) + 0.011, 0.28)
        parts += spread(rng, palette, top, EVERYWHERE, 18.0)
    return parts, w, 0.32 * len(levels) + 0.2


def coat_hooks(rng: Rng, palette: Palette) -> Fitting:
    """Make a rail of hooks with coats and bags."""
    w = float(rng.uniform(0.4, 1.2))
    wood, metal = palette.pick('wood'), palette.pick('metal')
    parts: Parts = [(wood, slab((w, 0.02, 0.09), (0, -0.01, 0.5)))]
    for x in np.arange(-w / 2 + 0.1, w / 2, 0.17):
        parts.append((metal, slab((0.015, 0.06, 0.015), (float(x), -0.04, 0.5))))
        if rng.random() < 0.55:
            drop, thick = float(rng.uniform(0.4, 1.0)), float(rng.uniform(0.1, 0.22))
            coat = soft((float(rng.uniform(0.25, 0.42)), thick, drop),
                        (float(x), -thick / 2 - 0.01, 0.48 - drop / 2), roundness=0.55)
            parts.append((palette.pick('fabric'), coat))
    return parts, w, 1.1


def pin_board(rng: Rng, palette: Palette) -> Fitting:
    """Make a board of cork or felt with papers."""
    w, h = float(rng.uniform(0.5, 1.6)), float(rng.uniform(0.4, 1.0))
    parts: Parts = [(palette.pick('wood'), slab((w + 0.04, 0.018, h + 0.04), (0, -0.009, 0))),
                    (palette.plain((186, 146, 100)) if rng.random() < 0.6
                     else palette.pick('fabric'), slab((w, 0.02, h), (0, -0.011, 0)))]
    for k in range(int(rng.integers(2, 12))):
        a, b = float(rng.uniform(0.08, 0.3)), float(rng.uniform(0.08, 0.3))
        x, z = float(rng.uniform(-0.5, 0.5)) * (w - a), float(rng.uniform(-0.5, 0.5)) * (h - b)
        parts.append(palette.packet((a, 0.0015, b), (x, -0.022 - 0.0012 * k, z)))
    return parts, w, h


def air_conditioner(rng: Rng, palette: Palette) -> Fitting:
    """Make the indoor unit of an air conditioner."""
    w = float(rng.uniform(0.7, 1.0))
    white, dark = palette.plain((234, 234, 232), shine=0.3), palette.plain((90, 92, 94))
    return [(white, soft((w, 0.22, 0.29), (0, -0.11, 0), roundness=0.12)),
            (dark, slab((w * 0.85, 0.1, 0.02), (0, -0.14, -0.14)))], w, 0.3


def extinguisher(_rng: Rng, palette: Palette) -> Fitting:
    """Make a fire extinguisher below its sign."""
    red = palette.plain((186, 30, 28), shine=0.5)
    black = palette.plain((24, 24, 26))
    return [(red, rod(0.08, 0.45, segments=16).moved((0, -0.1, -0.3))),
            (black, slab((0.1, 0.06, 0.08), (0, -0.1, 0.19))),
            (black, tube([(0.03, -0.12, 0.18), (0.1, -0.14, 0.1), (0.1, -0.13, -0.2)], 0.012)),
            (red, slab((0.2, 0.004, 0.2), (0, -0.004, 0.6)))], 0.25, 1.3


def fuse_box(rng: Rng, palette: Palette) -> Fitting:
    """Make a metal cabinet or fuse box with a conduit."""
    w, h, d = (float(rng.uniform(*span)) for span in ((0.25, 0.7), (0.3, 0.9), (0.08, 0.22)))
    name = palette.pick('metal')
    return [(name, slab((w, d, h), (0, -d / 2, 0))),
            (name, slab((w - 0.04, 0.01, h - 0.04), (0, -d - 0.003, 0))),
            (palette.plain((120, 122, 124), shine=0.3), rod(0.015, 1.0).moved((0, -0.02, h / 2)))
            ], w, h


def cable_duct(rng: Rng, palette: Palette) -> Fitting:
    """Make a horizontal trunking with sockets."""
    w = float(rng.uniform(0.8, 2.5))
    white = palette.plain((226, 225, 220), shine=0.2)
    grey = palette.plain((178, 178, 174))
    return [(white, slab((w, 0.06, 0.13), (0, -0.03, 0))),
            *((grey, slab((0.07, 0.01, 0.07), (float(x), -0.063, 0)))
              for x in np.arange(-w / 2 + 0.2, w / 2 - 0.1, 0.45))], w, 0.14


def _ceiling_pipes(room: Furnisher) -> None:
    rng, (w, d) = room.rng, room.plan.size
    name = room.palette.pick('metal')
    r = float(rng.uniform(0.02, 0.16))
    x = float(rng.uniform(0.3, w - 0.3))
    for k in range(room.count(1, 3)):
        at = x + 2.6 * r * k
        if at < w - r:
            z = room.plan.height - r - 0.05
            room.builder.place([(name, tube([(at, 0, z), (at, d, z)], r, sides=12))], (0, 0, 0))


def _ceiling_disc(room: Furnisher) -> None:
    rng = room.rng
    r = float(rng.uniform(0.04, 0.1))
    x, y = (float(rng.uniform(0.3, side - 0.3)) for side in room.plan.size)
    room.builder.add(room.palette.plain((234, 234, 230), shine=0.2), rod(
        r, 0.04, segments=14).moved((x, y, room.plan.height - 0.04)))
