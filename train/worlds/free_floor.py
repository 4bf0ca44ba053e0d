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

"""Where a camera can go in a place: a map of clearance, and ways through it."""

import cv2
import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.place import Place

CELL = 0.05
# A camera keeps this far from everything [m]; ways are planned with more where there is room.
CLEARANCE = 0.25
_WIDER = (0.55, 0.42, 0.34, 0.29)
# A cell knows its distance from cell centre to cell centre, which is off by up to this.
_CELL_ERROR = 1.42 * CELL
_SMOOTHING = (0.9, 0.6, 0.4, 0.25, 0.15)
_NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
_SIGHT = 8.0


class FreeFloor:
    """The floor of a place for a camera between two heights, as a map of 5 cm cells."""

    def __init__(self, place: Place, low: float, high: float, wanted: float = 0.55) -> None:
        """
        Make the map for heights ``low`` to ``high`` [m]; ConfigError when none is free.

        Ways keep ``wanted`` metres away from everything where there is room for that.
        """
        regions = np.array(place.regions, float).reshape(-1, 4)
        if not len(regions):
            raise ConfigError(f'expected a {place.kind} to have floor for a camera, got none; '
                              'give its Place a region')
        self._corner = regions[:, [0, 2]].min(0) - 2 * CELL
        size = np.ceil((regions[:, [1, 3]].max(0) + 2 * CELL - self._corner) / CELL).astype(int)
        self._floor = np.zeros((size[1], size[0]), np.uint8)
        for x0, x1, y0, y1 in regions:
            self._paint(self._floor, x0, x1, y0, y1)
        self._things, free = np.zeros_like(self._floor), self._floor.copy()
        for block in place.world.blocks:
            spot = block.low[0], block.high[0], block.low[1], block.high[1]
            self._paint(self._things, *spot)
            if block.low[2] < high + CLEARANCE and block.high[2] > low - CLEARANCE:
                self._paint(free, *spot, free=False)
        distance = cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        self._clearance = distance * CELL - _CELL_ERROR
        self._planned = self._choose_component(place.kind, wanted)

    def clearance(self, points: np.ndarray) -> np.ndarray:
        """Give how far points (n, 2) at least are from everything [m]; below 0 outside."""
        column, row = self._cells(points).T
        return self._clearance[row, column]

    def start(self, rng: np.random.Generator) -> np.ndarray:
        """Draw a place (2,) to start at."""
        rows, columns = np.nonzero(self._planned)
        chosen = rng.integers(len(rows))
        return self._point(rows[chosen], columns[chosen])

    def way(self, length: float, rng: np.random.Generator) -> np.ndarray:
        """
        Draw a smooth walk of ``length`` metres: places (n, 2), CELL apart, closer in bends.

        It has too few steps only where the free floor is smaller than one.
        """
        corners, walked = [self.start(rng)], 0.0
        for _ in range(200):
            if walked >= length:
                break
            leg = self._leg(corners[-1], self.start(rng))
            walked += _length(np.array([corners[-1], *leg]))
            corners += leg
        return self._smoothed(_resampled(np.array(corners)))

    def sight(self, point: np.ndarray, yaw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Look from a point (2,) in directions ``yaw`` (n).

        Gives how far the floor reaches, at most 8 m, and over how much of that things stand [m].
        """
        reach = np.arange(CELL, _SIGHT, CELL)
        ray = np.stack([np.cos(yaw), np.sin(yaw)], -1)[:, None] * reach[:, None] + point
        column, row = self._cells(ray.reshape(-1, 2)).T
        inside = self._floor[row, column].reshape(len(yaw), -1)
        seen = np.logical_and.accumulate(inside > 0, axis=1)
        things = seen & (self._things[row, column].reshape(len(yaw), -1) > 0)
        return seen.sum(1) * CELL, things.sum(1) * CELL

    def _paint(self, image: np.ndarray, x0: float, x1: float, y0: float, y1: float, *,
               free: bool = True) -> None:
        # Free are the cells whose centre is inside, taken are all that a block touches.
        start = (np.array([x0, y0]) - self._corner) / CELL
        stop = (np.array([x1, y1]) - self._corner) / CELL
        first = np.floor(start + 0.5) if free else np.floor(start)
        last = np.floor(stop + 0.5) if free else np.ceil(stop)
        (left, low), (right, high) = (np.maximum(edge, 0).astype(int) for edge in (first, last))
        image[low:high, left:right] = free

    def _choose_component(self, kind: str, wanted: float) -> np.ndarray:
        narrow = _largest(self._clearance >= _WIDER[-1])
        if not narrow.any():
            raise ConfigError(f'expected a {kind} to have floor at least {2 * CLEARANCE} m wide '
                              'for a camera, got none; move its furniture apart')
        for clearance in (step for step in _WIDER if step <= wanted):
            wide = _largest((self._clearance >= clearance) & narrow)
            if wide.sum() >= 0.5 * narrow.sum():
                return wide
        return narrow

    def _leg(self, start: np.ndarray, goal: np.ndarray) -> list[np.ndarray]:
        (column, row), (goal_column, goal_row) = self._cells(np.stack([start, goal]))
        steps = _steps_from(self._planned, goal_row, goal_column, row, column)
        cells = [(row, column)]
        while (row, column) != (goal_row, goal_column):
            row, column = min(((row + i, column + j) for i, j in _NEIGHBOURS),
                              key=lambda cell: steps[cell])
            cells.append((row, column))
        return self._pulled([self._point(*cell) for cell in cells])

    def _pulled(self, points: list[np.ndarray]) -> list[np.ndarray]:
        # From each corner straight to the farthest point that is in sight, as a taut string.
        need = float(self.clearance(np.stack(points)).min()) - 1e-6
        corners, at = [], 0
        while at < len(points) - 1:
            far = len(points) - 1
            while far > at + 1 and not self._straight(points[at], points[far], need):
                far = at + 1 + (far - at - 1) // 2
            corners.append(points[far])
            at = far
        return corners

    def _straight(self, a: np.ndarray, b: np.ndarray, need: float) -> bool:
        count = int(np.linalg.norm(b - a) / (0.5 * CELL)) + 2
        between = a + np.linspace(0, 1, count)[:, None] * (b - a)
        return bool((self.clearance(between) >= need).all())

    def _smoothed(self, way: np.ndarray) -> np.ndarray:
        for window in _SMOOTHING:
            count = round(window / CELL) | 1
            smooth = _averaged(_averaged(way, count), count)
            if (self.clearance(smooth) >= CLEARANCE).all():
                return smooth
        return way

    def _cells(self, points: np.ndarray) -> np.ndarray:
        cells = np.floor((points - self._corner) / CELL).astype(int)
        return np.clip(cells, 0, np.array(self._floor.shape)[::-1] - 1)

    def _point(self, row: int, column: int) -> np.ndarray:
        return self._corner + (np.array([column, row]) + 0.5) * CELL


def _largest(mask: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(mask)
    return labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())


def _steps_from(free: np.ndarray, row: int, column: int, to_row: int,
                to_column: int) -> np.ndarray:
    # A wave that alternates between a cross and a square spreads nearly as a circle.
    steps = np.full(free.shape, np.iinfo(np.int32).max, np.int32)
    wave = np.zeros(free.shape, np.uint8)
    wave[row, column], steps[row, column] = 1, 0
    shapes = [cv2.getStructuringElement(kind, (3, 3)) for kind in (cv2.MORPH_CROSS,
                                                                   cv2.MORPH_RECT)]
    allowed = free.astype(np.uint8)
    for step in range(1, free.size):
        grown = cv2.dilate(wave, shapes[step % 2]) & allowed
        steps[(grown > wave)] = step
        wave = grown
        if wave[to_row, to_column]:
            break
    return steps


def _length(points: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _resampled(points: np.ndarray) -> np.ndarray:
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    wanted = np.arange(0.0, along[-1] + CELL, CELL)
    return np.stack([np.interp(wanted, along, points[:, axis]) for axis in range(2)], 1)


def _averaged(points: np.ndarray, count: int) -> np.ndarray:
    padded = np.pad(points, ((count // 2, count // 2), (0, 0)), mode='edge')
    kernel = np.full(count, 1.0 / count)
    return np.stack([np.convolve(padded[:, axis], kernel, 'valid') for axis in range(2)], 1)
