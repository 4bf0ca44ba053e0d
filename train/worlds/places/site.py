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

"""A place under construction: materials by role, and walls to build and hang things on."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sa4depth_train.worlds.materials import Materials
from sa4depth_train.worlds.mesh import Mesh, Vector
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places.exposure import exposed_world
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Block, Light, Parts, WorldBuilder

Color = tuple[float, float, float]
Region = tuple[float, float, float, float]
# Light is computed at every pixel: large surfaces need no inner vertices.
WHOLE = 1e6


@dataclass(frozen=True)
class Wall:
    """
    A straight wall [m]: its frame has x along it, z up, and the room at y < 0.

    It begins at (x, y) and is turned by yaw [rad].
    """

    x: float
    y: float
    yaw: float
    length: float


class Site:
    """The builder of a world with a palette; what is built gets there through this."""

    def __init__(self, rng: np.random.Generator, unseen: bool) -> None:
        self.rng = rng
        self.builder = WorldBuilder()
        self.materials = Materials(rng, unseen)
        self.palette = Palette(self.builder, self.materials, rng)

    def new(self, role: str, color: Color | None = None) -> str:
        """Name a material of its own for a role."""
        return self.palette.register(role, self.materials.pick(role, color))

    def some(self, role: str, *, again: float = 0.5) -> str:
        """Name a material for a role that the place may have already."""
        return self.palette.pick(role, again=again)

    def chance(self, probability: float) -> bool:
        """Toss a coin."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """Draw a number."""
        return float(self.rng.uniform(low, high))

    def number(self, low: int, high: int) -> int:
        """Draw a whole number, low <= it <= high."""
        return int(self.rng.integers(low, high + 1))

    def rectangle(self, material: str, origin: Vector, u: Vector, v: Vector, *,
                  picture: bool = False) -> None:
        """Add a rectangle that faces u x v."""
        self.builder.add(material, panel(origin, u, v, picture=picture, cell=WHOLE))

    def put(self, parts: Parts, at: Sequence[float], yaw: float = 0.0, *,
            blocks: bool = True) -> None:
        """Put a piece at (x, y, z) [m], turned by yaw [rad]."""
        if parts:
            self.builder.place(parts, at, yaw=yaw, blocks=blocks)

    def hang(self, wall: Wall, parts: Parts, s: float, z: float = 0.0, *, out: float = 0.0,
             blocks: bool = True) -> None:
        """Put a piece that faces -y before a wall, s metres along it, ``out`` metres off it."""
        c, r = np.cos(wall.yaw), np.sin(wall.yaw)
        at = wall.x + s * c + out * r, wall.y + s * r - out * c, z
        self.put(parts, at, wall.yaw, blocks=blocks)

    def block(self, low: Sequence[float], high: Sequence[float]) -> None:
        """Keep cameras out of a box [m]."""
        self.builder.blocks.append(Block(np.asarray(low, float), np.asarray(high, float)))

    def lamp(self, at: Sequence[float], color: Sequence[float], *, direction: Sequence[float] = (
            0.0, 0.0, -1.0), cutoff: float = 85.0, shadow: bool = False,
            reach: float = 5.0) -> None:
        """Add a light at (x, y, z) [m]."""
        self.builder.lights.append(Light(_three(at), _three(direction), _three(color),
                                         cutoff=cutoff, shadow=shadow, reach=reach))

    def finished(self, kind: str, regions: Sequence[Region], ceiling: float, ambient: Color,
                 sky: tuple[Color, Color]) -> Place:
        """Build the world, as bright as a camera would make it, and make it a place."""
        target = self.between(0.3, 0.55)
        self.builder.lights, ambient = exposed_world(self.builder, regions, ambient, target)
        return Place(kind, self.builder.build(ambient, sky), tuple(regions), ceiling)


def outline(regions: Sequence[Region]) -> list[Wall]:
    """Find the walls around a union of rectangles (x0, x1, y0, y1), the room inside."""
    xs = sorted({x for region in regions for x in region[:2]})
    ys = sorted({y for region in regions for y in region[2:]})
    inside = np.zeros((len(ys) + 1, len(xs) + 1), bool)
    for j, (y0, y1) in enumerate(pairwise(ys)):
        for i, (x0, x1) in enumerate(pairwise(xs)):
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            inside[j + 1, i + 1] = any(a < x < b and c < y < d for a, b, c, d in regions)
    walls = []
    for j, y in enumerate(ys):
        below, above = inside[j], inside[j + 1]
        walls += [Wall(xs[a - 1], y, 0.0, xs[b - 1] - xs[a - 1])
                  for a, b in _runs(below & ~above)]
        walls += [Wall(xs[b - 1], y, np.pi, xs[b - 1] - xs[a - 1])
                  for a, b in _runs(above & ~below)]
    for i, x in enumerate(xs):
        left, right = inside[:, i], inside[:, i + 1]
        walls += [Wall(x, ys[b - 1], -np.pi / 2, ys[b - 1] - ys[a - 1])
                  for a, b in _runs(left & ~right)]
        walls += [Wall(x, ys[a - 1], np.pi / 2, ys[b - 1] - ys[a - 1])
                  for a, b in _runs(right & ~left)]
    return walls


def moved(wall: Wall, mesh: Mesh) -> Mesh:
    """Bring a mesh from the frame of a wall into the world."""
    return mesh.moved((wall.x, wall.y, 0.0), yaw=wall.yaw)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
