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

"""Small things that lie and stand about, and how they spread over tops and floors."""

from collections.abc import Callable

import numpy as np
from sa4depth_train.worlds.furniture import lying_books
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.desk_things import DESK_THINGS
from sa4depth_train.worlds.places.household_things import KITCHEN_THINGS, TOOLS, TOYS
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import (
    moved_parts, rod, round_body, sheet, slab, soft, Surface, tube)
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

Maker = Callable[[np.random.Generator, Palette], Parts]


def mug(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make a cup or glass with a handle."""
    r, h = float(rng.uniform(0.03, 0.048)), float(rng.uniform(0.07, 0.14))
    color = int(rng.integers(64))
    body = round_body([(0, 0), (r * 0.85, 0), (r, h), (r * 0.92, h), (r * 0.8, 0.015), (0, 0.012)],
                      smooth=False)
    parts = [palette.small(body, color)]
    if rng.random() < 0.7:
        t = np.linspace(-1.3, 1.3, 6)
        ring = [(r * 0.9 + 0.028 * np.cos(a), 0, h / 2 + 0.3 * h * np.sin(a)) for a in t]
        parts.append(palette.small(tube(ring, 0.005, sides=5), color))
    return parts


def bottle(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make a bottle with a cap, sometimes with a label."""
    r, h = float(rng.uniform(0.025, 0.055)), float(rng.uniform(0.16, 0.36))
    color = int(rng.integers(64))
    neck = float(rng.uniform(0.25, 0.6)) * r
    shoulder = float(rng.uniform(0.55, 0.8)) * h
    body = round_body([(0, 0), (r, 0.004), (r, shoulder), (neck, 0.9 * h), (neck, h)])
    return [palette.small(body, color),
            palette.small(rod(neck * 1.15, 0.02, segments=8).moved((0, 0, h - 0.005))),
            palette.small(rod(r * 1.01, 0.3 * h, segments=12).moved((0, 0, 0.25 * h)))]


def vase(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make a vase or jar of random outline."""
    h = float(rng.uniform(0.08, 0.38))
    steps = np.linspace(0, 1, 7)
    radii = float(rng.uniform(0.25, 0.5)) * h * np.clip(
        1 + np.cumsum(rng.normal(0, 0.22, 7)), 0.3, 1.6) * 0.6
    outline = [(0.0, 0.0), *zip(radii, steps * h), (radii[-1] * 0.8, h * 0.97)]
    return [palette.small(round_body(outline, segments=14))]


def bowl(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make a bowl or plate, sometimes with fruit."""
    r, h = float(rng.uniform(0.06, 0.16)), float(rng.uniform(0.015, 0.1))
    parts = [palette.small(round_body([(0, 0), (0.5 * r, 0), (0.9 * r, 0.6 * h), (r, h),
                                       (0.94 * r, h), (0.5 * r, 0.2 * h), (0, 0.15 * h)],
                                      segments=16))]
    if rng.random() < 0.4 and r > 0.09:
        color = int(rng.integers(64))
        for k in range(int(rng.integers(2, 7))):
            at = 0.5 * r * np.cos(2.4 * k), 0.5 * r * np.sin(2.4 * k), h * 0.5 + 0.03
            parts.append(palette.small(soft((0.075, 0.075, 0.07), at, roundness=1.0, rings=6,
                                            segments=10), color))
    return parts


def packet(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make one or a few printed cartons."""
    parts: Parts = []
    z = 0.0
    for _ in range(int(rng.integers(1, 4))):
        size = (float(rng.uniform(0.06, 0.3)), float(rng.uniform(0.04, 0.22)),
                float(rng.uniform(0.03, 0.26)))
        parts += moved_parts([palette.packet(size, (0, 0, size[2] / 2))], (0, 0, z),
                             yaw=float(rng.normal(0, 0.3)))
        z += size[2]
        if z > 0.3 or rng.random() < 0.5:
            break
    return parts


def books(rng: np.random.Generator, _palette: Palette) -> Parts:
    """Stack books."""
    return lying_books(rng, int(rng.integers(1, 6)))


def papers(rng: np.random.Generator, palette: Palette) -> Parts:
    """Spread sheets, magazines and envelopes."""
    parts: Parts = []
    for k in range(int(rng.integers(1, 5))):
        w, d = ((0.21, 0.297), (0.21, 0.297), (0.17, 0.24), (0.11, 0.22))[int(rng.integers(4))]
        page = palette.packet((w, d, 0.002 if rng.random() < 0.7 else 0.01))
        spot = *(rng.normal(0, 0.06, 2)), 0.002 + 0.003 * k
        parts += moved_parts([page], spot, yaw=float(rng.normal(0, 0.5)))
    return parts


def cloth_heap(rng: np.random.Generator, palette: Palette) -> Parts:
    """Drop a garment, towel or bag in a heap."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.25, 0.5), (0.2, 0.4), (0.06, 0.18)))
    x, y = np.meshgrid(np.linspace(-1, 1, 12), np.linspace(-1, 1, 12))
    r = np.hypot(x, y)
    bumps = sum(rng.normal(0, 0.4) * np.sin(rng.uniform(1, 4) * x + rng.uniform(1, 4) * y
                                            + rng.uniform(0, 6)) for _ in range(4))
    z = h * np.clip(1 - r ** 2 / 1.6, 0, 1) * np.clip(1 + 0.4 * bumps, 0.15, 2)
    grid = np.stack([0.5 * w * x * (1 + 0.1 * bumps), 0.5 * d * y * (1 + 0.1 * bumps), z], -1)
    return [(palette.pick('fabric', again=0.6), sheet(grid, both=False))]


def small_plant(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make a pot with a tuft of leaves."""
    r = float(rng.uniform(0.04, 0.1))
    parts = [palette.small(round_body([(0, 0), (0.75 * r, 0), (r, 1.6 * r), (0.9 * r, 1.6 * r),
                                       (0, 1.4 * r)], smooth=False))]
    skin = palette.pick('leaf', again=0.7)
    for k in range(int(rng.integers(6, 15))):
        parts.append((skin, blade(rng, float(rng.uniform(0.8, 3.0)) * r + 0.04).moved(
            (0, 0, 1.4 * r), yaw=2.4 * k)))
    return parts


def blade(rng: np.random.Generator, length: float) -> Mesh:
    """Make a leaf of few faces that rises from the origin along x and droops."""
    t = np.linspace(0, 1, 5)
    angle = float(rng.uniform(0.5, 1.5)) - float(rng.uniform(0.4, 1.8)) * t
    x = np.concatenate([[0], np.cumsum(np.cos(angle[:-1]))]) * length / 4
    z = np.concatenate([[0], np.cumsum(np.sin(angle[:-1]))]) * length / 4
    half = length * float(rng.uniform(0.06, 0.2)) * np.sin(np.pi * (0.1 + 0.86 * t))
    rows = [np.stack([x, side * half, z], -1) for side in (-1, 1)]
    made = sheet(np.stack(rows))
    uv = np.tile(np.stack([np.tile(t, 2), np.repeat([0.0, 1.0], 5)], -1), (2, 1))
    return Mesh(made.vertices, made.normals, uv, made.faces)


def cable(rng: np.random.Generator, palette: Palette) -> Parts:
    """Lay a cable in loops."""
    steps = np.cumsum(rng.normal(0, 0.7, 14))
    line = np.cumsum(np.stack([np.cos(steps), np.sin(steps)], -1) * 0.055, 0)
    line = np.concatenate([line - line.mean(0), np.full((14, 1), 0.005)], 1)
    return [palette.small(tube(line, 0.004, sides=4))]


def gadget(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make an instrument, radio, charger or toy of a few boxes and knobs."""
    w, d, h = (float(rng.uniform(*span)) for span in ((0.06, 0.3), (0.05, 0.22), (0.03, 0.2)))
    color = int(rng.integers(64))
    parts = [palette.small(slab((w, d, h), (0, 0, h / 2)), color)]
    for _ in range(int(rng.integers(1, 5))):
        size = [float(v) for v in rng.uniform(0.12, 0.5, 3) * (w, d, h)]
        at = [float(v) for v in rng.uniform(-0.3, 0.3, 2) * (w, d)]
        parts.append(palette.small(slab(size, (at[0], at[1], h + size[2] / 2))))
    front = slab((0.8 * w, 0.01, 0.5 * h), (0, -d / 2, h / 2))
    parts.append(palette.small(front))
    return parts


def lamp(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make a table lamp."""
    h, r = float(rng.uniform(0.25, 0.55)), float(rng.uniform(0.07, 0.16))
    shade = palette.plain((232, 222, 200)) if rng.random() < 0.5 else 'glow'
    return [palette.small(round_body([(0, 0), (0.6 * r, 0), (0.5 * r, 0.03), (0.012, 0.05),
                                      (0.012, h)], segments=10)),
            (shade, round_body([(r, h - 0.08), (0.7 * r, h + 0.1)], segments=16,
                               smooth=False).double_sided())]


def frame(rng: np.random.Generator, palette: Palette) -> Parts:
    """Stand a framed picture or a calendar."""
    w, h = float(rng.uniform(0.1, 0.25)), float(rng.uniform(0.1, 0.3))
    parts = [palette.small(slab((w, 0.015, h), (0, 0, h / 2))),
             palette.packet((w * 0.86, 0.002, h * 0.86), (0, -0.0085, h / 2))]
    return moved_parts(parts, (0, 0, 0), yaw=float(rng.normal(0, 0.5)))


def keyboard(rng: np.random.Generator, palette: Palette) -> Parts:
    """Make a keyboard and a mouse; they face -y."""
    color = int(rng.integers(64))
    w = float(rng.uniform(0.3, 0.46))
    parts = [palette.small(slab((w, 0.14, 0.02), (0, 0, 0.01)), color)]
    for row in range(4):
        parts.append(palette.small(slab((w - 0.02, 0.022, 0.008),
                                        (0, -0.045 + 0.03 * row, 0.024))))
    parts.append(palette.small(soft((0.06, 0.1, 0.035), (w / 2 + 0.08, 0, 0.015), rings=6,
                                    segments=10), color))
    return parts


EVERYWHERE: tuple[Maker, ...] = (
    mug, bottle, vase, bowl, packet, packet, books, papers, small_plant, gadget, frame, lamp,
    *DESK_THINGS[::4], *KITCHEN_THINGS[::5], *TOYS)
DESK: tuple[Maker, ...] = (
    mug, mug, bottle, packet, books, books, papers, papers, papers, papers, cable, cable, gadget,
    lamp, small_plant, keyboard, *DESK_THINGS)
KITCHEN: tuple[Maker, ...] = (
    mug, mug, bottle, bottle, bowl, bowl, packet, packet, vase, gadget, cloth_heap, small_plant,
    *KITCHEN_THINGS)
BATH: tuple[Maker, ...] = (bottle, bottle, mug, packet, cloth_heap, small_plant)
LAB: tuple[Maker, ...] = (
    gadget, gadget, gadget, packet, packet, cable, cable, bottle, books, papers, keyboard, vase,
    *DESK_THINGS[::2], *TOOLS, *TOOLS)
FLOOR: tuple[Maker, ...] = (packet, books, cloth_heap, cloth_heap, gadget, cable, papers, bottle,
                            *TOYS, *TOOLS)


def spread(rng: np.random.Generator, palette: Palette, top: Surface, makers: tuple[Maker, ...],
           density: float) -> Parts:
    """Put things on a top, ``density`` of them a square metre, without overlap."""
    width, depth = top.x1 - top.x0, top.y1 - top.y0
    count = int(rng.poisson(density * width * depth))
    taken: list[tuple[float, float, float]] = []
    parts: Parts = []
    for _ in range(min(count, 34)):
        things = makers[int(rng.integers(len(makers)))](rng, palette)
        points = np.concatenate([mesh.vertices for _, mesh in things])
        reach = float(np.abs(points[:, :2]).max())
        if points[:, 2].max() > top.space or 2 * reach > min(width, depth) + 0.06:
            continue
        low = top.x0 + reach * 0.9, top.y0 + reach * 0.9
        high = max(top.x1 - reach * 0.9, top.x0 + reach), max(top.y1 - reach * 0.9, top.y0 + reach)
        for x, y in rng.uniform(low, high, (4, 2)).tolist():
            if all(np.hypot(x - a, y - b) >= 0.7 * (reach + c) for a, b, c in taken):
                break
        else:
            continue
        taken.append((x, y, reach))
        parts += moved_parts(things, (x, y, top.z), yaw=float(rng.normal(0, 0.6)))
    return parts


def wall_picture(rng: np.random.Generator, palette: Palette) -> tuple[Parts, float, float]:
    """Make a framed or bare picture that hangs on y = 0, facing -y: parts, width, height."""
    role = str(rng.choice(('picture', 'poster', 'page', 'sign'), p=(0.35, 0.4, 0.15, 0.1)))
    largest = {'page': 0.6, 'sign': 0.4}.get(role, 1.3)
    w = float(rng.uniform(0.2, largest))
    h = min(w * float(rng.uniform(0.6, 1.6)), 1.1)
    name = palette.pick(role)
    rim = float(rng.uniform(0.0, 0.04))
    parts: Parts = []
    if rim > 0.008:
        parts.append((palette.pick('wood'), slab((w + 2 * rim, 0.02, h + 2 * rim),
                                                 (0, -0.012, 0))))
    parts.append((name, panel((-w / 2, -0.024, -h / 2), (w, 0, 0), (0, 0, h), picture=True,
                              cell=9)))
    return parts, w + 2 * rim, h + 2 * rim
