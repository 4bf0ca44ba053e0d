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

"""Corridors: straight, bent and crossing, from basements with pipes to hotel floors."""

import numpy as np
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places.ceilings import cover_ceiling, LAP, Lighting
from sa4depth_train.worlds.places.fixtures import furnish_wall
from sa4depth_train.worlds.places.outside import lay_outside
from sa4depth_train.worlds.places.people import person
from sa4depth_train.worlds.places.site import outline, Region, Site, Wall
from sa4depth_train.worlds.places.walls import Dress, Hole, raise_wall


def make_corridor(seed: int, unseen: bool = False) -> Place:
    """Build a corridor of 6 to 25 m with bends, junctions, doors and what stands there."""
    site = Site(np.random.default_rng((seed, 2)), unseen)
    width, height = _profile(site)
    regions = _layout(site, width)
    walls = outline(regions)
    dress = _dress(site, height)
    windows = _windowed(site, walls)
    deepest = max(0.12, min(0.75, width - 1.05))
    busy = site.between(0.1, 0.5)
    for wall in walls:
        holes = _holes(site, wall, height, light=wall in windows)
        free = raise_wall(site, wall, height, dress, holes)
        furnish_wall(site, wall, free, standing=busy, hanging=site.between(0.2, 0.8),
                     deepest=deepest)
    lay_floor(site, regions)
    lighting = Lighting.drawn(site, daylight=bool(windows))
    cover_ceiling(site, regions, height, lighting)
    if width > 1.7 and site.chance(0.12):
        _people(site, regions)
    lay_outside(site, windows, lighting)
    return site.finished('corridor', regions, height, lighting.ambient, lighting.sky)


def _profile(site: Site) -> tuple[float, float]:
    wide = site.chance(0.25)
    width = site.between(2.4, 3.6) if wide else site.between(1.2, 2.4)
    return width, site.between(2.25, 3.3 if width < 2 else 3.9)


def _layout(site: Site, width: float) -> list[Region]:
    length = site.between(6, 22)
    regions: list[Region] = [(0.0, length, 0.0, width)]
    style = site.number(0, 5)
    other = width * site.between(0.8, 1.25)
    if style in (1, 2, 3):          # L at the end, T within, cross
        x = length - other if style == 1 else site.between(1.5, max(1.6, length - other - 1.5))
        up = site.between(3, 12)
        down = site.between(2, 8) if style == 3 else 0.0
        regions.append((x, x + other, -down, width + up))
    if style == 4:                  # Z
        up = site.between(2, 7)
        regions += [(length - other, length, 0.0, width + up),
                    (length - other, length + site.between(3, 9), up, width + up)]
    if style == 5 and length > 9:   # a wider part
        x = site.between(2, length - 5)
        regions.append((x, x + site.between(2, 4), 0.0, width + site.between(0.8, 3)))
    return regions


def _dress(site: Site, height: float) -> Dress:
    # Public walls are mostly painted: a plain colour oftener than rooms have it.
    upper = site.new('plaster' if site.chance(0.5) else 'wall')
    split = site.between(0.9, 1.4) if site.chance(0.35) and height > 2 else 0.0
    role = str(site.rng.choice(['wood', 'wall', 'plaster', 'plaster']))
    lower = site.new(role) if split else upper
    return Dress(upper, lower, site.new('wood') if site.chance(0.4) else site.new('wall'),
                 tuple(site.new('door') for _ in range(site.number(1, 2))), site.new('glass'),
                 split, site.between(0.05, 0.15) if site.chance(0.75) else 0.0,
                 site.between(0.85, 1.0) if site.chance(0.15) else 0.0)


def _windowed(site: Site, walls: list[Wall]) -> list[Wall]:
    longest = max(walls, key=lambda wall: wall.length)
    chosen = [longest] if site.chance(0.4) else []
    ends = [wall for wall in walls if 1.0 < wall.length < 4.0]
    if ends and site.chance(0.35):
        chosen.append(ends[site.number(0, len(ends) - 1)])
    return chosen


def _holes(site: Site, wall: Wall, height: float, *, light: bool) -> list[Hole]:
    holes, s = [], site.between(0.3, 1.5)
    door_width = site.between(0.8, 1.05)
    top = min(height - 0.12, site.between(1.98, 2.2))
    recess = site.between(0.04, 0.3)
    gap = (0.4, 1.5) if light else (0.5, 4.5)
    while True:
        hole = _hole(site, s, door_width, top, recess, height, light=light)
        if hole.s1 > wall.length - 0.25:
            return holes
        if not (wall.length < 4 and not light and site.chance(0.4)):
            holes.append(hole)
        s = hole.s1 + site.between(*gap)


def _hole(site: Site, s: float, width: float, top: float, recess: float, height: float, *,
          light: bool) -> Hole:
    if light and site.chance(0.85):
        low = site.between(0.85, 1.1) if site.chance(0.75) else 0.1
        return Hole(s, s + site.between(0.9, 2.4), low, min(height - 0.15, site.between(2.0, 2.6)),
                    'window', site.between(0.1, 0.35))
    draw = site.between(0, 1)
    if draw < 0.12:
        return Hole(s, s + width, 0.0, top, 'open', 0.15)
    if draw < 0.2:
        return Hole(s, s + site.between(0.8, 2.0), 0.0, top, 'niche', site.between(0.2, 0.8))
    wide = width * (2 if site.chance(0.15) else 1)
    return Hole(s, s + wide, 0.0, top, 'door', recess)


def lay_floor(site: Site, regions: list[Region]) -> None:
    """Cover regions with one floor, at times with a runner or a line on it."""
    name, lift = site.new('floor'), 0.0
    for x0, x1, y0, y1 in regions:
        site.rectangle(name, (x0 - LAP, y0 - LAP, lift), (x1 - x0 + 2 * LAP, 0, 0),
                       (0, y1 - y0 + 2 * LAP, 0))
        # Where regions overlap one floor must win at every pixel.
        lift -= 0.002
    x0, x1, y0, y1 = regions[0]
    if site.chance(0.25):
        edge = (y1 - y0) * site.between(0.06, 0.3)
        site.rectangle(site.new('fabric'), (x0, y0 + edge, 0.006), (x1 - x0, 0, 0),
                       (0, y1 - y0 - 2 * edge, 0))
    elif site.chance(0.2):
        site.rectangle(site.palette.plain((224, 190, 60)), (x0, y0 + 0.25, 0.004),
                       (x1 - x0, 0, 0), (0, 0.08, 0))


def _people(site: Site, regions: list[Region]) -> None:
    for _ in range(site.number(1, 2)):
        x0, x1, y0, y1 = regions[site.number(0, len(regions) - 1)]
        parts = person(site.rng, site.palette).parts
        # Beside the middle, so that one can pass on the other side.
        side = y0 + 0.3 if site.chance(0.5) else y1 - 0.3
        if x1 - x0 > y1 - y0:
            site.put(parts, (site.between(x0 + 1, x1 - 1), side, 0), site.between(-3, 3))
