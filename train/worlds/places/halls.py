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

"""Halls: warehouses, lobbies, gyms, workshops and churches of 8 to 30 m."""

from collections.abc import Callable

import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places.ceilings import Lighting
from sa4depth_train.worlds.places.corridors import lay_floor
from sa4depth_train.worlds.places.fixtures import furnish_wall
from sa4depth_train.worlds.places.hall_layouts import (
    fill_church, fill_gym, fill_lobby, fill_warehouse, fill_workshop)
from sa4depth_train.worlds.places.hall_roofs import cover_hall
from sa4depth_train.worlds.places.outside import lay_outside
from sa4depth_train.worlds.places.site import outline, Region, Site, Wall
from sa4depth_train.worlds.places.walls import Dress, Hole, raise_wall

Span = tuple[float, float]
Fill = Callable[[Site, Region, float], None]

# kind: how it is filled, its long and short side [m], its height [m], the role of its walls
_KINDS: dict[str, tuple[Fill, Span, Span, Span, str]] = {
    'warehouse': (fill_warehouse, (14, 30), (9, 20), (4.5, 9.0), 'metal'),
    'lobby': (fill_lobby, (8, 22), (6, 14), (2.9, 6.5), 'wall'),
    'gym': (fill_gym, (16, 30), (10, 18), (5.0, 8.0), 'wall'),
    'workshop': (fill_workshop, (8, 20), (6, 13), (3.2, 6.5), 'facade'),
    'church': (fill_church, (12, 26), (8, 14), (5.0, 10.0), 'stone'),
}
HALL_KINDS = tuple(_KINDS)


def make_hall(seed: int, kind: str = '', *, unseen: bool = False) -> Place:
    """
    Build a hall of a kind of ``HALL_KINDS``, any for ''.

    Raises ConfigError on an unknown kind.
    """
    site = Site(np.random.default_rng((seed, 3)), unseen)
    chosen = kind or str(site.rng.choice(HALL_KINDS, p=(0.3, 0.25, 0.13, 0.22, 0.10)))
    if chosen not in _KINDS:
        raise ConfigError(f"expected a kind of hall of {', '.join(HALL_KINDS)}, got '{kind}'")
    fill, long, short, tall, role = _KINDS[chosen]
    region = (0.0, site.between(*long), 0.0, site.between(*short))
    height = min(site.between(*tall), 0.5 * (region[1] + region[3]))
    dress = _dress(site, role, height)
    walls = outline([region])
    windowed = [wall for wall in walls if site.chance(0.45)]
    band = _band(site, height)
    lay_floor(site, [region])
    fill(site, region, height)
    for wall in walls:
        free = raise_wall(site, wall, height, dress, _holes(site, wall, height, band,
                                                            light=wall in windowed))
        furnish_wall(site, wall, free, standing=0.12, hanging=0.15, deepest=0.9)
    lighting = Lighting.drawn(site, daylight=bool(windowed))
    cover_hall(site, region, height, lighting)
    lay_outside(site, windowed, lighting)
    return site.finished(f'hall/{chosen}', [region], height, lighting.ambient, lighting.sky)


def _dress(site: Site, role: str, height: float) -> Dress:
    upper = site.new(role if site.chance(0.5) else 'wall')
    split = site.between(1.0, min(3.0, height - 1)) if site.chance(0.4) else 0.0
    return Dress(upper, site.new('wall') if split else upper, site.new('metal'),
                 (site.new('door'),), site.new('glass'), split,
                 site.between(0.08, 0.2) if site.chance(0.5) else 0.0)


def _band(site: Site, height: float) -> Span:
    if height > 4 and site.chance(0.6):
        low = site.between(0.45, 0.6) * height
        return low, site.between(low + 0.8, height - 0.2)
    return site.between(0.1, 1.1), site.between(2.2, min(height - 0.2, 4.0))


def _holes(site: Site, wall: Wall, height: float, band: Span, *, light: bool) -> list[Hole]:
    holes, s = [], site.between(0.8, 2.5)
    wide = site.between(1.0, 3.5)
    gap = site.between(0.3, 2.0)
    top = site.between(2.0, 2.3)
    while True:
        if light:
            hole = Hole(s, s + wide, *band, 'window', 0.2)
        elif height > 3.4 and site.chance(0.25):
            hole = Hole(s, s + site.between(2.4, 3.6), 0.0, site.between(2.5, height - 0.5),
                        'gate', 0.15)
        else:
            doors = site.number(1, 2)
            hole = Hole(s, s + site.between(0.85, 1.0) * doors, 0.0, top,
                        'open' if site.chance(0.1) else 'door', site.between(0.04, 0.25))
        if hole.s1 > wall.length - 0.4:
            return holes
        holes.append(hole)
        s = hole.s1 + (gap if light else site.between(1.5, 8.0))
