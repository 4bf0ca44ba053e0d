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

"""How halls are filled: racks in rows, pillars, courts, machines, pews."""

from collections.abc import Callable

import numpy as np
from sa4depth_train.worlds.places import furniture_seats, furniture_tables, goods, hall_pieces
from sa4depth_train.worlds.places.furniture_decor import large_plant
from sa4depth_train.worlds.places.people import person
from sa4depth_train.worlds.places.site import Region, Site
from sa4depth_train.worlds.places.solids import moved_parts, slab
from sa4depth_train.worlds.world import Parts

Maker = Callable[[Site], Parts]
AISLE = 0.9


def fill_warehouse(site: Site, region: Region, height: float) -> None:
    """Set up rows of racks with aisles, and pallets, drums and trucks where room is left."""
    x0, x1, y0, y1 = region
    pitch = 1.1 + site.between(1.9, 3.4)
    levels = max(1, min(4, int((height - 0.8) / 1.6)))
    bays = max(1, int((x1 - x0 - 2 * site.between(1.8, 3.5)) / 2.7))
    y = y0 + site.between(0.7, 2.5)
    while y < y1 - 0.8:
        if site.chance(0.85):
            count = bays if site.chance(0.7) else max(1, bays - 2)
            shift = (bays - count) * 1.35 * site.rng.choice([-1, 1])
            site.put(goods.rack(site, min(count, 6), site.number(1, levels)),
                     ((x0 + x1) / 2 + shift, y, 0))
        y += pitch
    _floor_lines(site, region)
    scatter(site, region, (goods.pallets, goods.pallets, goods.barrels, goods.forklift,
                           goods.step_ladder, _person, goods.pipe_stack), site.number(3, 12))


def fill_lobby(site: Site, region: Region, height: float) -> None:
    """Set up pillars, a counter, seats, plants, perhaps a flight of stairs."""
    if site.chance(0.7):
        pillars(site, region, height)
    if height > 3.6 and site.chance(0.6):
        x0, x1, y0, y1 = region
        rise = site.between(1.2, min(3.2, height - 2.2))
        parts = hall_pieces.stairs(site, rise, site.between(1.2, 3.0))
        points = np.concatenate([mesh.vertices for _, mesh in parts])
        if points[:, 1].max() - points[:, 1].min() < y1 - y0 - 2:
            at = site.between(x0 + 2, x1 - 2), y1 - float(points[:, 1].max())
            site.put(parts, (*at, 0))
    scatter(site, region, (hall_pieces.counter,), 1)
    scatter(site, region, (_seats, _seats, _seats, _plant, _plant, hall_pieces.planter,
                           hall_pieces.display, _person, _table), site.number(6, 18))


def fill_gym(site: Site, region: Region, height: float) -> None:
    """Draw courts on the floor and set up mats, goals and hoops."""
    _court(site, region)
    x0, x1, y0, y1 = region
    for yaw, x in ((-np.pi / 2, x1), (np.pi / 2, x0)):
        if site.chance(0.7) and height > 4.2:
            site.put(hall_pieces.hoop(site), (x, (y0 + y1) / 2, 0), yaw, blocks=False)
    site.put(hall_pieces.wall_bars(site), (site.between(x0 + 1, x1 - 7), y1 - 0.02, 0))
    scatter(site, region, (hall_pieces.mats, hall_pieces.mats, _person, _bench),
            site.number(3, 9))


def fill_workshop(site: Site, region: Region, height: float) -> None:
    """Set up benches, machines, stock and tools."""
    if height > 3.5 and site.chance(0.3):
        pillars(site, region, height)
    scatter(site, region, (goods.workbench, goods.workbench, goods.machine_tool,
                           goods.machine_tool, goods.barrels, goods.pallets, goods.pipe_stack,
                           goods.step_ladder, _person, goods.forklift), site.number(8, 26))


def fill_church(site: Site, region: Region, height: float) -> None:
    """Set up two rows of pillars and pews before an altar."""
    x0, x1, y0, y1 = region
    stone, wood = site.new('stone'), site.new('wood')
    aisle, side = site.between(1.3, 2.2), site.between(1.4, 2.2)
    wide = (y1 - y0 - aisle - 2 * side) / 2
    for x in np.arange(x0 + 2.5, x1 - 4, site.between(0.9, 1.15)):
        for sign in (-1, 1):
            bench = moved_parts(hall_pieces.pew(wide - 0.5, wood), (0, 0, 0),
                                yaw=-np.pi / 2)
            y = (y0 + y1) / 2 + sign * (aisle + wide) / 2
            site.put(bench, (float(x), y, 0))
    for x in np.arange(x0 + 2, x1 - 2, site.between(3, 5)):
        for y in (y0 + side * 0.8, y1 - side * 0.8):
            site.put(hall_pieces.pillar(site, stone, height, 0.25, round_=True),
                     (float(x), y, 0))
    site.put([(stone, slab((2.2, 1.0, 1.0), (0, 0, 0.5)))], (x1 - 1.4, (y0 + y1) / 2, 0),
             np.pi / 2)
    scatter(site, region, (_person, _plant, hall_pieces.display), site.number(1, 4))


def pillars(site: Site, region: Region, height: float) -> None:
    """Set up one or two rows of pillars."""
    x0, x1, y0, y1 = region
    name, radius = site.new('stone' if site.chance(0.5) else 'wall'), site.between(0.15, 0.4)
    round_ = site.chance(0.5)
    rows = [0.5] if site.chance(0.3) else [0.28, 0.72]
    for x in np.linspace(x0, x1, max(3, round((x1 - x0) / site.between(3, 6))))[1:-1]:
        for share in rows:
            site.put(hall_pieces.pillar(site, name, height, radius, round_=round_),
                     (float(x), y0 + share * (y1 - y0), 0))


def scatter(site: Site, region: Region, makers: tuple[Maker, ...], count: int) -> None:
    """Put pieces where nothing stands yet, with an aisle around each."""
    x0, x1, y0, y1 = region
    for _ in range(count):
        parts = makers[site.number(0, len(makers) - 1)](site)
        yaw = site.number(0, 3) * np.pi / 2 + site.between(-0.12, 0.12)
        points = np.concatenate([mesh.moved((0, 0, 0), yaw=yaw).vertices for _, mesh in parts])
        low, high = points.min(0)[:2], points.max(0)[:2]
        for _ in range(8):
            at = np.array([site.between(x0, x1), site.between(y0, y1)])
            if _is_free(site, region, at + low, at + high):
                site.put(parts, (float(at[0]), float(at[1]), 0), yaw)
                break


def _is_free(site: Site, region: Region, low: np.ndarray, high: np.ndarray) -> bool:
    x0, x1, y0, y1 = region
    if (low < (x0 + AISLE, y0 + AISLE)).any() or (high > (x1 - AISLE, y1 - AISLE)).any():
        return False
    return all((block.low[:2] > high + AISLE).any() or (block.high[:2] < low - AISLE).any()
               for block in site.builder.blocks)


def _court(site: Site, region: Region) -> None:
    x0, x1, y0, y1 = region
    for inset in (1.2, 2.6)[:site.number(1, 2)]:
        name = site.palette.plain(((236, 236, 232), (30, 60, 150), (190, 40, 40), (230, 200, 60)
                                   )[site.number(0, 3)])
        w, d = x1 - x0 - 2 * inset, y1 - y0 - 2 * inset
        z = 0.004 + 0.001 * inset
        for size, at in (((w, 0.05), (0.0, -d / 2)), ((w, 0.05), (0.0, d / 2)),
                         ((0.05, d), (-w / 2, 0.0)), ((0.05, d), (w / 2, 0.0)),
                         ((0.05, d), (0.0, 0.0))):
            x, y = (x0 + x1) / 2 + at[0], (y0 + y1) / 2 + at[1]
            site.rectangle(name, (x - size[0] / 2, y - size[1] / 2, z), (size[0], 0, 0),
                           (0, size[1], 0))


def _floor_lines(site: Site, region: Region) -> None:
    x0, x1, y0, y1 = region
    name = site.palette.plain(goods.YELLOW if site.chance(0.7) else (230, 230, 226))
    for x in (x0 + 1.2, x1 - 1.2):
        site.rectangle(name, (x, y0 + 0.5, 0.005), (0.1, 0, 0), (0, y1 - y0 - 1, 0))


def _person(site: Site) -> Parts:
    return person(site.rng, site.palette).parts


def _plant(site: Site) -> Parts:
    return large_plant(site.rng, site.palette).parts


def _bench(site: Site) -> Parts:
    return furniture_seats.bench(site.rng, site.palette).parts


def _table(site: Site) -> Parts:
    parts = furniture_tables.dining_table(site.rng, site.palette).parts
    for k in range(site.number(0, 4)):
        chair = furniture_seats.chair(site.rng, site.palette).parts
        turn = k * np.pi / 2
        at = 1.0 * np.sin(turn), -1.0 * np.cos(turn), 0
        parts = parts + moved_parts(chair, at, yaw=turn + np.pi + site.between(-0.3, 0.3))
    return parts


def _seats(site: Site) -> Parts:
    sofa = furniture_seats.sofa(site.rng, site.palette).parts
    table = furniture_tables.coffee_table(site.rng, site.palette).parts
    parts = sofa + moved_parts(table, (0, -1.3, 0))
    if site.chance(0.5):
        other = furniture_seats.sofa(site.rng, site.palette).parts
        parts = parts + moved_parts(other, (0, -2.6, 0), yaw=np.pi)
    return parts
