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

"""Corners followed from one picture to the next, as well as OpenCV can."""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Points = NDArray[np.float64]
Corners = NDArray[np.float32]

_LEAST_FOR_GAIN = 12
# Plain pictures count where they lose no more than the rest of the points.
_MOST = 0.6
_EXACT = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 0.003)


@dataclass(frozen=True)
class TrackingSettings:
    """
    How corners are found and followed; lengths in pixels of the picture worked on.

    least_width: smaller pictures are enlarged twice. even: local brightness and contrast are
    made even, so that exposure may change. points: about so many corners, in ``cells``
    (columns, rows) alike; quality, distance: as cv2.goodFeaturesToTrack has them. window,
    levels: of cv2.calcOpticalFlowPyrLK. forward_backward: most that a corner may be away from
    where it was, once followed there and back. enough: below this share of followed corners
    other ways to follow them are tried.
    """

    least_width: int = 420
    even: bool = True
    points: int = 1500
    cells: tuple[int, int] = (4, 3)
    quality: float = 0.003
    distance: float = 6.0
    window: int = 15
    levels: int = 4
    forward_backward: float = 0.5
    enough: float = 0.3

    def zoom(self, gray: Gray) -> float:
        """Give how much larger the picture worked on is than ``gray`` (h, w)."""
        return 2.0 if gray.shape[1] <= self.least_width else 1.0


class _Prepared(NamedTuple):
    """A picture at the size worked on, and the same with even contrast."""

    plain: Gray
    even: Gray


class PictureTracker:
    """Follows corners between neighbouring pictures; each is prepared once."""

    def __init__(self, settings: TrackingSettings = TrackingSettings()) -> None:
        self._settings = settings
        self._last: tuple[Gray, _Prepared] | None = None

    def follow(
        self, first: Gray, second: Gray, turn: Matrix | None = None,
    ) -> tuple[Points, Points]:
        """
        Give the same points (N, 2) [px] in two pictures (h, w).

        ``turn`` (3, 3) is a homography that may lead about there. Followed in evened pictures,
        which exposure does not change, then exactly in the plain ones.
        """
        zoom = self._settings.zoom(first)
        before, after = self._prepared(first), self._prepared(second)
        self._last = second, after
        start = self._corners(before.even)
        if not len(start):
            return np.empty((0, 2)), np.empty((0, 2))
        there, good = self._followed(before.even, after.even, start, _led(start, zoom, turn))
        start, there = self._exact(before.plain, after.plain, start[good], there[good])
        points = ((p.astype(np.float64) + 0.5) / zoom - 0.5 for p in (start, there))
        return next(points), next(points)

    def _prepared(self, gray: Gray) -> '_Prepared':
        if self._last is not None and self._last[0] is gray:
            return self._last[1]
        picture = _enlarged(gray, self._settings.zoom(gray))
        return _Prepared(picture, _evened(picture) if self._settings.even else picture)

    def _exact(
        self, before: Gray, after: Gray, start: Corners, there: Corners,
    ) -> tuple[Corners, Corners]:
        """Follow once more without what evening adds, the change of exposure undone."""
        if not self._settings.even or len(start) < _LEAST_FOR_GAIN:
            return start, there
        here, seen = (cv2.blur(p, (5, 5))[tuple(np.rint(at).astype(int).T[::-1])].astype(float)
                      for p, at in ((before, start), (after, there)))
        gain = float(np.median((here + 1) / (seen + 1)))
        matched = cv2.convertScaleAbs(after, alpha=gain)
        again, good = self._once(before, matched, start, there, 1)
        if good.sum() < _MOST * len(start):
            return start, there
        return start[good], again[good]

    def _corners(self, gray: Gray) -> Corners:
        s = self._settings
        columns, rows = s.cells
        found = []
        for y in range(rows):
            for x in range(columns):
                left, right = (gray.shape[1] * k // columns for k in (x, x + 1))
                top, bottom = (gray.shape[0] * k // rows for k in (y, y + 1))
                corners = cv2.goodFeaturesToTrack(
                    gray[top:bottom, left:right], s.points // (rows * columns), s.quality,
                    s.distance, blockSize=5)
                if corners is not None:
                    found.append(corners.reshape(-1, 2) + np.float32([left, top]))
        return np.concatenate(found) if found else np.empty((0, 2), np.float32)

    def _followed(
        self, before: Gray, after: Gray, start: Corners, guess: Corners | None,
    ) -> tuple[Corners, NDArray[np.bool_]]:
        """Try a small window, the guess, and both with a large window, while most get lost."""
        best = start, np.zeros(len(start), bool)
        guesses = [None] if guess is None else [None, guess]
        for width, led in product((1, 2), guesses):
            if best[1].sum() < self._settings.enough * len(start):
                best = max(best, self._once(before, after, start, led, width),
                           key=lambda way: way[1].sum())
        return best

    def _once(
        self, before: Gray, after: Gray, start: Corners, guess: Corners | None, width: int,
    ) -> tuple[Corners, NDArray[np.bool_]]:
        s = self._settings
        window = width * s.window | 1
        there, seen = _lucas_kanade(before, after, start, guess, window, s.levels)
        back, returned = _lucas_kanade(
            after, before, there, None if guess is None else start, window, s.levels)
        good = seen & returned
        good &= np.linalg.norm(back - start, axis=1) < width * s.forward_backward
        height, columns = after.shape
        good &= (there >= 0).all(1) & (there[:, 0] <= columns - 1) & (there[:, 1] <= height - 1)
        return there, good


def _lucas_kanade(
    before: Gray, after: Gray, points: Corners, guess: Corners | None, window: int, levels: int,
) -> tuple[Corners, NDArray[np.bool_]]:
    there, seen, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, None if guess is None else guess.copy(),
        winSize=(window, window), maxLevel=levels, criteria=_EXACT,
        flags=0 if guess is None else cv2.OPTFLOW_USE_INITIAL_FLOW)
    return there, seen.ravel() > 0  # type: ignore[return-value]


def _led(start: Corners, zoom: float, turn: Matrix | None) -> Corners | None:
    if turn is None:
        return None
    whole = np.concatenate([(start + 0.5) / zoom - 0.5, np.ones((len(start), 1))], axis=1) @ turn.T
    if (whole[:, 2] <= 0).any():
        return None
    return ((whole[:, :2] / whole[:, 2:] + 0.5) * zoom - 0.5).astype(np.float32)


def _enlarged(gray: Gray, zoom: float) -> Gray:
    if zoom == 1:
        return gray
    size = (round(gray.shape[1] * zoom), round(gray.shape[0] * zoom))
    return cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC)  # type: ignore[return-value]


def _evened(gray: Gray) -> Gray:
    values, side = gray.astype(np.float32), gray.shape[1] // 8 | 1
    mean = cv2.blur(values, (side, side))
    variance = cv2.blur(values * values, (side, side)) - mean * mean
    deviation = np.sqrt(np.maximum(variance, 0)) + 3
    return np.clip(128 + 40 * (values - mean) / deviation, 0, 255).astype(np.uint8)
