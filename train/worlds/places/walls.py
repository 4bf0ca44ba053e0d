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

"""Walls with holes: doors shut or open onto another room, windows, gates, niches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sa4depth_train.worlds.places.furnishing import carton_stack
from sa4depth_train.worlds.places.site import moved, Site, Wall, WHOLE
from sa4depth_train.worlds.places.solids import moved_parts, rod, slab
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts


# By so much surfaces overlap that meet [m].
LAP = 0.01


@dataclass(frozen=True)
class Hole:
    """A hole from s0 to s1 along a wall and z0 to z1 [m]: 'door', 'open', 'window', 'niche'."""

    s0: float
    s1: float
    z0: float
    z1: float
    kind: str
    depth: float


@dataclass(frozen=True)
class Dress:
    """
    What all walls of a place wear: the names of their materials and the heights of their parts.

    ``lower`` covers the wall up to ``split`` metres (0: nowhere); ``skirting`` is its height.
    """

    upper: str
    lower: str
    frame: str
    doors: tuple[str, ...]
    pane: str
    split: float = 0.0
    skirting: float = 0.0
    rail: float = 0.0


def raise_wall(site: Site, wall: Wall, height: float, dress: Dress,
               holes: Sequence[Hole] = ()) -> list[tuple[float, float]]:
    """
    Build a wall with holes (sorted, apart) and all that fills them.

    Returns the stretches (s0, s1) [m] without a hole.
    """
    edges = [0.0, *(s for hole in holes for s in (hole.s0, hole.s1)), wall.length]
    free = [(s0, s1) for s0, s1 in zip(edges[::2], edges[1::2]) if s1 - s0 > 0.02]
    _seal(site, wall, height, dress)
    for s0, s1 in free:
        _cover(site, wall, (s0, s1), (-LAP, height + LAP), dress)
        _trim(site, wall, (s0, s1), dress)
    for hole in holes:
        # A little wider and further back than its neighbours, so that no light comes between.
        across = hole.s0 - LAP, hole.s1 + LAP
        _cover(site, wall, across, (hole.z1, height + LAP), dress, back=0.001)
        if hole.z0 > 0:
            _cover(site, wall, across, (-LAP, hole.z0), dress, back=0.001)
        _line(site, wall, hole, dress)
        _fill(site, wall, hole, dress)
    return free


def _cover(site: Site, wall: Wall, across: tuple[float, float], up: tuple[float, float],
           dress: Dress, *, back: float = 0.0) -> None:
    split = dress.split or up[0]
    for name, low, high, y in ((dress.lower, up[0], min(up[1], split), back),
                               (dress.upper, max(up[0], split - LAP), up[1], back + 0.0005)):
        if high - low > 1e-3:
            mesh = panel((across[0], y, low), (across[1] - across[0], 0, 0), (0, 0, high - low),
                         cell=WHOLE)
            mesh.uv[:] += across[0], low
            site.builder.add(name, moved(wall, mesh))


def _seal(site: Site, wall: Wall, height: float, dress: Dress) -> None:
    # Neighbouring walls share no vertices: posts in the solid behind both ends close the gap.
    for s in (0.0, wall.length):
        post = slab((0.06, 0.06, height + 0.1), (s, 0.031, height / 2))
        site.builder.add(dress.upper, moved(wall, post))


def _trim(site: Site, wall: Wall, across: tuple[float, float], dress: Dress) -> None:
    length, middle = across[1] - across[0], (across[0] + across[1]) / 2
    if dress.skirting > 0:
        site.builder.add(dress.frame, moved(wall, slab(
            (length, 0.03, dress.skirting), (middle, -0.005, dress.skirting / 2))))
    if dress.rail > 0 and length > 0.5:
        bar = slab((length - 0.1, 0.04, 0.12), (middle, -0.06, dress.rail))
        site.builder.add(dress.frame, moved(wall, bar))


def _line(site: Site, wall: Wall, hole: Hole, dress: Dress) -> None:
    w, h, d, middle = hole.s1 - hole.s0, hole.z1 - hole.z0, hole.depth, (hole.s0 + hole.s1) / 2
    sides = [panel((hole.s0, 0, hole.z0), (0, d, 0), (0, 0, h), cell=WHOLE),
             panel((hole.s1, d, hole.z0), (0, -d, 0), (0, 0, h), cell=WHOLE),
             panel((hole.s0, d, hole.z1), (w, 0, 0), (0, -d, 0), cell=WHOLE),
             panel((hole.s0, 0, hole.z0), (w, 0, 0), (0, d, 0), cell=WHOLE)]
    name = dress.upper if hole.kind == 'niche' else dress.frame
    for mesh in sides:
        site.builder.add(name, moved(wall, mesh))
    if hole.kind in ('door', 'open', 'gate'):
        bar = 0.07
        for x in (hole.s0 - bar / 2, hole.s1 + bar / 2):
            site.builder.add(dress.frame, moved(wall, slab(
                (bar, 0.05, hole.z1 + bar), (x, 0.0, (hole.z1 + bar) / 2), grain='z')))
        site.builder.add(dress.frame, moved(wall, slab((w, 0.05, bar),
                                                       (middle, 0.0, hole.z1 + bar / 2))))


def _fill(site: Site, wall: Wall, hole: Hole, dress: Dress) -> None:
    parts = {'door': _door, 'gate': _gate, 'open': _room_beyond, 'window': _window,
             'niche': _niche}[hole.kind](site, hole, dress)
    site.put(moved_parts(parts, ((hole.s0 + hole.s1) / 2, hole.depth, 0)), (wall.x, wall.y, 0),
             wall.yaw, blocks=False)


def _door(site: Site, hole: Hole, dress: Dress) -> Parts:
    w, h = hole.s1 - hole.s0, hole.z1
    leaves = 2 if w > 1.35 else 1
    metal = site.palette.plain((150, 150, 152), shine=0.6)
    name = dress.doors[site.number(0, len(dress.doors) - 1)]
    hinge = 1 if site.chance(0.5) else -1
    parts: Parts = []
    for k in range(leaves):
        wide = w / leaves
        x0 = -w / 2 + k * wide
        parts.append((name, panel((x0, 0, 0), (wide, 0, 0), (0, 0, h), picture=True, cell=WHOLE)))
        x = x0 + wide / 2 + (hinge if leaves == 1 else 1 - 2 * k) * (wide / 2 - 0.09)
        parts += [(metal, slab((0.13, 0.02, 0.022), (x, -0.055, 1.05))),
                  (metal, slab((0.02, 0.06, 0.022), (x, -0.03, 1.05))),
                  (metal, slab((0.04, 0.01, 0.2), (x, -0.005, 1.0)))]
    if site.chance(0.4):
        plate = panel((w / 2 + 0.2, -hole.depth - 0.006, 1.45), (0.16, 0, 0), (0, 0, 0.12),
                      picture=True, cell=WHOLE)
        parts.append((site.some('label'), plate))
    return parts


def _gate(site: Site, hole: Hole, dress: Dress) -> Parts:
    del dress
    return [(site.new('gate'), panel((-(hole.s1 - hole.s0) / 2, 0, 0), (hole.s1 - hole.s0, 0, 0),
                                     (0, 0, hole.z1), picture=True, cell=WHOLE))]


def _window(site: Site, hole: Hole, dress: Dress) -> Parts:
    # A real hole: the sky and what stands outside are seen through it.
    w, h, bar = hole.s1 - hole.s0, hole.z1 - hole.z0, 0.06
    columns, rows = max(1, round(w / site.between(0.6, 1.3))), 1 + (h > 1.3)
    parts: Parts = []
    for x in np.linspace(-w / 2 + bar / 2, w / 2 - bar / 2, columns + 1):
        parts.append((dress.frame, slab((bar, 0.06, h), (float(x), 0, hole.z0 + h / 2),
                                        grain='z')))
    for z in np.linspace(hole.z0 + bar / 2, hole.z1 - bar / 2, rows + 1):
        parts.append((dress.frame, slab((w, 0.06, bar), (0, 0, float(z)))))
    sill = slab((w + 0.1, hole.depth + 0.12, 0.03), (0, -hole.depth / 2 - 0.06, hole.z0))
    return [*parts, (dress.frame, sill)] if hole.z0 > 0.3 else parts


def _niche(site: Site, hole: Hole, dress: Dress) -> Parts:
    w, h = hole.s1 - hole.s0, hole.z1
    parts: Parts = [(dress.upper, panel((-w / 2, 0, 0), (w, 0, 0), (0, 0, h), cell=WHOLE))]
    if site.chance(0.5):
        parts += [(name, mesh) for name, mesh in carton_stack(site)]
    elif site.chance(0.5):
        metal = site.some('metal')
        parts += [(metal, rod(site.between(0.02, 0.08), h).moved((x, -0.12, 0)))
                  for x in np.linspace(-w / 3, w / 3, site.number(1, 4)).tolist()]
    return parts


def _room_beyond(site: Site, hole: Hole, dress: Dress) -> Parts:
    w, d = site.between(hole.s1 - hole.s0 + 0.3, 4.5), site.between(1.2, 5.0)
    h = hole.z1 + site.between(0.15, 0.7)
    x = -w / 2 + site.between(-0.45, 0.45) * (w - hole.s1 + hole.s0)
    wall, floor = site.some('wall'), site.some('floor')
    white = site.palette.plain((226, 224, 220))
    step = hole.depth + 0.02
    faces = [(floor, (x, -step, 0.002), (w, 0, 0), (0, d + step, 0)),
             (white, (x, d, h), (w, 0, 0), (0, -d, 0)), (wall, (x, d, 0), (w, 0, 0), (0, 0, h)),
             (wall, (x, 0, 0), (0, d, 0), (0, 0, h)),
             (wall, (x + w, d, 0), (0, -d, 0), (0, 0, h))]
    parts: Parts = [(name, panel(at, u, v, cell=WHOLE)) for name, at, u, v in faces]
    for _ in range(site.number(0, 5)):
        size = min(w, site.between(0.3, 1.4)), site.between(0.3, 0.8), site.between(0.4, 2.0)
        at = (x + size[0] / 2 + site.between(0, w - size[0]), d - size[1] / 2, size[2] / 2)
        parts.append((site.some('wood'), slab(size, at, grain='z')))
    name = dress.doors[site.number(0, len(dress.doors) - 1)]
    leaf_width, side = hole.s1 - hole.s0, 1 if site.chance(0.5) else -1
    leaf = panel((0, 0, 0), (leaf_width, 0, 0), (0, 0, hole.z1), picture=True,
                 cell=WHOLE).double_sided()
    parts.append((name, leaf.moved((side * leaf_width / 2, 0.01, 0),
                                   yaw=np.pi / 2 - side * site.between(-0.4, 0.4))))
    return parts
