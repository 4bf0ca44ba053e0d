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

"""What stands in offices, laboratories and class rooms."""

import numpy as np
from sa4depth_train.worlds.places import clutter
from sa4depth_train.worlds.places.furnisher import Furnisher, Spot
from sa4depth_train.worlds.places.furniture_decor import board, large_plant, radiator
from sa4depth_train.worlds.places.furniture_lab import (
    cart, gas_bottle, instrument_rack, ladder, loaded_pallet, robot, work_bench)
from sa4depth_train.worlds.places.furniture_office import (
    computer, copier, laptop, partition, screen_arm, tripod)
from sa4depth_train.worlds.places.furniture_seats import chair, office_chair
from sa4depth_train.worlds.places.furniture_storage import (
    bin_or_basket, boxes, coat_stand, cupboard, metal_rack, shelf, sideboard, wardrobe)
from sa4depth_train.worlds.places.furniture_tables import desk, dining_table, table
from sa4depth_train.worlds.places.litter import litter
from sa4depth_train.worlds.places.people import person
from sa4depth_train.worlds.places.plan import footprint
from sa4depth_train.worlds.places.solids import moved_parts, Piece


def furnish_office(room: Furnisher, fill: float) -> None:
    """Furnish an office; ``fill`` 0..1 is how full."""
    rng, palette = room.rng, room.palette
    layout = float(rng.random())
    desks = 1 + round(fill * room.plan.size[0] * room.plan.size[1] / 6.0)
    for _ in range(min(desks, 10)):
        if layout < 0.5:
            desk_at_wall(room)
        else:
            desk_island(room)
    for _ in range(round(room.count(1, 5) * fill)):
        makes = (shelf, sideboard, wardrobe, metal_rack)
        room.against_wall(makes[int(rng.integers(4))](rng, palette), makers=clutter.DESK)
    if room.chance(0.35):
        meeting_table(room)
    if room.chance(0.6):
        hang_board(room, chalk=False)
    office_extras(room, fill)
    room.crowd((shelf, sideboard, wardrobe, metal_rack, boxes, large_plant, copier, desk),
               0.4 * fill, makers=clutter.DESK)
    room.pictures(room.count(0, 4))


def furnish_lab(room: Furnisher, fill: float) -> None:
    """Furnish a laboratory or workshop."""
    rng, palette = room.rng, room.palette
    for _ in range(1 + round(room.count(1, 6) * fill)):
        made = work_bench(rng, palette)
        if room.chance(0.7):
            spot = room.against_wall(made, makers=clutter.LAB, load=1.3, above=1.0)
        else:
            yaw = float(rng.choice((0.0, np.pi / 2)))
            spot = room.anywhere(made, yaw=yaw, gap=0.3, makers=clutter.LAB, load=1.3)
        if spot is not None and room.chance(0.4):
            seat_at(room, made, spot)
        if spot is not None and room.chance(0.35):
            room.on_top(screen_arm(rng, palette), spot, (0.0, 0.05, made.size[2]))
    for _ in range(round(room.count(1, 4) * fill)):
        makers = (metal_rack, instrument_rack, shelf, wardrobe, metal_rack)
        room.against_wall(makers[int(rng.integers(5))](rng, palette), makers=clutter.LAB)
    things = (cart, cart, gas_bottle, ladder, robot, robot, tripod, tripod, loaded_pallet, boxes)
    for _ in range(round(room.count(2, 8) * fill)):
        piece = things[int(rng.integers(len(things)))](rng, palette)
        if room.chance(0.5):
            room.against_wall(piece, makers=clutter.LAB, gap=0.08)
        else:
            room.anywhere(piece, makers=clutter.LAB)
    if room.chance(0.5):
        hang_board(room, chalk=False)
    office_extras(room, fill * 0.6)
    room.crowd((work_bench, metal_rack, instrument_rack, cart, boxes, boxes, robot, wardrobe,
                loaded_pallet, shelf, tripod), 0.42 * fill, makers=clutter.LAB)
    litter(room, round(room.count(0, 10) * fill))
    room.pictures(room.count(0, 3))


def furnish_class(room: Furnisher, fill: float) -> None:
    """Furnish a class room: a board in front and rows of desks that look at it."""
    rng, palette, plan = room.rng, room.palette, room.plan
    plan.ask_for(3.5)
    lengths = [line.length for line in plan.walls]
    front = int(np.argsort(lengths)[-1 - int(rng.integers(min(3, len(lengths))))])
    line = plan.walls[front]
    hang_board(room, chalk=room.chance(0.4), wall=front)
    room.against_wall(desk(rng, palette), makers=clutter.DESK)
    wide = table(rng, palette, (0.65, 1.4), (0.5, 0.65), (0.68, 0.78))
    seat = chair(rng, palette)
    w, d, _ = wide.size
    pitch = d + float(rng.uniform(0.75, 1.0))
    depth = (plan.size[1] if abs(line.inward[1]) > 0.5 else plan.size[0])
    rows = range(int((depth - 1.9) / pitch))
    columns = range(int((line.length - 0.9) / (w + 0.5)))
    gap = (line.length - len(columns) * w) / (len(columns) + 1)
    for row in rows:
        for column in columns:
            if rng.random() > 0.4 + 0.6 * fill:
                continue
            spot = line.point(gap + w / 2 + column * (w + gap), 1.7 + row * pitch)
            school_desk(room, wide, seat, (spot, line.yaw))
    for _ in range(room.count(1, 4)):
        makes = (shelf, sideboard, wardrobe, large_plant, radiator)
        room.against_wall(makes[int(rng.integers(5))](rng, palette), makers=clutter.DESK)
    office_extras(room, fill * 0.5)
    room.pictures(room.count(1, 8))


def school_desk(room: Furnisher, made: Piece, seat: Piece, spot: Spot) -> None:
    """Stand a desk and one or two chairs that look at the front of the class."""
    rng = room.rng
    place, yaw = spot
    turn = yaw + np.pi + float(rng.normal(0, 0.04))
    rect = footprint(place, made.size[0], made.size[1], turn)
    if room.full() or not room.plan.fits(rect):
        return
    room.plan.take(rect)
    room.set_down(made, place, turn, makers=clutter.DESK, load=0.4)
    for x in ((0.0,) if made.size[0] < 0.95 else (-0.25, 0.25)):
        if rng.random() < 0.85:
            at = x * made.size[0] / 0.9, -made.size[1] / 2 - float(rng.uniform(-0.1, 0.25))
            placed = room.near(seat, (place, turn), at, np.pi + float(rng.normal(0, 0.25)),
                               force=True)
            if placed and room.chance(0.05):
                room.near(person(rng, room.palette, sitting=True), (place, turn), at, np.pi,
                          force=True)


def desk_at_wall(room: Furnisher) -> None:
    """Stand a desk at a wall with its screen, and its chair before it."""
    made = desk(room.rng, room.palette)
    spot = room.against_wall(made, makers=clutter.DESK, load=1.2, above=0.9)
    if spot is not None:
        equip_desk(room, made, spot)
        seat_at(room, made, spot)


def desk_island(room: Furnisher) -> None:
    """Stand one desk, or two that face each other, in the middle."""
    rng, palette = room.rng, room.palette
    made = desk(rng, palette)
    yaw = float(rng.integers(4)) * np.pi / 2
    spot = room.anywhere(made, yaw=yaw, gap=0.3, makers=clutter.DESK, load=1.2)
    if spot is None:
        return
    equip_desk(room, made, spot)
    seat_at(room, made, spot)
    if room.chance(0.5):
        (x, y), turn = spot
        off = made.size[1] + 0.02
        other = (float(x - np.sin(turn) * off), float(y + np.cos(turn) * off)), turn + np.pi
        rect = footprint(other[0], made.size[0], made.size[1], turn)
        if room.plan.fits(rect):
            room.plan.take(rect)
            room.set_down(made, *other, makers=clutter.DESK, load=1.2)
            equip_desk(room, made, other)
            seat_at(room, made, other)
            if room.chance(0.3):
                room.on_top(partition(rng, palette, made.size[0]), spot,
                            (0.0, made.size[1] / 2 + 0.01, made.size[2]))


def equip_desk(room: Furnisher, made: Piece, spot: Spot) -> None:
    """Put screens, a keyboard, a computer or a laptop on a desk."""
    rng, palette = room.rng, room.palette
    w, d, h = made.size
    if room.chance(0.25):
        room.on_top(laptop(rng, palette), spot, (float(rng.uniform(-0.25, 0.25)) * w, -0.05, h),
                    float(rng.normal(0, 0.3)))
    else:
        count = 1 if w < 1.2 or room.chance(0.5) else 2
        for k in range(count):
            x = (k - (count - 1) / 2) * 0.62 + float(rng.normal(0, 0.06))
            turn = -0.25 * np.sign(x) * (count - 1) + float(rng.normal(0, 0.12))
            room.on_top(screen_arm(rng, palette), spot, (x, d * 0.18, h), turn)
        room.on_top(clutter.keyboard(rng, palette), spot,
                    (float(rng.normal(0, 0.08)), -d * 0.22, h), float(rng.normal(0, 0.08)))
    if room.chance(0.4):
        under = room.chance(0.7)
        side = float(rng.choice((-1, 1)))
        room.on_top(computer(rng, palette), spot,
                    (side * (w / 2 - 0.2), 0.05, 0.0 if under else h))


def seat_at(room: Furnisher, made: Piece, spot: Spot) -> None:
    """Stand a chair before a desk, sometimes with someone on it."""
    rng, palette = room.rng, room.palette
    if room.chance(0.12):
        return
    make = office_chair if room.chance(0.75) else chair
    out = made.size[1] / 2 + float(rng.uniform(0.0, 0.55))
    at = float(rng.normal(0, 0.15)), -out
    yaw = np.pi + float(rng.normal(0, 0.5))
    if room.near(make(rng, palette), spot, at, yaw, force=out < made.size[1] / 2 + 0.2) \
            and room.chance(0.08):
        room.near(person(rng, palette, sitting=True), spot, at, yaw, force=True)


def meeting_table(room: Furnisher) -> None:
    """Stand a large table with chairs."""
    made = dining_table(room.rng, room.palette)
    yaw = float(room.rng.choice((0.0, np.pi / 2)))
    spot = room.anywhere(made, yaw=yaw, gap=0.4, makers=clutter.DESK, load=0.6)
    if spot is not None:
        make = chair if room.chance(0.6) else office_chair
        room.chairs_around(made, spot, make, float(room.rng.uniform(0.4, 1.0)))


def hang_board(room: Furnisher, *, chalk: bool, wall: int | None = None) -> None:
    """Hang a board on a free stretch of wall."""
    rng, plan = room.rng, room.plan
    number = int(rng.integers(len(plan.walls))) if wall is None else wall
    line = plan.walls[number]
    width = min(float(rng.uniform(1.0, 3.6)), line.length - 0.4)
    height = float(rng.uniform(0.9, 1.3))
    if width < 0.6 or any(o.wall == number for o in plan.openings):
        return
    s = float(rng.uniform(width / 2 + 0.1, line.length - width / 2 - 0.1))
    x, y = line.point(s)
    parts = moved_parts(board(rng, room.palette, width, height, chalk=chalk),
                        (x, y, 0.9 + height / 2), yaw=line.yaw)
    room.builder.place(parts, (0, 0, 0))


def office_extras(room: Furnisher, fill: float) -> None:
    """Add plants, bins, boxes, copiers, coats, radiators and now and then a person."""
    rng, palette = room.rng, room.palette
    for _ in range(room.count(0, 2)):
        room.against_wall(radiator(rng, palette), above=0.4, load=0.0, gap=0.04)
    makes = (large_plant, bin_or_basket, bin_or_basket, boxes, boxes, coat_stand, copier)
    for _ in range(round(room.count(1, 7) * fill)):
        piece = makes[int(rng.integers(len(makes)))](rng, palette)
        if room.chance(0.75):
            room.against_wall(piece, gap=0.05)
        else:
            room.anywhere(piece)
    if room.chance(0.12):
        room.anywhere(person(rng, palette))
    if room.chance(0.25):
        room.against_wall(cupboard(rng, palette, (0.8, 1.2), (0.38, 0.45), (0.9, 2.0)))
