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

"""Things on and along the walls of public buildings; all face -y, their backs at y = 0."""

from collections.abc import Callable

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.furnishing import bench, bin_, chairs, locker_row, trolley
from sa4depth_train.worlds.places.plants import dense_plant
from sa4depth_train.worlds.places.site import Site, Wall, WHOLE
from sa4depth_train.worlds.places.solids import moved_parts, round_body, slab, tube
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

Fixture = Callable[[Site], Parts]

RED = (186.0, 26.0, 24.0)


def picture_on(material: str, width: float, height: float, off: float = 0.0) -> tuple[str, Mesh]:
    """Make a picture (0..1) of a size [m] about the origin, ``off`` metres before the wall."""
    return material, panel((-width / 2, -off, -height / 2), (width, 0, 0), (0, 0, height),
                           picture=True, cell=WHOLE)


def extinguisher(site: Site) -> Parts:
    """Make a fire extinguisher on its hook, with its sign above."""
    red, black = site.palette.plain(RED, shine=0.5), site.palette.plain((24, 24, 26), shine=0.3)
    z, r = site.between(0.15, 0.7), site.between(0.065, 0.09)
    body = round_body([(0, 0), (r, 0.02), (r, 0.40), (0.4 * r, 0.47), (0.3 * r, 0.5)])
    hose = tube([(0, -r, 0.5), (0.09, -r, 0.46), (r + 0.03, -r, 0.2), (r, -r, 0.08)], 0.012)
    parts = [(red, body.moved((0, -r - 0.02, z))), (black, hose.moved((0, 0, z))),
             (black, slab((0.05, 0.14, 0.05), (0, -r - 0.04, z + 0.53))),
             (site.some('label'), panel((-0.05, -2 * r - 0.021, z + 0.15), (0.1, 0, 0),
                                        (0, 0, 0.14), picture=True, cell=WHOLE))]
    if site.chance(0.6):
        at = picture_on(site.some('sign'), 0.2, 0.2, 0.01)
        parts += moved_parts([at], (0, 0, 1.75))
    return parts


def hose_cabinet(site: Site) -> Parts:
    """Make a red or white cabinet for a fire hose."""
    w, h, z = site.between(0.5, 0.75), site.between(0.6, 0.9), site.between(0.8, 1.0)
    name = site.palette.plain(RED if site.chance(0.6) else (224, 222, 216), shine=0.4)
    metal = site.palette.plain((150, 150, 150), shine=0.5)
    return [(name, slab((w, 0.18, h), (0, -0.09, z + h / 2))),
            (metal, slab((0.03, 0.03, 0.14), (w * 0.4, -0.19, z + h / 2))),
            *moved_parts([picture_on(site.some('sign'), 0.16, 0.16, 0.185)], (0, 0, z + h * 0.6))]


def notice_board(site: Site) -> Parts:
    """Make a board with frame, sometimes behind glass."""
    w, h = site.between(0.6, 2.4), site.between(0.6, 1.25)
    frame = site.some('metal')
    board = moved_parts([(frame, slab((w + 0.06, 0.025, h + 0.06), (0, -0.012, 0))),
                         picture_on(site.new('board'), w, h, 0.026)], (0, 0, 1.5))
    return board


def posters(site: Site) -> Parts:
    """Make one to four framed or bare posters in a row."""
    parts: Parts = []
    x, framed = 0.0, site.chance(0.5)
    for _ in range(site.number(1, 4)):
        w = site.between(0.3, 0.9)
        h = w * site.between(0.8, 1.5)
        name = site.some('poster' if site.chance(0.5) else 'picture', again=0.3)
        rim = 0.03 if framed else 0.0
        group = [picture_on(name, w, h, 0.022 if framed else 0.004)]
        if framed:
            group.append((site.some('wood'), slab((w + 2 * rim, 0.02, h + 2 * rim),
                                                  (0, -0.01, 0))))
        parts += moved_parts(group, (x + w / 2, 0, 1.55 + site.between(-0.06, 0.06)))
        x += w + 2 * rim + site.between(0.08, 0.5)
    return moved_parts(parts, (-x / 2, 0, 0))


def radiator(site: Site) -> Parts:
    """Make a ribbed radiator with its pipes."""
    w, h = site.between(0.5, 1.8), site.between(0.45, 0.75)
    white = site.palette.plain((226, 224, 216), shine=0.3)
    parts: Parts = [(white, slab((w, 0.03, h), (0, -0.11, 0.12 + h / 2)))]
    step = site.between(0.05, 0.1)
    for x in np.arange(-w / 2 + step / 2, w / 2, step):
        parts.append((white, slab((0.6 * step, 0.08, h - 0.04), (float(x), -0.09, 0.12 + h / 2))))
    parts.append((white, tube([(w / 2, -0.08, 0.2), (w / 2 + 0.1, -0.08, 0.2),
                               (w / 2 + 0.1, -0.04, 0)], 0.012)))
    return parts


def switches(site: Site) -> Parts:
    """Make switches, sockets or a small control beside each other."""
    white = site.palette.plain((232, 230, 224), shine=0.2)
    z = 0.3 if site.chance(0.4) else 1.1
    return [part for k in range(site.number(1, 3)) for part in (
        (white, slab((0.08, 0.012, 0.08), (0.09 * k, -0.006, z))),
        site.palette.small(slab((0.05, 0.016, 0.05), (0.09 * k, -0.008, z))))]


def clock(site: Site) -> Parts:
    """Make a round clock."""
    r = site.between(0.12, 0.2)
    disc = round_body([(r, 0.04), (0, 0.04)], smooth=False)
    rim = round_body([(r, 0), (r, 0.05), (0.92 * r, 0.05)], smooth=False)
    face = Mesh(disc.vertices[:, [0, 2, 1]] * (1, -1, 1), disc.normals[:, [0, 2, 1]] * (1, -1, 1),
                disc.uv, disc.faces)
    ring = Mesh(rim.vertices[:, [0, 2, 1]] * (1, -1, 1), rim.normals[:, [0, 2, 1]] * (1, -1, 1),
                rim.uv, rim.faces)
    black = site.palette.plain((30, 30, 32))
    parts = [(site.palette.plain((238, 236, 230)), face), (black, ring)]
    for length in (0.8 * r, 0.5 * r):
        angle = site.between(0, 2 * np.pi)
        hand = (0, -0.044, 0), (length * np.sin(angle), -0.044, length * np.cos(angle))
        parts.append((black, tube(hand, 0.006, sides=4)))
    return moved_parts(parts, (0, 0, site.between(2.0, 2.2)))


def ventilation(site: Site) -> Parts:
    """Make a grating low or high in the wall."""
    w, h = site.between(0.3, 0.8), site.between(0.2, 0.5)
    z = site.between(0.3, 0.5) if site.chance(0.5) else site.between(2.0, 2.15)
    return moved_parts([picture_on(site.some('grate'), w, h, 0.015),
                        (site.some('metal'), slab((w, 0.014, h), (0, -0.007, 0)))], (0, 0, z))


def hooks(site: Site) -> Parts:
    """Make a rail with hooks and some coats."""
    wood = site.some('wood')
    parts: Parts = [(wood, slab((1.2, 0.03, 0.1), (0, -0.015, 1.65)))]
    for x in np.linspace(-0.5, 0.5, 6):
        if site.chance(0.5):
            name, long = site.some('fabric'), site.between(0.5, 1.0)
            coat = round_body([(0.03, 0), (0.16, -0.14), (0.14, -0.4), (0.19, -long)][::-1])
            flat = Mesh(coat.vertices * (1, 0.5, 1), coat.normals, coat.uv, coat.faces)
            parts.append((name, flat.moved((float(x), -0.1, 1.62))))
    return parts


def cabinet(site: Site) -> Parts:
    """Make a cupboard, low or high, with doors."""
    w, d = site.between(0.6, 1.6), site.between(0.35, 0.6)
    h = site.between(0.75, 1.2) if site.chance(0.5) else site.between(1.6, 2.1)
    name = site.some('wood' if site.chance(0.5) else 'metal')
    handle = site.palette.plain((60, 60, 62), shine=0.5)
    count = max(1, round(w / 0.45))
    parts: Parts = [(name, slab((w, d, h), (0, -d / 2, h / 2), grain='z'))]
    for k in range(count):
        x = -w / 2 + (k + 0.5) * w / count
        parts.append((name, slab((w / count - 0.01, 0.018, h - 0.08),
                                 (x, -d - 0.009, h / 2 + 0.02), grain='z')))
        parts.append((handle, slab((0.012, 0.025, 0.14), (x + 0.4 * w / count, -d - 0.03, h / 2))))
    return parts


def machine(site: Site) -> Parts:
    """Make a vending machine or a photocopier."""
    w, d, h = site.between(0.65, 1.0), site.between(0.6, 0.85), site.between(1.0, 1.9)
    body = site.some('plastic', again=0.2)
    front = site.new('screen' if h < 1.4 else 'poster')
    size = (0.8 * w, 0.75 * h) if h > 1.4 else (0.3, 0.2)
    return [(body, slab((w, d, h), (0, -d / 2, h / 2))),
            *moved_parts([picture_on(front, *size, d + 0.004)], (0, 0, h * 0.58)),
            site.palette.small(slab((0.6 * w, 0.02, 0.12), (0, -d - 0.01, 0.2)))]


SMALL: tuple[Fixture, ...] = (extinguisher, extinguisher, hose_cabinet, notice_board, notice_board,
                              posters, posters, posters, switches, clock, ventilation)


def plants(site: Site) -> Parts:
    """Make one to four dense plants in a row."""
    parts: Parts = []
    x = 0.0
    for _ in range(site.number(1, 4)):
        piece = dense_plant(site.rng, site.palette)
        parts += moved_parts(piece.parts, (x + piece.size[0] / 2, -piece.size[1] / 2 - 0.04, 0))
        x += piece.size[0] + site.between(-0.1, 0.2)
    return parts


STANDING: tuple[Fixture, ...] = (plants, radiator, radiator, hooks, cabinet, cabinet, machine,
                                 bench, bin_, chairs, locker_row, trolley)


def furnish_wall(site: Site, wall: Wall, free: list[tuple[float, float]], *, standing: float,
                 hanging: float, deepest: float) -> None:
    """
    Put things along the free stretches (s0, s1) [m] of a wall.

    ``standing`` and ``hanging`` are the things a metre; none is deeper than ``deepest`` metres.
    """
    for s0, s1 in free:
        for makers, density in ((SMALL, hanging), (STANDING, standing)):
            s = s0
            while s < s1:
                s += float(site.rng.exponential(1 / max(density, 1e-3)))
                s = _put_one(site, wall, makers, s, s1, deepest)


def _put_one(site: Site, wall: Wall, makers: tuple[Fixture, ...], s: float, end: float,
             deepest: float) -> float:
    if s >= end:
        return end
    parts = makers[int(site.rng.integers(len(makers)))](site)
    points = np.concatenate([mesh.vertices for _, mesh in parts])
    low, high = points.min(0), points.max(0)
    if s + high[0] - low[0] > end or -low[1] > deepest:
        return s
    site.hang(wall, parts, s - float(low[0]))
    return s + float(high[0] - low[0]) + 0.05
