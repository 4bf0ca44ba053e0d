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

"""One furnished living room, varied by a seed: the first thing that a user sees."""

import numpy as np
from sa4depth_train.worlds import furniture, pictures, textures
from sa4depth_train.worlds.noise import darkened
from sa4depth_train.worlds.shapes import box, panel
from sa4depth_train.worlds.surroundings import contact_shade, Region, wall, wall_shade
from sa4depth_train.worlds.world import Light, Material, World, WorldBuilder

# Metres: x runs east, y north, z up; the floor is at z = 0, the south-west corner at 0, 0.
WIDTH, DEPTH, HEIGHT = 6.4, 4.8, 2.6
PIXELS_PER_METRE = 256
WINDOW = (1.1, 3.5, 0.85, 2.15)
SUN = (-0.30, 0.72, -0.62)


def furnished_room(seed: int) -> World:
    """Build the room; the seed changes colours, textures, books, plants and places a little."""
    rng = np.random.default_rng(seed)
    builder = WorldBuilder()
    _add_materials(builder, rng)
    _furnish_lounge(builder, rng)
    _furnish_dining(builder, rng)
    _furnish_edges(builder, rng)
    _decorate(builder)
    _add_shell(builder, rng)
    _add_garden(builder)
    _add_lights(builder)
    return builder.build(ambient=(0.60, 0.59, 0.58), sky=((0.78, 0.88, 0.98), (0.42, 0.62, 0.90)))


def _add_materials(builder: WorldBuilder, rng: np.random.Generator) -> None:
    oak, walnut = (186, 142, 94), (116, 78, 52)
    cover = ((70, 96, 116), (122, 128, 108), (150, 104, 84))[int(rng.integers(3))]
    tiled = {
        'oak': (textures.wood(rng, oak), (1.2, 0.5), 0.15),
        'walnut': (textures.wood(rng, walnut), (1.2, 0.5), 0.2),
        'white': (textures.brushed(rng, (226, 224, 216)), (1.0, 1.0), 0.2),
        'metal': (textures.brushed(rng, (62, 62, 66)), (0.4, 0.4), 0.6),
        'sofa': (textures.cloth(rng, cover), (0.34, 0.34), 0.0),
        'pillow_a': (textures.cloth(rng, (206, 156, 72)), (0.22, 0.22), 0.0),
        'pillow_b': (textures.cloth(rng, (188, 92, 74)), (0.22, 0.22), 0.0),
        'seat': (textures.cloth(rng, (104, 124, 96)), (0.25, 0.25), 0.0),
        'tiles': (textures.tiles(rng, (176, 206, 204)), (0.5, 0.5), 0.5),
        'stone': (textures.plaster((256, 256), rng, (92, 92, 96)), (0.5, 0.5), 0.4),
        'ceramic': (textures.brushed(rng, (208, 196, 176)), (0.5, 0.5), 0.5),
        'pot': (textures.plaster((128, 128), rng, (178, 96, 66)), (0.4, 0.4), 0.0),
        'soil': (textures.carpet(rng, (58, 44, 34), size=128), (0.3, 0.3), 0.0),
        'orange': (textures.carpet(rng, (226, 132, 42), size=128), (0.4, 0.4), 0.3),
        'apple': (textures.brushed(rng, (176, 48, 40)), (0.4, 0.4), 0.5),
        'hedge': (textures.foliage(rng, (74, 116, 54)), (1.0, 1.0), 0.0),
        'lawn': (textures.foliage(rng, (112, 148, 70)), (1.6, 1.6), 0.0),
    }
    for name, (texture, tile, shine) in tiled.items():
        builder.materials[name] = Material(texture, tile, shine)
    glowing = np.full((8, 8, 3), (250, 222, 168), np.uint8)
    builder.materials['glow'] = Material(glowing, None, glow=0.9)
    builder.materials['screen'] = Material(pictures.screen(rng), None, glow=0.5)
    drawn = {'leaf': textures.leaf_skin(rng, (70, 122, 62)), 'books': pictures.book_row(rng),
             'rug': pictures.rug(rng), 'poster_hills': pictures.landscape_poster(rng),
             'poster_shapes': pictures.abstract_poster(rng),
             'poster_map': pictures.map_poster(rng),
             'door': pictures.door(rng, np.rot90(textures.planks((512, 1024), rng, (206, 198, 184),
                                                                 plank=(256, 2048))).copy())}
    for name, texture in drawn.items():
        builder.materials[name] = Material(texture)


def _furnish_lounge(builder: WorldBuilder, rng: np.random.Generator) -> None:
    shift = float(rng.uniform(-0.1, 0.1))
    builder.add('rug', panel((3.0, 2.35, 0.006), (2.4, 0, 0), (0, 1.6, 0), picture=True))
    builder.place(furniture.sofa('sofa', ('pillow_a', 'pillow_b'), 'walnut'), (4.2, 4.24, 0))
    top = (4.2 + shift, 3.2, 0.42)
    builder.place(furniture.table(1.0, 0.55, top[2], 'oak'), (*top[:2], 0), yaw=shift)
    builder.place(furniture.lying_books(rng, 3), (top[0] - 0.25, top[1], top[2]), yaw=0.5)
    builder.place(furniture.mug('pillow_b'), (top[0] + 0.12, top[1] - 0.12, top[2]))
    builder.place(furniture.vase('ceramic', 0.07, 0.24), (top[0] + 0.32, top[1] + 0.06, top[2]))
    builder.place(furniture.floor_lamp('metal', 'glow'), (5.75, 4.35, 0))
    builder.place(furniture.bookshelf(rng, 1.6, 1.95, 'oak'), (1.75, 4.62, 0))


def _furnish_dining(builder: WorldBuilder, rng: np.random.Generator) -> None:
    builder.place(furniture.table(1.5, 0.85, 0.74, 'walnut'), (1.65, 1.3, 0))
    for x, y, yaw in ((1.28, 0.70, 1.57), (2.02, 0.70, 1.57), (1.28, 1.92, -1.57),
                      (2.05, 1.98, -1.57)):
        turn = yaw + float(rng.normal(0, 0.12))
        builder.place(furniture.chair('oak', 'seat'), (x, y, 0), yaw=turn)
    builder.place(furniture.bowl_of_fruit('ceramic', ('orange', 'apple')), (1.65, 1.3, 0.74))
    builder.place(furniture.mug('white'), (2.1, 1.45, 0.74))
    builder.place(furniture.lying_books(rng, 2), (1.1, 1.15, 0.74), yaw=-0.4)
    builder.place(furniture.pendant_lamp('metal', 'glow', 1.05), (1.65, 1.3, HEIGHT))


def _furnish_edges(builder: WorldBuilder, rng: np.random.Generator) -> None:
    west = np.pi / 2
    builder.place(furniture.cabinet(1.8, 0.92, 0.6, 'white', 'stone', 'metal', doors=3),
                  (0.31, 3.1, 0), yaw=west)
    builder.add('tiles', panel((0.004, 2.2, 0.92), (0, 1.8, 0), (0, 0, 0.6)))
    builder.place(furniture.vase('pot', 0.09, 0.3), (0.25, 2.5, 0.92))
    builder.place(furniture.bowl_of_fruit('ceramic', ('apple', 'orange')), (0.3, 3.6, 0.92))
    builder.place(furniture.table(1.4, 0.65, 0.73, 'oak'), (6.02, 2.4, 0), yaw=west)
    builder.place(furniture.monitor('metal', 'screen'), (6.15, 2.4, 0.73), yaw=-west)
    builder.place(furniture.lying_books(rng, 4), (6.0, 1.9, 0.73), yaw=1.2)
    builder.place(furniture.mug('pillow_a'), (5.85, 2.75, 0.73))
    builder.place(furniture.chair('walnut', 'pillow_a'), (5.45, 2.45, 0),
                  yaw=float(rng.normal(0.1, 0.2)))
    builder.place(furniture.plant(rng, 'pot', 'soil', 'leaf', height=0.55),
                  (4.12, 0.42, 0))
    builder.place(furniture.plant(rng, 'ceramic', 'soil', 'leaf', height=0.62),
                  (0.5, 4.42, 0))


def _decorate(builder: WorldBuilder) -> None:
    for name, x, z, side in (('poster_hills', 3.45, 1.42, 0.62),
                             ('poster_shapes', 4.25, 1.36, 0.74)):
        builder.add('walnut', box((side, 0.02, side), (x + side / 2, DEPTH - 0.012, z + side / 2)))
        builder.add(name, panel((x, DEPTH - 0.024, z), (side, 0, 0), (0, 0, side), picture=True))
    builder.add('walnut', box((0.02, 1.0, 1.0), (WIDTH - 0.012, 3.75, 1.6)))
    builder.add('poster_map', panel((WIDTH - 0.024, 4.25, 1.1), (0, -1.0, 0), (0, 0, 1.0),
                                    picture=True))
    builder.add('door', panel((5.75, 0.012, 0), (-0.9, 0, 0), (0, 0, 2.05), picture=True))
    for x in (4.81, 5.79):
        builder.add('white', box((0.08, 0.05, 2.13), (x, 0.02, 1.065), grain='z'))
    builder.add('white', box((1.06, 0.05, 0.08), (5.3, 0.02, 2.09)))
    builder.add('metal', box((0.12, 0.04, 0.02), (5.0, 0.05, 1.02)))
    left, right, low, high = WINDOW
    for x in (left, (left + right) / 2, right):
        builder.add('white', box((0.07, 0.10, high - low), (x, -0.03, (low + high) / 2),
                                 grain='z'))
    for z in (low, high):
        builder.add('white', box((right - left, 0.10, 0.07), ((left + right) / 2, -0.03, z)))
    builder.add('white', box((right - left + 0.2, 0.24, 0.03), ((left + right) / 2, 0.05, low)))


def _add_shell(builder: WorldBuilder, rng: np.random.Generator) -> None:
    accent = ((86, 128, 128), (158, 132, 104), (108, 122, 148))[int(rng.integers(3))]
    warm = (226, 214, 196)
    floor = textures.planks(_pixels(WIDTH, DEPTH), rng, (176, 130, 88), plank=(40, 320))
    floor = darkened(floor, contact_shade(floor.shape[:2], (WIDTH, DEPTH), _footprints(builder)))
    left, right, low, high = WINDOW
    # The south wall runs from east to west, seen from inside.
    hole = (1 - right / WIDTH, 1 - left / WIDTH, low / HEIGHT, high / HEIGHT)
    north = textures.brick(_pixels(WIDTH, HEIGHT), rng, (168, 92, 70), stone=(19, 58))
    shell = {
        'floor': (floor, wall((0, 0, 0), (WIDTH, 0, 0), (0, DEPTH, 0)), (WIDTH, DEPTH)),
        'ceiling': (textures.plaster(_pixels(WIDTH, DEPTH), rng, (236, 234, 228)),
                    wall((0, DEPTH, HEIGHT), (WIDTH, 0, 0), (0, -DEPTH, 0)), (WIDTH, DEPTH)),
        'north': (north, wall((0, DEPTH, 0), (WIDTH, 0, 0), (0, 0, HEIGHT)), (WIDTH, HEIGHT)),
        'south': (textures.plaster(_pixels(WIDTH, HEIGHT), rng, warm),
                  wall((WIDTH, 0, 0), (-WIDTH, 0, 0), (0, 0, HEIGHT), hole), (WIDTH, HEIGHT)),
        'east': (textures.plaster(_pixels(DEPTH, HEIGHT), rng, accent),
                 wall((WIDTH, DEPTH, 0), (0, -DEPTH, 0), (0, 0, HEIGHT)), (DEPTH, HEIGHT)),
        'west': (textures.plaster(_pixels(DEPTH, HEIGHT), rng, warm),
                 wall((0, 0, 0), (0, DEPTH, 0), (0, 0, HEIGHT)), (DEPTH, HEIGHT)),
    }
    for name, (texture, mesh, size) in shell.items():
        builder.materials[name] = Material(
            darkened(texture, wall_shade(texture.shape[:2], size)), shine=0.08)
        builder.add(name, mesh)
    _add_skirting(builder)
    _seal_edges(builder)


def _seal_edges(builder: WorldBuilder) -> None:
    # Neighbouring walls share no vertices: bars behind their edges keep daylight out.
    for x in (-0.05, WIDTH + 0.05):
        for y in (-0.05, DEPTH + 0.05):
            builder.add('stone', box((0.1, 0.1, HEIGHT + 0.2), (x, y, HEIGHT / 2)))
    for z in (-0.05, HEIGHT + 0.05):
        for y in (-0.05, DEPTH + 0.05):
            builder.add('stone', box((WIDTH + 0.2, 0.1, 0.1), (WIDTH / 2, y, z)))
        for x in (-0.05, WIDTH + 0.05):
            builder.add('stone', box((0.1, DEPTH + 0.2, 0.1), (x, DEPTH / 2, z)))


def _add_skirting(builder: WorldBuilder) -> None:
    for y in (0.008, DEPTH - 0.008):
        spans = ((0.0, 4.77), (5.83, WIDTH)) if y < 1 else ((0.0, WIDTH),)
        for start, end in spans:
            builder.add('white', box((end - start, 0.016, 0.09), ((start + end) / 2, y, 0.045)))
    for x in (0.008, WIDTH - 0.008):
        builder.add('white', box((0.016, DEPTH, 0.09), (x, DEPTH / 2, 0.045), grain='y'))


def _add_garden(builder: WorldBuilder) -> None:
    builder.add('lawn', panel((-8, -9, -0.3), (22, 0, 0), (0, 9, 0), cell=1.0))
    builder.add('hedge', panel((14, -5.5, -0.3), (-22, 0, 0), (0, 0, 1.9), cell=1.0))


def _add_lights(builder: WorldBuilder) -> None:
    # A distant spot stands for the sun: its shadow map then covers just the window.
    centre = np.array([(WINDOW[0] + WINDOW[1]) / 2, 0.0, (WINDOW[2] + WINDOW[3]) / 2])
    sun = np.asarray(SUN) / np.linalg.norm(SUN)
    builder.lights += [
        Light(tuple(centre - 25 * sun), tuple(sun), (0.85, 0.76, 0.60), cutoff=14.0),
        Light((3.0, 2.4, 2.5), (0.0, 0.0, -1.0), (0.30, 0.29, 0.27), cutoff=88.0),
        Light((1.65, 1.3, 1.45), (0.0, 0.0, -1.0), (0.22, 0.19, 0.13), cutoff=65.0, shadow=False),
        Light((5.7, 4.3, 1.75), (-0.1, -0.1, -1.0), (0.24, 0.20, 0.13), cutoff=85.0, shadow=False),
        Light((2.3, -0.6, 1.5), (0.1, 1.0, -0.1), (0.24, 0.26, 0.29), cutoff=80.0, shadow=False),
        Light((3.2, 2.4, 0.1), (0.0, 0.0, 1.0), (0.30, 0.28, 0.25), cutoff=88.0, shadow=False),
    ]


def _footprints(builder: WorldBuilder) -> list[tuple[Region, float, float]]:
    found = []
    for block in builder.blocks:
        if block.low[2] < 0.01:
            region = block.low[0], block.high[0], block.low[1], block.high[1]
            found += [(region, 0.12, 0.40), (region, 0.03, 0.22)]
    return found


def _pixels(width: float, height: float) -> tuple[int, int]:
    return round(height * PIXELS_PER_METRE), round(width * PIXELS_PER_METRE)
