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

"""What stands on kitchen tops and tables: pans, kettles, plates, fruit, jars; toys and tools."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import moved_parts, rod, round_body, slab, soft, tube
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def pan(rng: Rng, palette: Palette) -> Parts:
    """Make a pan with a long handle or a pot with two, perhaps with a lid."""
    r, deep = float(rng.uniform(0.08, 0.15)), rng.random() < 0.5
    h = float(rng.uniform(0.09, 0.18)) if deep else float(rng.uniform(0.03, 0.06))
    steel = palette.plain((150, 152, 156), shine=0.6) if rng.random() < 0.5 else palette.plain(
        (32, 32, 34), shine=0.3)
    black = palette.plain((24, 24, 26), shine=0.2)
    parts: Parts = [(steel, round_body([(0, 0), (0.9 * r, 0), (r, h), (0.97 * r, h),
                                        (0.87 * r, 0.008), (0, 0.008)], segments=18,
                                       smooth=False))]
    if not deep:
        return [*parts, (black, tube([(0.95 * r, 0, 0.8 * h), (r + 0.17, 0, h + 0.03)], 0.011))]
    parts += [(black, tube([(i * r, -0.03, 0.8 * h), (i * (r + 0.035), 0, 0.8 * h),
                            (i * r, 0.03, 0.8 * h)], 0.007)) for i in (-1, 1)]
    if rng.random() < 0.6:
        lid = round_body([(1.01 * r, h), (0.6 * r, h + 0.02), (0, h + 0.03)], segments=18)
        parts += [(steel, lid), (black, rod(0.016, 0.03, segments=8).moved((0, 0, h + 0.028)))]
    return parts


def kettle(rng: Rng, palette: Palette) -> Parts:
    """Make a kettle, jug or tea pot with spout and handle."""
    r, h = float(rng.uniform(0.06, 0.09)), float(rng.uniform(0.14, 0.24))
    color = int(rng.integers(64))
    body = round_body([(0, 0), (r, 0), (1.05 * r, 0.3 * h), (0.75 * r, h), (0.2 * r, 1.08 * h),
                       (0, 1.09 * h)], segments=16)
    handle = [(0.75 * r, 0, 0.95 * h), (1.6 * r, 0, 0.85 * h), (1.6 * r, 0, 0.4 * h),
              (1.02 * r, 0, 0.25 * h)]
    spout = [(-0.9 * r, 0, 0.5 * h), (-1.3 * r, 0, 0.75 * h), (-1.5 * r, 0, 0.9 * h)]
    return [palette.small(body, color), palette.small(tube(handle, 0.01), color),
            palette.small(tube(spout, 0.014).double_sided(), color)]


def toaster(rng: Rng, palette: Palette) -> Parts:
    """Make a toaster, mixer or the like with rounded edges."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.2, 0.34), (0.14, 0.22), (0.16, 0.26)))
    skin = palette.pick('metal') if rng.random() < 0.5 else palette.pick('plastic')
    dark = palette.plain((26, 26, 28), shine=0.2)
    return [(skin, soft((w, d, h), (0, 0, h / 2), roundness=0.25)),
            *((dark, slab((0.75 * w, 0.02, 0.004), (0, i * 0.18 * d, h))) for i in (-1, 1)),
            (dark, slab((0.03, 0.03, 0.02), (w / 2 + 0.01, 0, 0.6 * h)))]


def coffee_machine(rng: Rng, palette: Palette) -> Parts:
    """Make a coffee machine with a jug."""
    dark = palette.plain((30, 30, 32), shine=0.35) if rng.random() < 0.7 else \
        palette.pick('metal')
    w, d, h = (float(rng.uniform(*span)) for span in ((0.16, 0.26), (0.2, 0.3), (0.28, 0.38)))
    jug = round_body([(0, 0), (0.06, 0), (0.068, 0.06), (0.05, 0.13), (0, 0.13)], segments=12)
    return [(dark, slab((w, d, 0.03), (0, 0, 0.015))),
            (dark, slab((w, 0.4 * d, h), (0, 0.3 * d, h / 2))),
            (dark, slab((w, d, 0.3 * h), (0, 0, 0.85 * h))),
            palette.small(jug.moved((0, -0.15 * d, 0.03)))]


def plates(rng: Rng, palette: Palette) -> Parts:
    """Stack plates, or lay one with knife and fork."""
    r, color = float(rng.uniform(0.09, 0.14)), int(rng.integers(64))
    dish = round_body([(0, 0), (0.6 * r, 0), (r, 0.02), (0.6 * r, 0.008), (0, 0.008)],
                      segments=18)
    if rng.random() < 0.5:
        return [palette.small(dish.moved((0, 0, 0.011 * k)), color)
                for k in range(int(rng.integers(2, 9)))]
    steel = palette.plain((176, 178, 182), shine=0.6)
    tools = [(steel, slab((0.014, 0.19, 0.004), (i * (r + 0.025), 0, 0.003))) for i in (-1, 1)]
    food = [palette.small(soft((0.07, 0.06, 0.04), (float(rng.normal(0, 0.03)), float(
        rng.normal(0, 0.03)), 0.02), roundness=0.9, rings=6, segments=10)) for _ in range(
            int(rng.integers(0, 4)))]
    return [palette.small(dish, color), *tools, *food]


def fruit(rng: Rng, palette: Palette) -> Parts:
    """Leave some fruit lying: apples, oranges, bananas."""
    parts: Parts = []
    colors = ((206, 44, 34), (232, 138, 26), (126, 170, 44), (228, 198, 58))
    for k in range(int(rng.integers(1, 5))):
        name = palette.plain(colors[int(rng.integers(4))], shine=0.3)
        x, y = 0.07 * np.cos(2.0 * k), 0.07 * np.sin(2.0 * k)
        if rng.random() < 0.7:
            s = float(rng.uniform(0.06, 0.09))
            parts.append((name, soft((s, s, 0.9 * s), (x, y, 0.45 * s), roundness=1.0, rings=6,
                                     segments=10)))
        else:
            t = np.linspace(-0.9, 0.9, 6)
            bend = np.stack([x + 0.09 * np.sin(t), y + 0.09 * np.cos(t) - 0.07,
                             np.full(6, 0.018)], 1)
            parts.append((palette.plain(colors[3], shine=0.1), tube(bend, 0.017)))
    return parts


def jars(rng: Rng, palette: Palette) -> Parts:
    """Stand tins and jars with labels together."""
    parts: Parts = []
    for k in range(int(rng.integers(2, 6))):
        r, h = float(rng.uniform(0.022, 0.05)), float(rng.uniform(0.06, 0.18))
        at = 0.1 * (k % 3) - 0.1, 0.1 * (k // 3) - 0.05, 0.0
        parts += moved_parts([palette.small(rod(r, h, segments=12)),
                              palette.small(rod(1.03 * r, 0.02, segments=12).moved((0, 0, h))),
                              palette.small(rod(1.02 * r, 0.5 * h, segments=12).moved(
                                  (0, 0, 0.2 * h)))], at)
    return parts


def cutting_board(rng: Rng, palette: Palette) -> Parts:
    """Lay a board with a knife and something to cut."""
    board = palette.plain((190, 150, 104), shine=0.1)
    steel, black = palette.plain((180, 182, 186), shine=0.7), palette.plain((24, 24, 26))
    parts: Parts = [(board, slab((0.36, 0.24, 0.02), (0, 0, 0.01))),
                    (steel, slab((0.19, 0.035, 0.003), (0.02, -0.06, 0.023))),
                    (black, slab((0.11, 0.022, 0.018), (0.17, -0.06, 0.03)))]
    loaf = soft((0.2, 0.1, 0.09), (-0.03, 0.05, 0.06), roundness=0.7, rings=6, segments=12)
    if rng.random() < 0.6:
        parts.append((palette.plain((150, 98, 52)), loaf))
    return parts


def knife_block(rng: Rng, palette: Palette) -> Parts:
    """Make a block of knives, or a pot with spoons and whisks."""
    black = palette.plain((26, 26, 28), shine=0.3)
    if rng.random() < 0.5:
        parts: Parts = [(palette.pick('wood'), slab((0.1, 0.14, 0.22), (0, 0, 0.11)))]
        return parts + [(black, slab((0.018, 0.025, 0.11), (0.024 * (k % 4) - 0.036,
                                                            0.045 * (k // 4) - 0.03, 0.27)))
                        for k in range(int(rng.integers(3, 9)))]
    parts = [palette.small(rod(0.055, 0.15, segments=12))]
    for k in range(int(rng.integers(3, 8))):
        tip = np.array([0.07 * np.cos(2.4 * k), 0.07 * np.sin(2.4 * k), rng.uniform(0.24, 0.34)])
        parts.append(palette.small(tube([(0, 0, 0.1), tip], 0.006, sides=5)))
        parts.append(palette.small(soft((0.05, 0.05, 0.07), tip, roundness=1.0, rings=6,
                                        segments=8)))
    return parts


def toy_bricks(rng: Rng, palette: Palette) -> Parts:
    """Leave building bricks, balls and cars."""
    parts: Parts = []
    for k in range(int(rng.integers(2, 8))):
        w, d, h = (float(v) for v in rng.uniform(0.03, 0.09, 3))
        at = 0.12 * np.cos(2.4 * k), 0.12 * np.sin(2.4 * k), 0.0
        mesh: Mesh = slab((w, d, h), (0, 0, h / 2)) if rng.random() < 0.7 else soft(
            (w, w, w), (0, 0, w / 2), roundness=1.0, rings=6, segments=10)
        parts.append(palette.small(mesh.moved(at, yaw=float(rng.uniform(0, 3)))))
    return parts


def teddy(rng: Rng, palette: Palette) -> Parts:
    """Make a sitting soft toy."""
    s, name = float(rng.uniform(0.12, 0.3)), palette.pick('fabric', again=0.3)
    ball = [((0.5, 0.42, 0.55), (0, 0, 0.28)), ((0.4, 0.36, 0.36), (0, 0, 0.7)),
            ((0.14, 0.08, 0.14), (-0.15, 0, 0.88)), ((0.14, 0.08, 0.14), (0.15, 0, 0.88)),
            ((0.18, 0.4, 0.18), (-0.18, -0.3, 0.1)), ((0.18, 0.4, 0.18), (0.18, -0.3, 0.1)),
            ((0.16, 0.3, 0.16), (-0.27, -0.12, 0.45)), ((0.16, 0.3, 0.16), (0.27, -0.12, 0.45))]
    return [(name, soft(np.array(size) * s, np.array(at) * s, roundness=1.0, rings=6,
                        segments=10)) for size, at in ball]


def tools(rng: Rng, palette: Palette) -> Parts:
    """Leave a hammer, pliers, a drill or spanners."""
    steel, grip = palette.plain((120, 122, 126), shine=0.5), int(rng.integers(64))
    style = int(rng.integers(3))
    if style == 0:
        return [palette.small(tube([(-0.14, 0, 0.015), (0.12, 0, 0.015)], 0.013), grip),
                (steel, slab((0.035, 0.11, 0.03), (0.13, 0, 0.016)))]
    if style == 1:
        jaw = [(steel, slab((0.09, 0.02, 0.014), (0.06, 0, 0.01)))]
        return jaw + [palette.small(tube([(0.02, 0, 0.01), (-0.04, i * 0.03, 0.01),
                                          (-0.12, i * 0.028, 0.01)], 0.008), grip)
                      for i in (-1, 1)]
    return [palette.small(soft((0.2, 0.07, 0.07), (0, 0, 0.2), roundness=0.4, rings=6), grip),
            palette.small(slab((0.05, 0.05, 0.18), (-0.05, 0, 0.1)), grip),
            palette.small(slab((0.1, 0.08, 0.05), (-0.05, 0, 0.025))),
            (steel, tube([(0.1, 0, 0.2), (0.2, 0, 0.2)], 0.008))]


KITCHEN_THINGS = (pan, pan, kettle, toaster, coffee_machine, plates, plates, fruit, jars, jars,
                  cutting_board, knife_block)
TOYS, TOOLS = (toy_bricks, teddy), (tools, tools)
