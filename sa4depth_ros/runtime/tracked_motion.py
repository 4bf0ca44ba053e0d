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

"""Points followed from frame to frame until they have moved enough to tell depth."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]
Gray = NDArray[np.uint8]

_POINTS = 600
_WINDOW = (21, 21)
_LEAST_TRACKS = 40
# A pair is complete when its points have moved so far (fraction of the width, rotation
# undone), when so few are left, or after so many frames.
_ENOUGH_FLOW = 0.04
_LEAST_LEFT = 0.4
_MOST_FRAMES = 60
# New corners are looked for whenever the last ones have moved by this part of that.
_OVERLAP = 3
_FORWARD_BACKWARD = 0.7


@dataclass(frozen=True, eq=False)
class TrackedFrame:
    """
    One frame to track through: ``gray`` (h, w) rectified, ``K`` (3, 3) of its pixels.

    ``pose`` is T_camera2world (4, 4) of the rectified camera by the reference; ``number`` and
    ``source`` are for the caller.
    """

    number: int
    gray: Gray
    K: Matrix
    pose: Matrix
    source: Any = None


@dataclass(frozen=True, eq=False)
class TrackedPair:
    """Points (N, 2) [px] seen in two frames, in the order of time."""

    first: TrackedFrame
    second: TrackedFrame
    points_first: Points
    points_second: Points

    @property
    def rays(self) -> tuple[Points, Points]:
        """Give the points as x/z, y/z, (N, 2) each."""
        return (_normal(self.points_first, self.first.K)[:, :2],
                _normal(self.points_second, self.second.K)[:, :2])

    @property
    def T_known(self) -> Matrix:
        """T_first2second (4, 4) by the reference."""
        return np.linalg.inv(self.second.pose) @ self.first.pose


def tracked_pairs(frames: Iterable[TrackedFrame]) -> Iterator[TrackedPair]:
    """
    Follow corners from frame to frame; give a pair whenever they have moved enough.

    New corners are looked for before that, too, so that pairs overlap.
    """
    tracker = PointTracker()
    for frame in frames:
        yield from tracker.follow(frame)
    yield from tracker.rest()


class PointTracker:
    """
    Does as ``tracked_pairs``, one frame after the other as they come.

    So many pairs ``overlap`` at a time; 1 is the cheapest.
    """

    def __init__(self, overlap: int = _OVERLAP) -> None:
        self._overlap = overlap
        self._tracks: list[_Track] = []

    def follow(self, frame: TrackedFrame) -> list[TrackedPair]:
        """Take the next frame; give the pairs that it completes."""
        for track in self._tracks:
            track.follow(frame)
        complete = [track for track in self._tracks if track.is_complete()]
        self._tracks = [track for track in self._tracks if not track.is_complete()]
        if not self._tracks or self._tracks[-1].moved >= _ENOUGH_FLOW / self._overlap:
            self._tracks.append(_Track(frame))
        return [track.pair() for track in complete]

    def rest(self) -> list[TrackedPair]:
        """Give the longest pair that is not complete, if there is one."""
        return [track.pair() for track in self._tracks[:1] if track.age]


class _Track:
    """The corners of one frame and where they are now."""

    def __init__(self, first: TrackedFrame) -> None:
        self._first = self._last = first
        self._start = _corners(first.gray)
        self._now = self._start.copy()
        self._count = len(self._start)
        self.age = 0
        self.moved = 0.0

    def follow(self, frame: TrackedFrame) -> None:
        self.age += 1
        if len(self._now):
            there, good = _followed(self._last.gray, frame.gray, self._now)
            self._start, self._now = self._start[good], there[good]
        self._last = frame
        self.moved = self._flow() / frame.gray.shape[1] if len(self._now) else 0.0

    def is_complete(self) -> bool:
        few = len(self._now) < max(_LEAST_TRACKS, _LEAST_LEFT * self._count)
        return self.age > 0 and (self.age >= _MOST_FRAMES or few or self.moved >= _ENOUGH_FLOW)

    def _flow(self) -> float:
        """Median motion of the points in pixels, the known rotation undone."""
        K = self._first.K
        turned = _normal(self._start, K) @ self.pair().T_known[:3, :3].T
        flow = self._now - (turned @ K.T)[:, :2] / turned[:, 2:]
        return float(np.median(np.linalg.norm(flow, axis=1)))

    def pair(self) -> TrackedPair:
        return TrackedPair(self._first, self._last, self._start.astype(np.float64),
                           self._now.astype(np.float64))


def _corners(gray: Gray) -> NDArray[np.float32]:
    distance = max(4, gray.shape[1] // 60)
    found = cv2.goodFeaturesToTrack(gray, _POINTS, 0.005, distance)
    return np.empty((0, 2), np.float32) if found is None else found.reshape(-1, 2)


def _followed(
    before: Gray, after: Gray, points: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give where points (N, 2) are in the next picture, and which came back to where they were."""
    there, seen, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None, winSize=_WINDOW)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, winSize=_WINDOW)
    good = (seen.ravel() > 0) & (returned.ravel() > 0)
    good &= np.linalg.norm(back - points, axis=1) < _FORWARD_BACKWARD
    height, width = after.shape
    good &= (there >= 0).all(1) & (there[:, 0] <= width - 1) & (there[:, 1] <= height - 1)
    return there, good


def _normal(points: NDArray[np.floating], K: Matrix) -> Points:
    whole = np.concatenate([points.astype(np.float64), np.ones((len(points), 1))], axis=1)
    return whole @ np.linalg.inv(K).T
