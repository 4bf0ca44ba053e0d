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

"""What lies on desks: telephones, pens, binders, speakers, headphones, lamps with joints."""

import numpy as np
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import moved_parts, rod, round_body, slab, soft, tube
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def mouse(rng: Rng, palette: Palette) -> Parts:
    """Make a mouse with its cord."""
    parts = [palette.small(soft((0.06, 0.105, 0.036), (0, 0, 0.016), rings=6, segments=10))]
    if rng.random() < 0.6:
        bend = float(rng.normal(0, 0.08))
        parts.append(palette.small(tube([(0, 0.05, 0.01), (bend, 0.14, 0.004),
                                         (-bend, 0.22, 0.004)], 0.003, sides=4)))
    return parts


def telephone(rng: Rng, palette: Palette) -> Parts:
    """Make a telephone with receiver and keys, or one of today that lies flat."""
    black = palette.plain((28, 28, 30), shine=0.3)
    if rng.random() < 0.5:
        return [(black, slab((0.075, 0.155, 0.009), (0, 0, 0.005)))]
    parts: Parts = [(black, slab((0.19, 0.21, 0.05), (0, 0, 0.025))),
                    (black, soft((0.05, 0.22, 0.05), (-0.07, 0, 0.07), rings=6, segments=10))]
    parts += [palette.small(slab((0.016, 0.014, 0.01), (0.025 * k, 0.022 * j - 0.06, 0.053)), 9)
              for k in range(4) for j in range(4)]
    parts.append(palette.small(slab((0.09, 0.04, 0.008), (0.035, 0.07, 0.052))))
    return parts


def pen_pot(rng: Rng, palette: Palette) -> Parts:
    """Make a pot with pens, rulers and scissors."""
    r, h = float(rng.uniform(0.03, 0.045)), float(rng.uniform(0.08, 0.12))
    parts = [palette.small(round_body([(0, 0), (r, 0), (r, h), (0.9 * r, h), (0.9 * r, 0.02),
                                       (0, 0.02)], smooth=False))]
    for k in range(int(rng.integers(2, 8))):
        a, long = 2.4 * k, float(rng.uniform(0.13, 0.2))
        foot = np.array([-0.5 * r * np.cos(a), -0.5 * r * np.sin(a), 0.02])
        tip = np.array([0.9 * r * np.cos(a), 0.9 * r * np.sin(a), long])
        parts.append(palette.small(tube([foot, tip], 0.004, sides=5)))
    return parts


def pens(rng: Rng, palette: Palette) -> Parts:
    """Leave pens, a ruler or a screwdriver lying."""
    parts: Parts = []
    for _ in range(int(rng.integers(1, 4))):
        x, y, a = float(rng.normal(0, 0.04)), float(rng.normal(0, 0.04)), float(rng.uniform(0, 3))
        way = 0.07 * np.array([np.cos(a), np.sin(a), 0.0])
        middle = np.array([x, y, 0.006])
        parts.append(palette.small(tube([middle - way, middle + way], 0.005, sides=5)))
    return parts


def binders(rng: Rng, palette: Palette) -> Parts:
    """Stand a row of binders or books, the last one leaning."""
    parts: Parts = []
    x, h = 0.0, float(rng.uniform(0.2, 0.32))
    for _ in range(int(rng.integers(2, 7))):
        w = float(rng.uniform(0.02, 0.08))
        tall = h * float(rng.uniform(0.85, 1.0))
        parts.append(palette.packet((w, 0.24, tall), (x + w / 2, 0, tall / 2)))
        x += w + 0.002
    return moved_parts(parts, (-x / 2, 0, 0))


def speaker(rng: Rng, palette: Palette) -> Parts:
    """Make a loudspeaker with its cones."""
    w, h = float(rng.uniform(0.08, 0.2)), float(rng.uniform(0.16, 0.36))
    dark = palette.plain((32, 32, 34), shine=0.2)
    cone = rod(0.35 * w, 0.012, segments=14).moved(pitch=np.pi / 2).moved(yaw=-np.pi / 2)
    return [(dark if rng.random() < 0.7 else palette.pick('wood'),
             slab((w, 0.9 * w, h), (0, 0, h / 2))),
            palette.small(cone.moved((0, -0.45 * w, 0.3 * h))),
            palette.small(cone.moved((0, -0.45 * w, 0.7 * h)))]


def headphones(_rng: Rng, palette: Palette) -> Parts:
    """Make headphones that lie on their side."""
    dark = palette.plain((30, 30, 32), shine=0.3)
    t = np.linspace(0, np.pi, 9)
    band = np.stack([0.085 * np.cos(t), 0.1 * np.sin(t), np.full(9, 0.03)], 1)
    cup = soft((0.035, 0.08, 0.06), rings=6, segments=10)
    return [(dark, tube(band, 0.008)), (dark, cup.moved((0.085, -0.01, 0.03))),
            (dark, cup.moved((-0.085, -0.01, 0.03)))]


def paper_tray(rng: Rng, palette: Palette) -> Parts:
    """Make one to four letter trays with papers."""
    parts: Parts = []
    color = int(rng.integers(64))
    for k in range(int(rng.integers(1, 5))):
        z = 0.065 * k
        parts.append(palette.small(slab((0.26, 0.34, 0.004), (0, 0, z + 0.004)), color))
        parts += [palette.small(slab((0.004, 0.34, 0.045), (i * 0.13, 0, z + 0.025)), color)
                  for i in (-1, 1)]
        if rng.random() < 0.7:
            parts.append(palette.packet((0.21, 0.297, float(rng.uniform(0.003, 0.03))),
                                        (0, 0, z + 0.02)))
    return parts


def tissue_box(_rng: Rng, palette: Palette) -> Parts:
    """Make a box of paper tissues with one standing out."""
    return [palette.packet((0.23, 0.12, 0.09), (0, 0, 0.045)),
            (palette.plain((244, 244, 242)), soft((0.09, 0.04, 0.09), (0, 0, 0.1),
                                                  roundness=1.2, rings=6, segments=10))]


def roll(rng: Rng, palette: Palette) -> Parts:
    """Make a roll of tape or paper, standing or lying."""
    r, h = float(rng.uniform(0.025, 0.06)), float(rng.uniform(0.02, 0.25))
    outline = [(0.5 * r, 0), (r, 0), (r, h), (0.5 * r, h), (0.5 * r, 0)]
    return [palette.small(round_body(outline, segments=16, smooth=False))]


def jointed_lamp(rng: Rng, palette: Palette) -> Parts:
    """Make a desk lamp of two arms and a shade that points down."""
    name = palette.plain((28, 28, 30), shine=0.3) if rng.random() < 0.5 else palette.pick('metal')
    low, high = float(rng.uniform(0.2, 0.38)), float(rng.uniform(0.18, 0.36))
    a, b = float(rng.uniform(1.2, 2.0)), float(rng.uniform(-0.2, 0.6))
    elbow = np.array([low * np.cos(a), 0, low * np.sin(a)])
    tip = elbow + [high * np.cos(b), 0, high * np.sin(b)]
    shade = round_body([(0.08, 0), (0.05, 0.07), (0.02, 0.11)], segments=14).double_sided()
    return [(name, rod(0.085, 0.02, segments=14)), (name, tube([(0, 0, 0.02), elbow], 0.008)),
            (name, tube([elbow, tip], 0.008)), (name, shade.moved(tip - [0, 0, 0.08])),
            ('glow', soft((0.05, 0.05, 0.05), tip - [0, 0, 0.06], roundness=1.0, rings=6,
                          segments=8))]


def device_pile(rng: Rng, palette: Palette) -> Parts:
    """Stack routers, drives and cases, with a cable hanging out."""
    parts: Parts = []
    z = 0.0
    for _ in range(int(rng.integers(1, 4))):
        w, d, h = (float(rng.uniform(*span)) for span in ((0.1, 0.3), (0.1, 0.24), (0.02, 0.07)))
        parts.append(palette.small(slab((w, d, h), (float(rng.normal(0, 0.01)), 0, z + h / 2))))
        z += h
    line = [(0, 0.08, z / 2), (0.08, 0.14, 0.02), (0.16, 0.1, 0.005), (0.1, 0.0, 0.005)]
    return [*parts, palette.small(tube(line, 0.004, sides=4))]


DESK_THINGS = (mouse, mouse, telephone, pen_pot, pen_pot, pens, pens, binders, speaker,
               headphones, paper_tray, tissue_box, roll, jointed_lamp, device_pile, device_pile)
