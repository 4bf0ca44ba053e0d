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

"""Motion between frames from tracked points and predicted depth, with parts of OpenCV."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError

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
_FORWARD_BACKWARD = 0.7


@dataclass(frozen=True, eq=False)
class TrackedFrame:
    """
    One frame to track through: ``gray`` (h, w) rectified, ``K`` (3, 3) of its pixels.

    ``pose`` is T_camera2world (4, 4) of the rectified camera by the reference; ``number`` is
    for the caller.
    """

    number: int
    gray: Gray
    K: Matrix
    pose: Matrix


@dataclass(frozen=True, eq=False)
class TrackedPair:
    """Points (N, 2) [px] seen in two frames, in the order of time."""

    first: TrackedFrame
    second: TrackedFrame
    points_first: Points
    points_second: Points

    @property
    def T_known(self) -> Matrix:
        """T_first2second (4, 4) by the reference."""
        return np.linalg.inv(self.second.pose) @ self.first.pose


def tracked_pairs(frames: Iterable[TrackedFrame]) -> Iterator[TrackedPair]:
    """Follow corners from frame to frame; give a pair whenever they have moved enough."""
    track: _Track | None = None
    for frame in frames:
        if track is None:
            track = _Track(frame)
            continue
        track.follow(frame)
        if track.is_complete():
            yield track.pair()
            track = _Track(frame)
    if track is not None and track.age:
        yield track.pair()


class _Track:
    """The corners of one frame and where they are now."""

    def __init__(self, first: TrackedFrame) -> None:
        self._first = self._last = first
        self._start = _corners(first.gray)
        self._now = self._start.copy()
        self._count = len(self._start)
        self.age = 0

    def follow(self, frame: TrackedFrame) -> None:
        self.age += 1
        if len(self._now):
            there, good = _followed(self._last.gray, frame.gray, self._now)
            self._start, self._now = self._start[good], there[good]
        self._last = frame

    def is_complete(self) -> bool:
        if self.age >= _MOST_FRAMES or len(self._now) < max(
                _LEAST_TRACKS, _LEAST_LEFT * self._count):
            return True
        K, pair = self._first.K, self.pair()
        turned = _normal(self._start, K) @ pair.T_known[:3, :3].T
        flow = self._now - (turned @ K.T)[:, :2] / turned[:, 2:]
        moved = float(np.median(np.linalg.norm(flow, axis=1)))
        return moved >= _ENOUGH_FLOW * self._first.gray.shape[1]

    def pair(self) -> TrackedPair:
        return TrackedPair(self._first, self._last, self._start.astype(np.float64),
                           self._now.astype(np.float64))


def estimate_motion(
    pair: TrackedPair, depth: NDArray[np.floating],
) -> tuple[Matrix, Points, Points, Points]:
    """
    Find T_first2second (4, 4) in the unit of ``depth``, predicted at ``points_first`` (N,).

    By PnP with RANSAC; then rotation and direction once more from the tracks alone, so that
    errors of single depths do not bend them. Gives it with the points that follow it, (M, 2)
    each as x/z, y/z, and their depth (M,). Raises FrameError with cause 'tracks'.
    """
    known = np.isfinite(depth) & (depth > 0)
    if known.sum() < _LEAST_TRACKS:
        raise FrameError(f'expected at least {_LEAST_TRACKS} points followed from frame to frame, '
                         f'got {int(known.sum())}: too little texture, blur, or too fast',
                         'tracks')
    K = pair.first.K
    first = _normal(pair.points_first[known], K)[:, :2]
    second = _normal(pair.points_second[known], K)[:, :2]
    z = depth[known].astype(np.float64)
    start = _pnp(first, second, z, K)
    rotation, direction = _refined(start, first, second, 1.0 / K[0, 0])
    good = np.abs(_epipolar(rotation, direction, first, second)) < 1.5 / K[0, 0]
    if good.sum() < _LEAST_TRACKS:
        raise FrameError(f'only {int(good.sum())} of {len(first)} followed points agree on one '
                         f'motion, at least {_LEAST_TRACKS} are needed', 'tracks')
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation, direction * np.linalg.norm(start[:3, 3])
    return T, first[good], second[good], z[good]


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


def _pnp(first: Points, second: Points, z: Points, K: Matrix) -> Matrix:
    places = np.concatenate([first, np.ones((len(first), 1))], axis=1) * z[:, None]
    # A depth that is wrong by a fraction moves a point by that fraction of its own motion.
    motion = float(np.median(np.linalg.norm((second - first) * K[0, 0], axis=1)))
    cv2.setRNGSeed(0)
    found, turn, shift, inliers = cv2.solvePnPRansac(
        places, second, np.eye(3), None, iterationsCount=200, confidence=0.999,
        reprojectionError=max(2.0, 0.3 * motion) / K[0, 0], flags=cv2.SOLVEPNP_EPNP)
    if not found or inliers is None or len(inliers) < _LEAST_TRACKS:
        count = 0 if inliers is None else len(inliers)
        raise FrameError(f'only {count} of {len(first)} followed points agree with the predicted '
                         f'depth on one motion, at least {_LEAST_TRACKS} are needed', 'tracks')
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = cv2.Rodrigues(turn)[0], shift.ravel()
    return T


def _refined(T: Matrix, first: Points, second: Points, pixel: float) -> tuple[Matrix, Matrix]:
    """Give rotation and direction (3,) that least squares of the epipolar distance prefers."""
    rotation = T[:3, :3]
    direction = T[:3, 3] / np.linalg.norm(T[:3, 3])
    damping, step = 1e-3, 1e-6
    residuals = _epipolar(rotation, direction, first, second)
    for _ in range(15):
        weights = 1 / (1 + (residuals / pixel) ** 2)
        tries = [_moved(rotation, direction, step * unit) for unit in np.eye(5)]
        J = np.stack([(_epipolar(*t, first, second) - residuals) / step for t in tries], axis=1)
        H = J.T @ (weights[:, None] * J)
        change = -np.linalg.solve(
            H + damping * np.diag(np.diag(H)) + 1e-12 * np.eye(5), J.T @ (weights * residuals))
        trial = _moved(rotation, direction, change)
        after = _epipolar(*trial, first, second)
        if _cost(after, pixel) < _cost(residuals, pixel):
            rotation, direction, residuals = *trial, after
            damping = max(damping / 10, 1e-9)
        else:
            damping *= 10
        if np.abs(change).max() < 1e-7:
            break
    return rotation, direction


def _moved(rotation: Matrix, direction: Matrix, change: Matrix) -> tuple[Matrix, Matrix]:
    """Turn by change[:3] (rad) and tilt the direction by change[3:] within its tangent plane."""
    tangent = np.linalg.svd(direction[None])[2][1:]
    tilted = direction + change[3:] @ tangent
    return cv2.Rodrigues(change[:3])[0] @ rotation, tilted / np.linalg.norm(tilted)


def _epipolar(rotation: Matrix, direction: Matrix, first: Points, second: Points) -> Points:
    """Sampson distance (N,), in units of x/z."""
    x, y, z = direction
    E = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ rotation
    a, b = _homogeneous(first), _homogeneous(second)
    line, back = a @ E.T, b @ E
    norm = np.sqrt((line[:, :2] ** 2).sum(1) + (back[:, :2] ** 2).sum(1))
    return (b * line).sum(1) / np.maximum(norm, 1e-12)


def _cost(residuals: Points, pixel: float) -> float:
    return float(np.log1p((residuals / pixel) ** 2).sum())


def _homogeneous(points: Points) -> Points:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)


def _normal(points: NDArray[np.floating], K: Matrix) -> Points:
    return _homogeneous(points.astype(np.float64)) @ np.linalg.inv(K).T
