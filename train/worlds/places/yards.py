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

"""Yards: streets, courts, gardens and car parks under the sky."""

from collections.abc import Callable

import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places import furnishing, furniture_seats, goods, hall_pieces, trees
from sa4depth_train.worlds.places.daylight import add_daylight
from sa4depth_train.worlds.places.hall_layouts import scatter
from sa4depth_train.worlds.places.houses import build_border, build_house
from sa4depth_train.worlds.places.people import person
from sa4depth_train.worlds.places.site import outline, Region, Site, Wall
from sa4depth_train.worlds.places.solids import moved_parts, rod, slab, soft
from sa4depth_train.worlds.places.vehicles import bicycle, car
from sa4depth_train.worlds.world import Parts

Maker = Callable[[Site], Parts]
# Ground lies around a yard as far as this [m].
AROUND = 25.0


def make_yard(seed: int, kind: str = '', *, unseen: bool = False) -> Place:
    """
    Build a yard of a kind of ``YARD_KINDS``, any for ''.

    Raises ConfigError on an unknown kind.
    """
    site = Site(np.random.default_rng((seed, 4)), unseen)
    chosen = kind or str(site.rng.choice(YARD_KINDS))
    if chosen not in _KINDS:
        raise ConfigError(f"expected a kind of yard of {', '.join(YARD_KINDS)}, got '{kind}'")
    region = _KINDS[chosen](site)
    _plant_trees(site, region)
    ambient, sky = add_daylight(site)
    return site.finished(f'yard/{chosen}', [region], float('inf'), ambient, sky)


def _street(site: Site) -> Region:
    length, width = site.between(16, 34), site.between(8, 15)
    region = (0.0, length, 0.0, width)
    _ground(site, region, 'road')
    pavement, kerb = site.new('road'), site.between(1.5, 2.6)
    for y in (0.0, width - kerb):
        site.builder.add(pavement, slab((length + 2 * AROUND, kerb, 0.12),
                                        (length / 2, y + kerb / 2, 0.0)))
    walls = outline([region])
    for wall in walls:
        if wall.length == length:
            _row_of_houses(site, wall, AROUND)
    if site.chance(0.6):
        # The street ends at a house, as streets do.
        end = Wall(length + site.between(4, AROUND), 0.9 * width, -np.pi / 2, width)
        build_house(site, end, 0.0, site.between(10, 20))
    for y in (kerb + 1.0, width - kerb - 1.0):
        _parked(site, region, y)
    scatter(site, region, (_post, furnishing.bin_, _bollard, _person, bicycle),
            site.number(4, 14))
    return region


def _court(site: Site) -> Region:
    region = (0.0, site.between(9, 24), 0.0, site.between(9, 20))
    _ground(site, region, 'road' if site.chance(0.6) else 'ground')
    for wall in outline([region]):
        if site.chance(0.75):
            _row_of_houses(site, wall)
        else:
            build_border(site, wall)
    scatter(site, region, (trees.bush, _bench, furnishing.bin_, bicycle, bicycle,
                           hall_pieces.planter, trees.flower_bed, _post, _person, _swing,
                           goods.pallets), site.number(6, 20))
    return region


def _garden(site: Site) -> Region:
    region = (0.0, site.between(8, 22), 0.0, site.between(8, 16))
    _ground(site, region, 'ground')
    walls = outline([region])
    front = site.number(0, 3)
    for number, wall in enumerate(walls):
        if number == front:
            _row_of_houses(site, wall)
            _terrace(site, wall)
        else:
            build_border(site, wall)
    scatter(site, region, (trees.bush, trees.bush, trees.flower_bed,
                           _bench, _table, _shed, _swing, hall_pieces.planter, _person, bicycle),
            site.number(6, 18))
    return region


def _car_park(site: Site) -> Region:
    region = (0.0, site.between(18, 34), 0.0, site.between(14, 24))
    _ground(site, region, 'road')
    x0, x1, _, y1 = region
    for wall in outline([region]):
        if site.chance(0.5):
            _row_of_houses(site, wall)
        else:
            build_border(site, wall)
    white = site.palette.plain((226, 226, 222))
    for y, lane in ((2.6, 1), (y1 - 2.6, -1)):
        for x in np.arange(x0 + 1.5, x1 - 1.5, 2.6):
            site.rectangle(white, (float(x), y - 2.4, 0.006), (0.1, 0, 0), (0, 4.8, 0))
            if site.chance(0.65):
                site.put(car(site), (float(x) + 1.3, y, 0), lane * np.pi / 2 + site.between(
                    -0.05, 0.05))
    scatter(site, region, (_post, _bollard, _person, trees.bush, furnishing.trolley),
            site.number(2, 9))
    return region


_KINDS: dict[str, Callable[[Site], Region]] = {
    'street': _street, 'court': _court, 'garden': _garden, 'car_park': _car_park}
YARD_KINDS = tuple(_KINDS)


def _ground(site: Site, region: Region, role: str) -> None:
    x0, x1, y0, y1 = region
    site.rectangle(site.new(role), (x0 - AROUND, y0 - AROUND, 0), (x1 - x0 + 2 * AROUND, 0, 0),
                   (0, y1 - y0 + 2 * AROUND, 0))
    for _ in range(site.number(0, 3)):
        w, d = site.between(0.5, 4), site.between(0.5, 4)
        site.rectangle(site.new('road' if site.chance(0.6) else 'ground'), (
            site.between(x0, x1 - w), site.between(y0, y1 - d), 0.004), (w, 0, 0), (0, d, 0))


def _row_of_houses(site: Site, wall: Wall, over: float = 6.0) -> None:
    s = -site.between(0, over)
    while s < wall.length + over - 6:
        length = site.between(6, 18)
        if site.chance(0.88):
            build_house(site, wall, s, length)
        s += length + (0.0 if site.chance(0.5) else site.between(0.5, 4))


def _parked(site: Site, region: Region, y: float) -> None:
    x = region[0] + site.between(0.5, 5)
    while x < region[1] - 3:
        parts = car(site)
        if site.chance(0.55):
            yaw = np.pi * site.number(0, 1) + site.between(-0.04, 0.04)
            site.put(parts, (x + 2.4, y + site.between(-0.15, 0.15), 0), yaw)
        x += site.between(5.2, 7.5)


def _plant_trees(site: Site, region: Region) -> None:
    x0, x1, y0, y1 = region
    for number in range(site.number(2, 9)):
        parts = trees.tree(site)
        reach = 0.0 if number % 2 else 15.0
        x, y = site.between(x0 - reach, x1 + reach), site.between(y0 - reach, y1 + reach)
        inside = x0 < x < x1 and y0 < y < y1
        if inside != (reach == 0.0) or not _is_clear(site, x, y):
            continue
        site.put(parts, (x, y, 0), blocks=False)
        # One can walk below the crown, where it is high enough.
        points = np.concatenate([mesh.vertices for _, mesh in parts])
        site.block((x - 0.3, y - 0.3, 0), (x + 0.3, y + 0.3, 5))
        low = points[np.linalg.norm(points[:, :2], axis=1) > 0.45]
        if len(low) and low[:, 2].min() < 3:
            wide, bottom = np.abs(low[:, :2]).max(0), low[:, 2].min()
            site.block((x - wide[0], y - wide[1], bottom), (x + wide[0], y + wide[1], 5))


def _is_clear(site: Site, x: float, y: float) -> bool:
    return all((block.low[:2] > (x + 1, y + 1)).any() or (block.high[:2] < (x - 1, y - 1)).any()
               for block in site.builder.blocks)


def _terrace(site: Site, wall: Wall) -> None:
    if site.chance(0.6):
        slabs = slab((wall.length * 0.8, 3.0, 0.06), (0, -1.5, 0.0))
        site.hang(wall, [(site.new('road'), slabs)], wall.length / 2, blocks=False)


def _bench(site: Site) -> Parts:
    return furnishing.bench(site)


def _table(site: Site) -> Parts:
    wood = site.some('wood')
    if site.chance(0.5):
        return [(wood, slab((1.7, 0.75, 0.05), (0, 0, 0.74))),
                *[(wood, slab((1.7, 0.28, 0.05), (0, y, 0.45))) for y in (-0.65, 0.65)],
                *[(wood, slab((0.08, 1.5, 0.08), (x, 0, 0.4))) for x in (-0.6, 0.6)],
                *[(wood, slab((0.08, 0.1, 0.74), (x, y, 0.37))) for x in (-0.6, 0.6)
                  for y in (-0.3, 0.3)]]
    parts: Parts = [(wood, rod(0.45, 0.03, segments=18).moved((0, 0, 0.72))),
                    (wood, rod(0.04, 0.72)), (wood, rod(0.25, 0.03).moved((0, 0, 0)))]
    for k in range(site.number(1, 4)):
        chair = furniture_seats.chair(site.rng, site.palette).parts
        turn = k * np.pi / 2 + site.between(-0.3, 0.3)
        parts += moved_parts(chair, (0.85 * np.sin(turn), -0.85 * np.cos(turn), 0),
                             yaw=turn + np.pi)
    return parts


def _shed(site: Site) -> Parts:
    w, d, h = site.between(1.6, 3.0), site.between(1.4, 2.4), site.between(1.8, 2.3)
    wood = site.new('wood')
    return [(wood, slab((w, d, h), (0, 0, h / 2), grain='z')),
            (site.some('roof'), slab((w + 0.3, d + 0.3, 0.1), (0, 0, h + 0.05))),
            (site.some('wood'), slab((0.8, 0.04, 1.7), (0, -d / 2 - 0.02, 0.9), grain='z'))]


def _swing(site: Site) -> Parts:
    metal, seat = site.some('metal'), site.some('plastic')
    parts: Parts = [(metal, slab((2.6, 0.08, 0.08), (0, 0, 2.1)))]
    for x in (-1.3, 1.3):
        parts += [(metal, slab((0.07, 0.07, 2.1), (x, y, 1.05))) for y in (-0.6, 0.6)]
        parts.append((metal, slab((0.07, 1.2, 0.07), (x, 0, 2.1))))
    for x in (-0.5, 0.5):
        parts.append((seat, slab((0.45, 0.18, 0.03), (x, 0, 0.45))))
        parts += [(metal, rod(0.008, 1.65, segments=5).moved((x + s, 0, 0.45)))
                  for s in (-0.2, 0.2)]
    return parts


def _post(site: Site) -> Parts:
    metal, h = site.some('metal'), site.between(2.6, 5.5)
    parts: Parts = [(metal, rod(site.between(0.03, 0.08), h))]
    if site.chance(0.6):
        parts.append((site.palette.plain((230, 228, 220)), soft((0.4, 0.4, 0.3), (0, 0, h))))
    else:
        sign = slab((0.6, 0.02, 0.6), (0, -0.06, h - 0.35))
        parts += [site.palette.packet((0.6, 0.02, 0.6), (0, -0.08, h - 0.35)), (metal, sign)]
    return parts


def _bollard(site: Site) -> Parts:
    name = site.some('metal' if site.chance(0.5) else 'stone')
    return [(name, rod(site.between(0.05, 0.16), site.between(0.5, 1.0)))]


def _person(site: Site) -> Parts:
    return person(site.rng, site.palette).parts
