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

"""What stands in kitchens and bathrooms."""

import numpy as np
from sa4depth_train.worlds.places import clutter
from sa4depth_train.worlds.places.furnisher import Furnisher
from sa4depth_train.worlds.places.furniture_bath import (
    bath_tub, shower, toilet, towels, wash_basin)
from sa4depth_train.worlds.places.furniture_decor import large_plant, radiator
from sa4depth_train.worlds.places.furniture_kitchen import (
    kitchen_run, refrigerator, washing_machine)
from sa4depth_train.worlds.places.furniture_seats import bench, chair, stool
from sa4depth_train.worlds.places.furniture_storage import (
    bin_or_basket, boxes, cupboard, shelf, sideboard)
from sa4depth_train.worlds.places.furniture_tables import dining_table
from sa4depth_train.worlds.places.litter import litter
from sa4depth_train.worlds.places.people import person


def furnish_kitchen(room: Furnisher, fill: float) -> None:
    """Furnish a kitchen; ``fill`` 0..1 is how full."""
    rng, palette = room.rng, room.palette
    names = (palette.pick('wood'), palette.pick('wood', again=0.2), palette.pick('metal'))
    tiles = palette.register('tiles', palette.surface('ceramic'))
    longest = max(line.length for line in room.plan.walls)
    for _ in range(room.count(1, 3)):
        width = min(float(rng.uniform(1.2, 3.9)), longest - 0.1)
        room.against_wall(kitchen_run(rng, palette, width, names, tiles),
                          makers=clutter.KITCHEN, load=1.2, gap=0.0)
    room.against_wall(refrigerator(rng, palette), makers=clutter.KITCHEN)
    if room.chance(0.3):
        room.against_wall(washing_machine(rng, palette), makers=clutter.KITCHEN)
    if room.chance(0.75):
        _eating_place(room)
    for _ in range(round(room.count(0, 3) * fill)):
        make = (shelf, sideboard)[room.count(0, 1)]
        room.against_wall(make(rng, palette), makers=clutter.KITCHEN)
    _extras(room, fill)
    room.crowd((shelf, sideboard, boxes, bin_or_basket, bench, stool, large_plant), 0.45 * fill,
               makers=clutter.KITCHEN)
    room.pictures(room.count(0, 3))


def furnish_bathroom(room: Furnisher, fill: float) -> None:
    """Furnish a bathroom."""
    rng, palette = room.rng, room.palette
    if room.chance(0.55):
        room.against_wall(bath_tub(rng, palette), gap=0.0, above=0.6)
    if room.chance(0.6):
        room.against_wall(shower(rng, palette), gap=0.0)
    if room.chance(0.85):
        room.against_wall(toilet(rng, palette), gap=0.0, above=0.9)
    for _ in range(room.count(1, 2)):
        room.against_wall(wash_basin(rng, palette), makers=clutter.BATH, load=2.0, gap=0.0)
    if room.chance(0.4):
        room.against_wall(washing_machine(rng, palette), makers=clutter.BATH, load=1.5)
    for _ in range(round(room.count(0, 2) * fill)):
        room.against_wall(cupboard(rng, palette, (0.3, 0.7), (0.25, 0.4), (0.6, 1.9)),
                          makers=clutter.BATH)
    for _ in range(room.count(0, 3)):
        room.hang(towels(rng, palette), 0.8, 0.8, float(rng.uniform(1.1, 1.6)))
    _extras(room, fill)


def _eating_place(room: Furnisher) -> None:
    rng, palette = room.rng, room.palette
    made = dining_table(rng, palette)
    if room.chance(0.4):
        spot = room.against_wall(made, makers=clutter.KITCHEN, above=0.8)
    else:
        yaw = float(rng.choice((0.0, np.pi / 2)))
        spot = room.anywhere(made, yaw=yaw, gap=0.3, makers=clutter.KITCHEN)
    if spot is not None:
        make = (chair, chair, stool)[room.count(0, 2)]
        room.chairs_around(made, spot, make, float(rng.uniform(0.4, 1.0)))


def _extras(room: Furnisher, fill: float) -> None:
    rng, palette = room.rng, room.palette
    if room.chance(0.5):
        room.against_wall(radiator(rng, palette), above=0.4, load=0.0, gap=0.04)
    makes = (bin_or_basket, bin_or_basket, boxes, stool, large_plant, bench)
    for _ in range(round(room.count(0, 4) * fill)):
        piece = makes[int(rng.integers(len(makes)))](rng, palette)
        room.against_wall(piece, gap=0.05, makers=clutter.BATH)
    litter(room, round(room.count(0, 4) * fill))
    if room.chance(0.08):
        room.anywhere(person(rng, palette))
