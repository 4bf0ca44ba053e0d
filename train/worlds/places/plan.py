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

"""The floor of a room: where walls run, what stands where, and that one can still walk."""

from dataclasses import dataclass, field

import cv2
import numpy as np

Rect = tuple[float, float, float, float]        # x0, x1, y0, y1 [m]
CELL = 0.1
BODY = 0.32                                     # half the width of what must pass [m]


@dataclass(frozen=True)
class WallLine:
    """A wall seen from inside: it starts at ``start`` and runs left to right, metres."""

    start: tuple[float, float]
    along: tuple[float, float]
    length: float

    @property
    def inward(self) -> tuple[float, float]:
        """Give the unit normal that points into the room."""
        return self.along[1], -self.along[0]

    @property
    def yaw(self) -> float:
        """Give the turn [rad] of a piece that stands with its back to this wall."""
        x, y = self.inward
        return float(np.arctan2(x, -y))

    def point(self, s: float, off: float = 0.0) -> tuple[float, float]:
        """Give the place ``s`` along the wall and ``off`` in front of it."""
        x, y = self.inward
        return (self.start[0] + s * self.along[0] + off * x,
                self.start[1] + s * self.along[1] + off * y)


@dataclass(frozen=True)
class Opening:
    """A door or window in a wall: from s0 to s1 along it, z0 to z1 high [m]."""

    wall: int
    s0: float
    s1: float
    z0: float
    z1: float
    kind: str
    angle: float = 0.0          # of a door's leaf, into the room [rad]
    hinge: int = -1             # left (-1) or right (1)


@dataclass
class FloorPlan:
    """A rectangle of ``size`` with an optional notch cut out, and what takes up its floor."""

    size: tuple[float, float]
    height: float
    notch: Rect | None = None
    openings: list[Opening] = field(default_factory=list)
    taken: list[Rect] = field(default_factory=list)
    free_share: float = 0.3

    def __post_init__(self) -> None:
        self.walls = _wall_lines(self.size, self.notch)
        rows, columns = (max(1, round(side / CELL)) for side in self.size[::-1])
        self._busy = np.zeros((rows, columns), np.uint8)
        if self.notch is not None:
            self._fill(self._busy, self.notch)
        self._start = float(self._busy.mean())
        # Measured where the middle of a body can be: half as much as what stands free.
        self._least = min(max(2.0, self.free_share * self.walkable()), 0.6 * self.walkable())

    def regions(self) -> tuple[Rect, ...]:
        """Give rectangles that cover the floor and overlap."""
        w, d = self.size
        if self.notch is None:
            return ((0.0, w, 0.0, d),)
        x0, x1, y0, y1 = self.notch
        across = (0.0, w, y1, d) if y0 <= 0 else (0.0, w, 0.0, y0)
        down = (x1, w, 0.0, d) if x0 <= 0 else (0.0, x0, 0.0, d)
        return across, down

    def walkable(self) -> float:
        """Give the largest connected floor area [m2] that a body can pass."""
        count, _, stats, _ = cv2.connectedComponentsWithStats(self._passable(self._busy))
        return float(stats[1:, cv2.CC_STAT_AREA].max()) * CELL ** 2 if count > 1 else 0.0

    def outer(self, number: int) -> bool:
        """Say whether outside lies behind a wall, not the notch."""
        x, y = self.walls[number].point(0.5 * self.walls[number].length, -0.1)
        return not (0 < x < self.size[0] and 0 < y < self.size[1])

    def ask_for(self, area: float) -> None:
        """Let things stand closer: only so many m2 must stay that a body can pass."""
        self._least = min(self._least, area)

    def covered(self) -> float:
        """Give the share of the floor on which things stand."""
        return float(self._busy.mean()) - self._start

    def fits(self, rect: Rect, *, gap: float = 0.0) -> bool:
        """Say whether a rectangle is free, inside, and leaves the room passable."""
        x0, x1, y0, y1 = rect
        if x0 < -1e-6 or y0 < -1e-6 or x1 > self.size[0] + 1e-6 or y1 > self.size[1] + 1e-6:
            return False
        others = self.taken if self.notch is None else [self.notch, *self.taken]
        if any(_overlap(rect, other, gap) for other in others):
            return False
        trial = self._busy.copy()
        self._fill(trial, rect)
        count, _, stats, _ = cv2.connectedComponentsWithStats(self._passable(trial))
        return count > 1 and stats[1:, cv2.CC_STAT_AREA].max() * CELL ** 2 >= self._least

    def take(self, rect: Rect) -> None:
        """Mark a rectangle as standing full."""
        self.taken.append(rect)
        self._fill(self._busy, rect)

    def keep_free(self, rect: Rect) -> None:
        """Let nothing stand in a rectangle, though one may walk there."""
        self.taken.append(rect)

    def along_wall(self, rng: np.random.Generator, width: float, depth: float, height: float, *,
                   walls: tuple[int, ...] | None = None, side: float = 0.02, gap: float = 0.02,
                   tries: int = 24) -> tuple[tuple[float, float], float] | None:
        """
        Find a free place with its back to a wall and take it.

        Returns ((x, y), yaw) or None. Openings that begin below ``height`` are kept clear.
        """
        for _ in range(tries):
            number = int(rng.choice(walls)) if walls else int(rng.integers(len(self.walls)))
            line = self.walls[number]
            if line.length < width + 2 * side:
                continue
            s = float(rng.uniform(width / 2 + side, line.length - width / 2 - side))
            if rng.random() < 0.35:     # things like corners
                s = width / 2 + side if rng.random() < 0.5 else line.length - width / 2 - side
            if any(o.wall == number and o.z0 < height and o.s0 < s + width / 2
                   and o.s1 > s - width / 2 for o in self.openings):
                continue
            spot = line.point(s, depth / 2 + gap)
            rect = footprint(spot, width, depth, line.yaw)
            if self.fits(rect):
                self.take(rect)
                return spot, line.yaw
        return None

    def somewhere(self, rng: np.random.Generator, width: float, depth: float, *,
                  gap: float = 0.05, yaw: float | None = None,
                  tries: int = 24) -> tuple[tuple[float, float], float] | None:
        """Find a free place anywhere on the floor, at any turn unless ``yaw``, and take it."""
        for _ in range(tries):
            turn = float(rng.uniform(-np.pi, np.pi)) if yaw is None else yaw
            spot = (float(rng.uniform(0.2, self.size[0] - 0.2)),
                    float(rng.uniform(0.2, self.size[1] - 0.2)))
            rect = footprint(spot, width, depth, turn)
            if self.fits(rect, gap=gap):
                self.take(rect)
                return spot, turn
        return None

    @staticmethod
    def _passable(busy: np.ndarray) -> np.ndarray:
        framed = cv2.copyMakeBorder(1 - busy, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        reach = 2 * round(BODY / CELL) + 1
        return cv2.erode(framed, np.ones((reach, reach), np.uint8))

    @staticmethod
    def _fill(grid: np.ndarray, rect: Rect) -> None:
        x0, x1, y0, y1 = (round(value / CELL) for value in rect)
        grid[max(y0, 0):max(y1, 0), max(x0, 0):max(x1, 0)] = 1


def footprint(spot: tuple[float, float], width: float, depth: float, yaw: float) -> Rect:
    """Give the upright rectangle about a turned one."""
    c, s = abs(np.cos(yaw)), abs(np.sin(yaw))
    half_x, half_y = 0.5 * (c * width + s * depth), 0.5 * (s * width + c * depth)
    return (float(spot[0] - half_x), float(spot[0] + half_x), float(spot[1] - half_y),
            float(spot[1] + half_y))


def _overlap(a: Rect, b: Rect, gap: float) -> bool:
    return (a[0] < b[1] + gap - 1e-6 and a[1] > b[0] - gap + 1e-6
            and a[2] < b[3] + gap - 1e-6 and a[3] > b[2] - gap + 1e-6)


def _wall_lines(size: tuple[float, float], notch: Rect | None) -> list[WallLine]:
    # Clockwise from above, so that each wall runs left to right for one who faces it.
    w, d = size
    corners = [(0.0, 0.0), (0.0, d), (w, d), (w, 0.0)]
    if notch is not None:
        x0, x1, y0, y1 = notch
        bends = {(True, True): (0, [(x1, 0.0), (x1, y1), (0.0, y1)]),
                 (True, False): (1, [(0.0, y0), (x1, y0), (x1, d)]),
                 (False, False): (2, [(x0, d), (x0, y0), (w, y0)]),
                 (False, True): (3, [(w, y1), (x0, y1), (x0, 0.0)])}
        index, bend = bends[x0 <= 0, y0 <= 0]
        corners[index:index + 1] = bend
    lines = []
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
        length = float(np.hypot(bx - ax, by - ay))
        lines.append(WallLine((ax, ay), ((bx - ax) / length, (by - ay) / length), length))
    return lines
