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

"""Puts pieces into a room: finds them a place, sets them down and loads their tops."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sa4depth_train.worlds.places.clutter import EVERYWHERE, Maker, spread, wall_picture
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.plan import FloorPlan, footprint
from sa4depth_train.worlds.places.solids import moved_parts, Piece
from sa4depth_train.worlds.world import Parts, WorldBuilder

Spot = tuple[tuple[float, float], float]
Make = Callable[[np.random.Generator, Palette], Piece]
MOST_FACES = 46_000


@dataclass
class Furnisher:
    """One room in the making; ``clutter`` is the number of small things a square metre."""

    builder: WorldBuilder
    palette: Palette
    plan: FloorPlan
    rng: np.random.Generator
    clutter: float

    def chance(self, probability: float) -> bool:
        """Toss a coin."""
        return bool(self.rng.random() < probability)

    def count(self, low: int, high: int) -> int:
        """Draw a number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def full(self) -> bool:
        """Say whether the room has as many faces as a renderer should draw."""
        faces = sum(len(mesh.faces) for meshes in self.builder.meshes.values()
                    for mesh in meshes)
        return faces > MOST_FACES

    def against_wall(self, piece: Piece, *, makers: Sequence[Maker] = EVERYWHERE,
                     load: float = 1.0, walls: tuple[int, ...] | None = None,
                     gap: float = 0.02, above: float | None = None) -> Spot | None:
        """Stand a piece with its back to a wall; None when it fits nowhere."""
        if self.full():
            return None
        w, d, h = piece.size
        spot = self.plan.along_wall(self.rng, w, d, h if above is None else above, walls=walls,
                                    gap=gap)
        if spot is not None:
            self.set_down(piece, spot[0], spot[1], makers=makers, load=load)
        return spot

    def anywhere(self, piece: Piece, *, makers: Sequence[Maker] = EVERYWHERE, load: float = 1.0,
                 yaw: float | None = None, gap: float = 0.05) -> Spot | None:
        """Stand a piece somewhere on the floor; None when it fits nowhere."""
        if self.full():
            return None
        spot = self.plan.somewhere(self.rng, piece.size[0], piece.size[1], gap=gap, yaw=yaw)
        if spot is not None:
            self.set_down(piece, spot[0], spot[1], makers=makers, load=load)
        return spot

    def near(self, piece: Piece, spot: Spot, offset: tuple[float, float], yaw: float, *,
             load: float = 0.0, force: bool = False) -> bool:
        """Stand a piece at an offset [m] in the frame of another; say whether it fitted."""
        (x, y), turn = spot
        c, s = np.cos(turn), np.sin(turn)
        at = (float(x + c * offset[0] - s * offset[1]), float(y + s * offset[0] + c * offset[1]))
        rect = footprint(at, piece.size[0], piece.size[1], turn + yaw)
        if self.full() or not ((force and self._inside(rect))
                               or self.plan.fits(rect, gap=-0.04)):
            return False
        self.plan.take(rect)
        self.set_down(piece, at, turn + yaw, load=load)
        return True

    def set_down(self, piece: Piece, at: tuple[float, float], yaw: float, *,
                 makers: Sequence[Maker] = EVERYWHERE, load: float = 1.0) -> None:
        """Add a piece and what lies on its tops; each is one block for cameras to avoid."""
        self.builder.place(piece.parts, (*at, 0.0), yaw=yaw)
        carried: Parts = []
        for top in piece.tops:
            carried += spread(self.rng, self.palette, top, tuple(makers), load * self.clutter)
        if carried:
            self.builder.place(carried, (*at, 0.0), yaw=yaw)

    def on_top(self, parts: Parts, spot: Spot, offset: tuple[float, float, float],
               yaw: float = 0.0) -> None:
        """Put parts at an offset [m] in the frame of a piece that stands at ``spot``."""
        self.builder.place(moved_parts(parts, offset, yaw=yaw), (*spot[0], 0.0), yaw=spot[1])

    def chairs_around(self, piece: Piece, spot: Spot, make: Make, share: float) -> None:
        """Draw chairs up to a table, pushed in by different amounts."""
        w, d, _ = piece.size
        seats = max(1, round(w / 0.65))
        places = [((k + 0.5) / seats * w - w / 2, side * d / 2, 0.0 if side > 0 else np.pi)
                  for side in (-1, 1) for k in range(seats)]
        places += [(side * w / 2, 0.0, -side * np.pi / 2) for side in (-1, 1)]
        alike = make(self.rng, self.palette) if self.chance(0.75) else None
        for x, y, yaw in places:
            if self.rng.random() > share:
                continue
            chair = alike or make(self.rng, self.palette)
            out = float(self.rng.uniform(-0.12, 0.25))
            norm = np.array([0.0, np.sign(y)]) if y else np.array([np.sign(x), 0.0])
            off = np.array([x, y]) + out * norm
            self.near(chair, spot, (float(off[0]), float(off[1])),
                      yaw + float(self.rng.normal(0, 0.2)), force=out < 0.05)

    def crowd(self, makes: Sequence[Make], share: float, *,
              makers: Sequence[Maker] = EVERYWHERE) -> None:
        """Add pieces until they stand on a share of the floor, or no more find a place."""
        for _ in range(14):
            if self.plan.covered() >= share or self.full():
                return
            piece = makes[int(self.rng.integers(len(makes)))](self.rng, self.palette)
            if self.rng.random() < 0.8:
                self.against_wall(piece, makers=makers, gap=float(self.rng.uniform(0.01, 0.1)))
            else:
                self.anywhere(piece, makers=makers)

    def pictures(self, count: int) -> None:
        """Hang pictures on free stretches of wall."""
        for _ in range(count):
            parts, w, h = wall_picture(self.rng, self.palette)
            self.hang(parts, w, h, float(self.rng.uniform(1.25, 1.75)))

    def hang(self, parts: Parts, w: float, h: float, z: float, wall: int | None = None) -> bool:
        """Hang parts of about w x h metres on a wall, middle at z; say whether it was free."""
        number = int(self.rng.integers(len(self.plan.walls))) if wall is None else wall
        line = self.plan.walls[number]
        if line.length < w + 0.2:
            return False
        s = float(self.rng.uniform(w / 2 + 0.1, line.length - w / 2 - 0.1))
        z = min(z, self.plan.height - h / 2 - 0.05)
        if not self._wall_free(number, s, z, w, h):
            return False
        moved = moved_parts(parts, (*line.point(s), z), yaw=line.yaw)
        self.builder.place(moved, (0.0, 0.0, 0.0))
        return True

    def _wall_free(self, number: int, s: float, z: float, w: float, h: float) -> bool:
        if any(o.wall == number and o.s0 - 0.15 < s + w / 2 and o.s1 + 0.15 > s - w / 2
               and o.z1 + 0.1 > z - h / 2 for o in self.plan.openings):
            return False
        line = self.plan.walls[number]
        rect = footprint(line.point(s, 0.02), w, 0.03, line.yaw)
        return not any(b.low[0] < rect[1] and b.high[0] > rect[0] and b.low[1] < rect[3]
                       and b.high[1] > rect[2] and b.high[2] > z - h / 2 and b.low[2] < z + h / 2
                       for b in self.builder.blocks)

    def _inside(self, rect: tuple[float, float, float, float]) -> bool:
        x0, x1, y0, y1 = rect
        w, d = self.plan.size
        n = self.plan.notch
        return x0 > 0 and y0 > 0 and x1 < w and y1 < d and (n is None or not (
            x0 < n[1] and x1 > n[0] and y0 < n[3] and y1 > n[2]))
