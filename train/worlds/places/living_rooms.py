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

"""What stands in living rooms and bedrooms."""

from collections.abc import Callable

import numpy as np
from sa4depth_train.worlds.places import clutter
from sa4depth_train.worlds.places.furnisher import Furnisher, Spot
from sa4depth_train.worlds.places.furniture_beds import bed
from sa4depth_train.worlds.places.furniture_decor import (
    floor_lamp, large_plant, radiator, rug, television)
from sa4depth_train.worlds.places.furniture_kitchen import kitchen_run, refrigerator
from sa4depth_train.worlds.places.furniture_seats import (
    armchair, bench, chair, sofa, stool)
from sa4depth_train.worlds.places.furniture_storage import (
    bin_or_basket, boxes, coat_stand, cupboard, night_table, shelf, sideboard, wardrobe)
from sa4depth_train.worlds.places.furniture_tables import coffee_table, dining_table
from sa4depth_train.worlds.places.greenery import kicker_table
from sa4depth_train.worlds.places.litter import litter
from sa4depth_train.worlds.places.people import person
from sa4depth_train.worlds.places.work_rooms import desk_at_wall, desk_island


def furnish_living(room: Furnisher, fill: float) -> None:
    """Furnish a living room; ``fill`` 0..1 is how full."""
    rng, palette = room.rng, room.palette
    _seating(room)
    if room.chance(0.7):
        _television_wall(room)
    for _ in range(round(room.count(1, 4) * fill)):
        make = (shelf, shelf, sideboard, wardrobe)[room.count(0, 3)]
        room.against_wall(make(rng, palette))
    if room.chance(0.65):
        _dining_group(room)
    if room.chance(0.2):
        desk_at_wall(room)
    _loose_things(room, fill)
    room.crowd((shelf, shelf, sideboard, wardrobe, large_plant, boxes, floor_lamp, bench,
                armchair, armchair, coffee_table, stool), 0.42 * fill)
    room.pictures(room.count(0, 6))


def furnish_open_plan(room: Furnisher, fill: float) -> None:
    """Furnish a large room to sit, eat, cook or work in, as in lounges and open offices."""
    rng, palette = room.rng, room.palette
    groups: tuple[Callable[[Furnisher], None], ...] = (
        _seating, _seating, _dining_group, _dining_group, desk_island, desk_island,
        desk_at_wall, _kitchen_corner, _television_wall, _shelf_divider, _shelf_divider,
        _kicker)
    for _ in range(round(2 + 8 * fill)):
        groups[int(rng.integers(len(groups)))](room)
    _loose_things(room, fill)
    room.crowd((shelf, sideboard, wardrobe, large_plant, large_plant, boxes, bench, armchair,
                coat_stand, dining_table), 0.36 * fill)
    if room.chance(0.2):
        room.anywhere(person(rng, palette))
    room.pictures(room.count(0, 8))


def furnish_bedroom(room: Furnisher, fill: float) -> None:
    """Furnish a bedroom."""
    rng, palette = room.rng, room.palette
    for _ in range(1 if room.chance(0.8) else 2):
        made = bed(rng, palette)
        spot = room.against_wall(made, makers=(clutter.cloth_heap, clutter.books), load=0.25,
                                 above=0.9)
        if spot is not None:
            _beside_bed(room, spot, made.size[0], made.size[1])
    if room.chance(0.85):
        room.against_wall(wardrobe(rng, palette))
    for _ in range(round(room.count(0, 3) * fill)):
        make = (shelf, sideboard, sideboard)[room.count(0, 2)]
        room.against_wall(make(rng, palette))
    if room.chance(0.45):
        desk_at_wall(room)
    if room.chance(0.3):
        room.against_wall(armchair(rng, palette))
    _loose_things(room, fill)
    room.crowd((shelf, sideboard, sideboard, wardrobe, large_plant, boxes, bin_or_basket,
                armchair, night_table, bench, floor_lamp), 0.5 * fill)
    room.pictures(room.count(0, 5))


def _seating(room: Furnisher) -> None:
    rng, palette = room.rng, room.palette
    made = sofa(rng, palette)
    spot = room.against_wall(made, makers=(clutter.cloth_heap, clutter.books), load=0.2)
    if spot is None:
        spot = room.anywhere(made, yaw=float(rng.choice((0, 1, 2, 3))) * np.pi / 2)
    if spot is None:
        return
    ahead = made.size[1] / 2
    if room.chance(0.75):
        low = coffee_table(rng, palette)
        at = float(rng.normal(0, 0.15)), -ahead - low.size[1] / 2 - float(rng.uniform(0.25, 0.5))
        room.near(low, spot, at, float(rng.normal(0, 0.06)), load=1.0)
    if room.chance(0.6):
        rug(room, spot, (0.0, -ahead - 0.5))
    for side in (-1, 1):
        if room.chance(0.45):
            arm = armchair(rng, palette)
            at = side * (made.size[0] / 2 + float(rng.uniform(0.2, 0.7))), -ahead - 0.8
            room.near(arm, spot, at, side * -np.pi / 2 + float(rng.normal(0, 0.3)))
        if room.chance(0.3):
            room.near(floor_lamp(rng, palette), spot,
                      (side * (made.size[0] / 2 + 0.25), 0.1), 0.0)
    if room.chance(0.1):
        room.near(person(rng, palette, sitting=True), spot, (0.3, -0.15), 0.0, force=True)


def _television_wall(room: Furnisher) -> None:
    rng, palette = room.rng, room.palette
    stand = cupboard(rng, palette, (0.9, 2.2), (0.35, 0.5), (0.35, 0.65))
    spot = room.against_wall(stand, load=0.4, above=1.2)
    if spot is not None:
        room.on_top(television(rng, palette), spot, (0.0, 0.02, stand.size[2]))


def _dining_group(room: Furnisher) -> None:
    made = dining_table(room.rng, room.palette)
    yaw = float(room.rng.choice((0.0, np.pi / 2))) + float(room.rng.normal(0, 0.05))
    spot = room.anywhere(made, yaw=yaw, gap=0.35, makers=clutter.KITCHEN)
    if spot is not None:
        room.chairs_around(made, spot, chair, float(room.rng.uniform(0.3, 0.95)))


def _kitchen_corner(room: Furnisher) -> None:
    rng, palette = room.rng, room.palette
    names = palette.pick('wood'), palette.pick('wood', again=0.2), palette.pick('metal')
    tiles = palette.register('tiles', palette.surface('ceramic'))
    room.against_wall(kitchen_run(rng, palette, float(rng.uniform(1.8, 4.0)), names, tiles),
                      makers=clutter.KITCHEN, gap=0.0)
    if room.chance(0.6):
        room.against_wall(refrigerator(rng, palette), makers=clutter.KITCHEN)
    if room.chance(0.5):    # a counter in front of it
        counter = cupboard(rng, palette, (1.2, 2.6), (0.6, 0.95), (0.86, 1.1))
        room.anywhere(counter, yaw=float(rng.integers(4)) * np.pi / 2, gap=0.4,
                      makers=clutter.KITCHEN)


def _kicker(room: Furnisher) -> None:
    room.anywhere(kicker_table(room.rng, room.palette),
                  yaw=float(room.rng.integers(4)) * np.pi / 2, gap=0.3)


def _shelf_divider(room: Furnisher) -> None:
    yaw = float(room.rng.integers(4)) * np.pi / 2
    room.anywhere(shelf(room.rng, room.palette), yaw=yaw, gap=0.3)


def _beside_bed(room: Furnisher, spot: Spot, width: float, depth: float) -> None:
    rng, palette = room.rng, room.palette
    for side in (-1, 1):
        if room.chance(0.6):
            made = night_table(rng, palette)
            at = side * (width / 2 + made.size[0] / 2 + 0.03), depth / 2 - made.size[1] / 2 - 0.02
            if room.near(made, spot, at, 0.0, load=0.6) and room.chance(0.6):
                room.on_top(clutter.lamp(rng, palette), spot, (*at, made.size[2]))
    if room.chance(0.5):
        rug(room, spot, (float(rng.uniform(-0.6, 0.6)), -depth / 2))


def _loose_things(room: Furnisher, fill: float) -> None:
    rng, palette = room.rng, room.palette
    if room.chance(0.5):
        room.against_wall(radiator(rng, palette), above=0.4, load=0.0, gap=0.04)
    makes = (large_plant, large_plant, boxes, boxes, bin_or_basket, stool, coat_stand, floor_lamp)
    for _ in range(round(room.count(1, 6) * fill)):
        piece = makes[int(rng.integers(len(makes)))](rng, palette)
        if room.chance(0.7):
            room.against_wall(piece, gap=0.05)
        else:
            room.anywhere(piece)
    litter(room, round(room.count(0, 7) * fill))
    if room.chance(0.08):
        room.anywhere(person(rng, palette))
