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

"""Chairs, stools, office chairs, armchairs, sofas and benches, each drawn anew."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import (
    moved_parts, Piece, rod, slab, soft, Surface, tilted, tube)
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def chair(rng: Rng, palette: Palette) -> Piece:
    """Make a chair without arms: wooden legs, a steel frame or a shell."""
    w, d = float(rng.uniform(0.38, 0.5)), float(rng.uniform(0.4, 0.5))
    seat, top = float(rng.uniform(0.42, 0.49)), float(rng.uniform(0.76, 1.05))
    style = int(rng.integers(3))
    frame = palette.pick('metal' if style else 'wood', again=0.75)
    cover = palette.pick('fabric' if rng.random() < 0.5 else 'wood', again=0.8)
    if rng.random() < 0.35:
        cover = palette.plain((26, 26, 28), shine=0.2)
        frame = cover if rng.random() < 0.5 else frame
    parts = _steel_legs(frame, w, d, seat) if style == 1 else _four_legs(frame, w, d, seat, style)
    if rng.random() < 0.5:
        parts.append((cover, soft((w, d, 0.06), (0, 0, seat), roundness=0.3, rings=6)))
    else:
        parts.append((cover, slab((w, d, 0.025), (0, 0, seat))))
    parts += _back(rng, frame, cover, w, d, seat, top)
    return Piece(parts, (w + 0.04, d + 0.08, top))


def stool(rng: Rng, palette: Palette) -> Piece:
    """Make a round stool or pouffe."""
    r, h = float(rng.uniform(0.15, 0.24)), float(rng.uniform(0.4, 0.75))
    if rng.random() < 0.4:
        body = soft((2.2 * r, 2.2 * r, 0.42), (0, 0, 0.21), roundness=0.5)
        return Piece([(palette.pick('fabric'), body)], (2.2 * r, 2.2 * r, 0.42))
    frame = palette.pick('metal')
    parts: Parts = [(palette.pick('wood'), rod(r, 0.04, segments=18).moved((0, 0, h - 0.04)))]
    for k in range(4):
        a = np.pi / 4 + k * np.pi / 2
        out = np.array([np.cos(a), np.sin(a), 0.0])
        parts.append((frame, tube([1.1 * r * out, 0.7 * r * out + [0, 0, h - 0.04]], 0.012)))
    return Piece(parts, (2.1 * r, 2.1 * r, h))


def office_chair(rng: Rng, palette: Palette) -> Piece:
    """Make a swivel chair on five castors, with or without arms."""
    w = float(rng.uniform(0.44, 0.54))
    seat, top = float(rng.uniform(0.42, 0.54)), float(rng.uniform(0.85, 1.25))
    frame, cover = palette.pick('plastic', again=0.7), palette.pick('fabric', again=0.7)
    parts: Parts = [(frame, rod(0.03, seat - 0.1).moved((0, 0, 0.06)))]
    for k in range(5):
        a = 2 * np.pi * k / 5 + 0.3
        c, s = float(np.cos(a)), float(np.sin(a))
        parts.append((frame, tube([(0, 0, 0.12), (0.3 * c, 0.3 * s, 0.07)], 0.022)))
        parts.append((frame, soft((0.06, 0.06, 0.06), (0.3 * c, 0.3 * s, 0.03), roundness=0.8,
                                  rings=6, segments=8)))
    parts.append((cover, soft((w, w, 0.1), (0, 0, seat), roundness=0.35)))
    back = soft((w * 0.92, 0.08, top - seat - 0.1), roundness=0.3)
    parts.append((cover, tilted(back, -0.12).moved((0, w * 0.48, (top + seat) / 2 + 0.06))))
    parts.append((frame, slab((0.08, 0.04, 0.4), (0, w * 0.52, seat + 0.1))))
    if rng.random() < 0.6:
        for i in (-1, 1):
            x = i * (w / 2 + 0.03)
            parts.append((frame, tube([(x * 0.8, 0, seat - 0.03), (x, 0, seat),
                                       (x, 0, seat + 0.2)], 0.015)))
            parts.append((frame, soft((0.07, 0.26, 0.035), (x, -0.02, seat + 0.21), rings=6,
                                      segments=10)))
    return Piece(parts, (0.62, 0.62, top))


def sofa(rng: Rng, palette: Palette, *, width: float | None = None) -> Piece:
    """Make a sofa, from an armchair (narrow) to three seats, with cushions."""
    arm = float(rng.uniform(0.1, 0.26))
    w = float(rng.uniform(1.4, 2.4)) if width is None else width
    d, seat = float(rng.uniform(0.78, 1.0)), float(rng.uniform(0.36, 0.46))
    top, arm_top = float(rng.uniform(0.68, 0.95)), float(rng.uniform(0.5, 0.66))
    round_ = float(rng.choice((0.12, 0.2, 0.3, 0.4)))
    cover = palette.pick('fabric', again=0.3)
    seats = max(1, round((w - 2 * arm) / 0.7))
    legs = palette.pick('wood')
    lift = float(rng.choice((0.02, 0.1, 0.16)))
    parts: Parts = [
        (cover, soft((w, d, seat - 0.1 - lift), (0, 0, (seat - 0.1 + lift) / 2), roundness=0.12)),
        (cover, soft((w, 0.22, top - lift), (0, d / 2 - 0.11, (top + lift) / 2),
                     roundness=round_))]
    parts += [(legs, rod(0.025, lift + 0.03, segments=8).moved(
        (i * (w / 2 - 0.1), j * (d / 2 - 0.1), 0))) for i in (-1, 1) for j in (-1, 1)]
    parts += [(cover, soft((arm, d, arm_top - lift), (i * (w - arm) / 2, 0, (arm_top + lift) / 2),
                           roundness=round_)) for i in (-1, 1)]
    step = (w - 2 * arm) / seats
    for k in range(seats):
        x = -w / 2 + arm + (k + 0.5) * step
        parts.append((cover, soft((step * 0.99, d - 0.2, 0.17), (x, -0.1, seat - 0.05),
                                  roundness=0.22)))
        parts.append((cover, tilted(soft((step * 0.97, 0.18, top - seat + 0.02), roundness=0.3),
                                    -0.15).moved((x, d / 2 - 0.26, (top + seat) / 2 + 0.02))))
    parts += _throw_pillows(rng, palette, w - 2 * arm, seat)
    return Piece(parts, (w, d, top), (Surface(-w / 2 + arm, w / 2 - arm, -d / 2 + 0.1, 0.05,
                                              seat + 0.03, 0.25),))


def armchair(rng: Rng, palette: Palette) -> Piece:
    """Make a sofa for one."""
    return sofa(rng, palette, width=float(rng.uniform(0.65, 1.0)))


def bench(rng: Rng, palette: Palette) -> Piece:
    """Make a plain bench."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.8, 1.8), (0.3, 0.42), (0.4, 0.5)))
    wood = palette.pick('wood')
    parts: Parts = [(wood, slab((w, d, 0.04), (0, 0, h - 0.02)))]
    parts += [(wood, slab((0.05, d * 0.9, h - 0.04), (i * w * 0.42, 0, (h - 0.04) / 2)))
              for i in (-1, 1)]
    return Piece(parts, (w, d, h), (Surface(-w / 2, w / 2, -d / 2, d / 2, h, 0.4),))


def _throw_pillows(rng: Rng, palette: Palette, width: float, seat: float) -> Parts:
    parts: Parts = []
    for _ in range(int(rng.integers(0, 5))):
        side = float(rng.uniform(0.32, 0.5))
        pillow = tilted(soft((side, 0.14, side), roundness=0.55), float(rng.uniform(-0.6, -0.1)))
        at = (float(rng.uniform(-0.4, 0.4)) * width, float(rng.uniform(-0.1, 0.12)),
              seat + 0.02 + side / 2)
        parts += moved_parts([(palette.pick('fabric'), pillow)], at,
                             yaw=float(rng.normal(0, 0.4)))
    return parts


def _four_legs(name: str, w: float, d: float, seat: float, style: int) -> Parts:
    size = 0.038 if style == 0 else 0.022
    splay = 0.0 if style == 0 else 0.05
    found: Parts = []
    for i in (-1, 1):
        for j in (-1, 1):
            x, y = i * (w / 2 - size), j * (d / 2 - size)
            if style == 0:
                found.append((name, slab((size, size, seat), (x, y, seat / 2), grain='z')))
            else:
                found.append((name, tube([(x + i * splay, y + j * splay, 0), (x, y, seat)],
                                         size / 2)))
    return found


def _steel_legs(name: str, w: float, d: float, seat: float) -> Parts:
    # A cantilever: floor, front, seat and back of one bent tube on either side.
    return [(name, tube([(i * w / 2, d / 2, 0.012), (i * w / 2, -d / 2 + 0.03, 0.012),
                         (i * w / 2, -d / 2, 0.05), (i * w / 2, -d / 2, seat - 0.03),
                         (i * w / 2, d / 2, seat - 0.02)], 0.012)) for i in (-1, 1)]


def _back(rng: Rng, frame: str, cover: str, w: float, d: float, seat: float,
          top: float) -> Parts:
    lean = 0.08
    parts: Parts = [(frame, tube([(i * (w / 2 - 0.02), d / 2 - 0.02, seat - 0.02),
                                  (i * (w / 2 - 0.02), d / 2 + lean, top)], 0.014))
                    for i in (-1, 1)]
    style = rng.random()

    def bar(z: float, height: float) -> Mesh:
        y = d / 2 - 0.02 + (lean + 0.02) * (z - seat) / (top - seat)
        return slab((w - 0.04, 0.02, height), (0, y, z))

    if style < 0.35:
        parts += [(frame, bar(z, 0.05)) for z in np.linspace(seat + 0.14, top - 0.04, 3)]
    elif style < 0.7:
        height = (top - seat) * float(rng.uniform(0.3, 0.75))
        parts.append((cover, bar(top - height / 2, height)))
    else:
        height = (top - seat) * 0.6
        parts.append((cover, tilted(soft((w, 0.06, height), roundness=0.35, rings=6), -0.12).moved(
            (0, d / 2 + lean * 0.6, top - height / 2))))
    return parts
