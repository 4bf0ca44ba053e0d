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

"""Furniture composed of boxes, turned bodies and cushions; material names are those of room.py."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.shapes import ball, box, cushion, cylinder, leaf, panel, turned
from sa4depth_train.worlds.world import Parts

BOOKS_PER_ROW = 16


def table(width: float, depth: float, height: float, wood: str) -> Parts:
    """Make a table with four square legs and an apron."""
    x, y = width / 2 - 0.06, depth / 2 - 0.06
    legs = [(wood, box((0.06, 0.06, height - 0.04), (i * x, j * y, (height - 0.04) / 2),
                       grain='z')) for i in (-1, 1) for j in (-1, 1)]
    apron = [(wood, box((width - 0.18, 0.025, 0.08), (0, j * y, height - 0.08)))
             for j in (-1, 1)]
    return [(wood, box((width, depth, 0.04), (0, 0, height - 0.02))), *legs, *apron]


def chair(wood: str, cover: str) -> Parts:
    """Make a dining chair that faces +x."""
    legs = [(wood, box((0.04, 0.04, 0.44), (i * 0.19, j * 0.19, 0.22), grain='z'))
            for i in (-1, 1) for j in (-1, 1)]
    posts = [(wood, box((0.04, 0.04, 0.48), (-0.2, j * 0.19, 0.68), grain='z'))
             for j in (-1, 1)]
    rails = [(wood, box((0.025, 0.36, 0.07), (-0.2, 0, z), grain='y'))
             for z in (0.62, 0.74, 0.87)]
    seat = [(wood, box((0.44, 0.44, 0.03), (0, 0, 0.445))),
            (cover, cushion((0.40, 0.40, 0.07), (0.01, 0, 0.48)))]
    return legs + posts + rails + seat


def bookshelf(rng: np.random.Generator, width: float, height: float, wood: str) -> Parts:
    """Make a shelf 0.32 m deep, back to +y, filled with books and a few bowls."""
    depth, board = 0.32, 0.025
    parts: Parts = [(wood, box((board, depth, height), (i * (width - board) / 2, 0, height / 2),
                               grain='z')) for i in (-1, 1)]
    parts.append((wood, box((width, 0.012, height), (0, depth / 2 - 0.006, height / 2))))
    levels = np.linspace(0.06, height - board / 2, 6)
    for level in levels:
        parts.append((wood, box((width - board, depth - 0.02, board), (0, 0, level))))
    space = float(levels[1] - levels[0])
    for number, level in enumerate(levels[:-1]):
        parts += _book_line(rng, width - 0.08, float(level) + board / 2, space - 0.05,
                            full=number != 2)
    parts += _moved(vase('ceramic', 0.075, 0.22), (width * 0.28, -0.02, levels[2] + board / 2))
    return parts


def sofa(cover: str, pillows: tuple[str, str], wood: str) -> Parts:
    """Make a two-seat sofa of 1.95 m that faces -y, its back along +y."""
    legs = [(wood, cylinder(0.025, 0.12, segments=10).moved((i * 0.88, j * 0.33, 0)))
            for i in (-1, 1) for j in (-1, 1)]
    frame = [(cover, cushion((1.9, 0.86, 0.26), (0, 0, 0.24), roundness=0.18)),
             (cover, cushion((1.9, 0.24, 0.62), (0, 0.34, 0.52), roundness=0.25))]
    arms = [(cover, cushion((0.20, 0.86, 0.42), (i * 0.88, 0, 0.40), roundness=0.25))
            for i in (-1, 1)]
    seats = [(cover, cushion((0.80, 0.66, 0.20), (i * 0.4, -0.08, 0.42), roundness=0.3))
             for i in (-1, 1)]
    backs = [(cover, cushion((0.78, 0.20, 0.42), (i * 0.4, 0.22, 0.66), roundness=0.4))
             for i in (-1, 1)]
    soft = [(name, cushion((0.42, 0.15, 0.40), (0, 0, 0), roundness=0.6).moved(
        (x, 0.06, 0.70), yaw=turn)) for name, x, turn in zip(pillows, (-0.62, 0.6), (0.3, -0.4))]
    return legs + frame + arms + seats + backs + soft


def floor_lamp(metal: str, shade: str) -> Parts:
    """Make a lamp 1.62 m high with a conical shade that glows."""
    skin = turned([(0.21, 1.28), (0.14, 1.60)], segments=28).double_sided()
    return [(metal, cylinder(0.15, 0.025)), (metal, cylinder(0.013, 1.5, segments=10)),
            (shade, skin), (shade, ball(0.05).moved((0, 0, 1.42)))]


def pendant_lamp(metal: str, shade: str, drop: float) -> Parts:
    """Make a bell that hangs ``drop`` metres below its origin (the ceiling)."""
    bell = turned([(0.20, -drop), (0.19, -drop + 0.05), (0.10, -drop + 0.17),
                   (0.03, -drop + 0.21)], segments=28, smooth=True).double_sided()
    return [(metal, cylinder(0.006, drop - 0.2, segments=8).moved((0, 0, 0.2 - drop))),
            (metal, bell), (shade, ball(0.055).moved((0, 0, -drop + 0.06)))]


def plant(rng: np.random.Generator, pot: str, soil: str, skin: str, *,
          height: float = 1.0) -> Parts:
    """Make a pot with a fountain of drooping leaves."""
    parts: Parts = [
        (pot, turned([(0, 0), (0.13, 0), (0.19, 0.34), (0.20, 0.36), (0.175, 0.36),
                      (0.17, 0.31)], segments=28)),
        (soil, turned([(0.172, 0.31), (0, 0.31)], segments=20))]
    for index in range(26):
        blade = leaf(height * rng.uniform(0.6, 1.0), 0.10 * rng.uniform(0.8, 1.3),
                     lift=rng.uniform(0.9, 1.5), droop=rng.uniform(0.7, 1.9))
        parts.append((skin, blade.moved((0, 0, 0.31), yaw=index * 2.39996)))
    return parts


def cabinet(width: float, height: float, depth: float, front: str, top: str, metal: str, *,
            doors: int) -> Parts:
    """Make a cupboard that faces -y with a worktop, doors and handles."""
    parts: Parts = [(front, box((width, depth - 0.03, height - 0.12), (0, 0.015, height / 2))),
                    (front, box((width - 0.04, depth - 0.1, 0.08), (0, 0.03, 0.04))),
                    (top, box((width + 0.03, depth + 0.03, 0.04), (0, 0, height - 0.02)))]
    step = width / doors
    for index in range(doors):
        x = -width / 2 + (index + 0.5) * step
        parts.append((front, box((step - 0.012, 0.02, height - 0.15),
                                 (x, -depth / 2 + 0.012, height / 2), grain='z')))
        parts.append((metal, box((0.16, 0.016, 0.014), (x, -depth / 2 - 0.012, height - 0.19))))
    return parts


def monitor(metal: str, picture: str) -> Parts:
    """Make a screen of 0.6 m that faces -y and stands on z = 0."""
    return [(metal, box((0.24, 0.18, 0.012), (0, 0.02, 0.006))),
            (metal, box((0.05, 0.02, 0.16), (0, 0.04, 0.08))),
            (metal, box((0.62, 0.03, 0.37), (0, 0, 0.31))),
            (picture, panel((-0.30, -0.0155, 0.135), (0.6, 0, 0), (0, 0, 0.35),
                            picture=True))]


def vase(skin: str, radius: float, height: float) -> Parts:
    """Make a vase that stands on z = 0."""
    outline = [(0, 0), (0.55, 0), (0.9, 0.22), (1.0, 0.42), (0.8, 0.68), (0.42, 0.86),
               (0.5, 1.0), (0.42, 0.98), (0.34, 0.84)]
    return [(skin, turned([(r * radius, z * height) for r, z in outline], segments=24,
                          smooth=True))]


def bowl_of_fruit(skin: str, fruits: tuple[str, ...]) -> Parts:
    """Make a bowl with six fruits."""
    parts: Parts = [(skin, turned([(0, 0), (0.06, 0), (0.13, 0.055), (0.15, 0.09),
                                   (0.14, 0.09), (0.11, 0.05), (0, 0.02)], segments=28,
                                  smooth=True))]
    for index in range(6):
        angle, ring = index * 1.2566, 0.07 if index < 5 else 0.0
        at = (ring * np.cos(angle), ring * np.sin(angle), 0.085 if index < 5 else 0.135)
        parts.append((fruits[index % len(fruits)], ball(0.042).moved(at)))
    return parts


def mug(skin: str) -> Parts:
    """Make a cup without a handle."""
    return [(skin, turned([(0, 0), (0.036, 0), (0.04, 0.09), (0.036, 0.09), (0.033, 0.012),
                           (0, 0.012)], segments=18))]


def lying_books(rng: np.random.Generator, count: int) -> Parts:
    """Stack books flat on z = 0."""
    parts, z = [], 0.0
    for _ in range(count):
        thick = rng.uniform(0.02, 0.04)
        body = _book(rng, (rng.uniform(0.2, 0.27), rng.uniform(0.14, 0.19), thick))
        parts += [(name, mesh.moved((0, 0, z + thick / 2), yaw=rng.normal(0, 0.2)))
                  for name, mesh in body]
        z += thick
    return parts


def _book_line(rng: np.random.Generator, width: float, z: float, space: float, *,
               full: bool) -> Parts:
    parts: Parts = []
    x, end = -width / 2, width / 2 if full else -width * 0.05
    while True:
        thick = rng.uniform(0.022, 0.052)
        if x + thick > end:
            return parts
        size = thick, rng.uniform(0.17, 0.23), min(space, rng.uniform(0.19, 0.29))
        at = (x + thick / 2, -0.13 + size[1] / 2 + rng.uniform(0, 0.02), z + size[2] / 2)
        if rng.random() > 0.07:
            parts += [(name, mesh.moved(at)) for name, mesh in _book(rng, size)]
        x += thick + 0.002


def _book(rng: np.random.Generator, size: tuple[float, float, float]) -> Parts:
    # The spine shows its own cell of the row of spines, the covers its plain middle.
    cell = int(rng.integers(BOOKS_PER_ROW))
    body = box((size[0], size[1] - 0.002, size[2]), (0, 0.001, 0))
    flat = np.broadcast_to(((cell + 0.5) / BOOKS_PER_ROW, 0.3), body.uv.shape)
    spine = panel((-size[0] / 2, -size[1] / 2, -size[2] / 2), (size[0], 0, 0), (0, 0, size[2]),
                  picture=True)
    uv = np.stack([(cell + spine.uv[:, 0]) / BOOKS_PER_ROW, spine.uv[:, 1]], 1)
    return [('books', Mesh(body.vertices, body.normals, flat, body.faces)),
            ('books', Mesh(spine.vertices, spine.normals, uv, spine.faces))]


def _moved(parts: Parts, at: tuple[float, float, float]) -> Parts:
    return [(name, mesh.moved(at)) for name, mesh in parts]
