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

"""Visual odometry made of OpenCV's parts: what learned motion has to beat."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_train.classical_tracking import PictureTracker, TrackingSettings
from sa4depth_train.epipolar import in_front, refined_motion
from sa4depth_train.trajectory import chain, Poses

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]
Gray = NDArray[np.uint8]
Depth = NDArray[np.float32]

_LEAST_POINTS = 12
_CONFIDENCE = 0.9999
# Depth that differs by this factor within 3 x 3 pixels has an edge there.
_EDGE = 1.1


@dataclass(frozen=True, eq=False)
class ClassicalFrame:
    """
    A rectified frame: ``gray`` (h, w), ``K`` (3, 3) of its pixels.

    ``depth`` (h, w) in metres, 0 where unknown, is for motion by known depth alone.
    """

    gray: Gray
    K: Matrix
    depth: Depth | None = None


class ClassicalPath(NamedTuple):
    """Poses (N, 4, 4) T_camera2first, and how many of the N-1 steps were not found."""

    poses: Poses
    lost: int


@dataclass(frozen=True)
class ClassicalSettings:
    """
    How motion is fitted to followed corners.

    epipolar, projection: pixels from its epipolar line and from its projection within which a
    point agrees; tracking: how corners are found and followed.
    """

    epipolar: float = 0.2
    projection: float = 0.8
    tracking: TrackingSettings = field(default_factory=TrackingSettings)


class ClassicalMotion:
    """Motion from frame to frame; remembers the last, from which the next may be guessed."""

    def __init__(self, settings: ClassicalSettings = ClassicalSettings()) -> None:
        self._settings = settings
        self._tracker = PictureTracker(settings.tracking)
        self._last: Matrix | None = None

    def essential(self, first: ClassicalFrame, second: ClassicalFrame) -> Matrix | None:
        """
        Give T_first2second (4, 4), its translation of length 1; None where it is not found.

        Essential matrix by MAGSAC, then robust least squares of the epipolar distances, also
        begun at the last motion: of two ambiguous solutions the better one counts.
        """
        a, b = (normalised(points, frame.K) for points, frame in zip(
            self._follow(first, second), (first, second)))
        if len(a) < _LEAST_POINTS:
            return None
        focal = math.sqrt(first.K[0, 0] * first.K[1, 1])
        noise = self._pixels(self._settings.epipolar, first) / focal
        begins = [] if self._last is None else [self._last]
        E, agree = cv2.findEssentialMat(
            a, b, np.eye(3), method=cv2.USAC_MAGSAC, prob=_CONFIDENCE, threshold=noise,
            maxIters=5000)
        if E is not None and E.shape == (3, 3):
            # Points are often hundreds of steps away; by default those beyond 50 do not count.
            _, R, t, *_ = cv2.recoverPose(E, a, b, np.eye(3), distanceThresh=1e4, mask=agree)
            begins.insert(0, matrix(R, t))
        if not begins:
            return None
        fits = [refined_motion(begin, a, b, noise) for begin in begins]
        self._last = in_front(min(fits, key=lambda fit: fit[1])[0], a, b)
        return self._last

    def projection(self, first: ClassicalFrame, second: ClassicalFrame) -> Matrix | None:
        """Give T_first2second (4, 4) in metres by the first frame's depth; None: not found."""
        assert first.depth is not None
        a, b = self._follow(first, second)
        depth = depth_at(first.depth, a) if len(a) else np.empty(0)
        known = depth > 0
        if known.sum() < _LEAST_POINTS:
            return None
        rays = np.concatenate([normalised(a[known], first.K), np.ones((known.sum(), 1))], 1)
        X, b = rays * depth[known, None], b[known]
        _, turn, t, agree = cv2.solvePnPRansac(
            X, b, second.K, None, iterationsCount=500, confidence=_CONFIDENCE,
            reprojectionError=self._pixels(self._settings.projection, first),
            flags=cv2.SOLVEPNP_AP3P)
        if agree is None or len(agree) < _LEAST_POINTS:
            return None
        kept = agree.ravel()
        turn, t = cv2.solvePnPRefineLM(X[kept], b[kept], second.K, None, turn, t)
        self._last = matrix(cv2.Rodrigues(turn)[0], t)
        return self._last

    def _follow(self, first: ClassicalFrame, second: ClassicalFrame) -> tuple[Points, Points]:
        # Where all points would be, were they far away and the camera turning as before.
        turn = None if self._last is None else (
            second.K @ self._last[:3, :3] @ np.linalg.inv(first.K))
        return self._tracker.follow(first.gray, second.gray, turn)

    def _pixels(self, threshold: float, frame: ClassicalFrame) -> float:
        """Give a threshold in pixels of the frame; the tracker may work on an enlarged one."""
        return threshold / self._settings.tracking.zoom(frame.gray)


def classical_path(
    frames: Iterable[ClassicalFrame], lengths: Sequence[float] | None,
    settings: ClassicalSettings = ClassicalSettings(),
) -> ClassicalPath:
    """
    Move through N frames by essential matrices, each step as long as ``lengths`` (N-1,) says.

    Without lengths: by perspective-n-point with the depth of the frames. A step that is not
    found is taken to be like the one before.
    """
    motion, steps, lost = ClassicalMotion(settings), list[Matrix](), 0
    last, step = None, np.eye(4)
    for frame in frames:
        if last is not None:
            found = (motion.projection if lengths is None else motion.essential)(last, frame)
            lost += found is None
            step = step if found is None else found.copy()
            if lengths is not None:
                step[:3, 3] *= lengths[len(steps)] / max(np.linalg.norm(step[:3, 3]), 1e-12)
            steps.append(np.linalg.inv(step))
        last = frame
    return ClassicalPath(chain(steps), lost)


def matrix(R: Matrix, t: Matrix) -> Matrix:
    """Give the (4, 4) of a rotation (3, 3) and a translation of three numbers."""
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, t.ravel()
    return T


def normalised(points: Points, K: Matrix) -> Points:
    """Give points (N, 2) [px] as x/z, y/z."""
    whole = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    return np.ascontiguousarray((whole @ np.linalg.inv(K).T)[:, :2])


def depth_at(depth: Depth, points: Points) -> Points:
    """Give the median depth around points (N, 2) [px], 0 where unknown and at edges."""
    shifts = np.mgrid[-1:2, -1:2].reshape(2, 1, -1)
    columns, rows = np.rint(points).astype(np.intp).T[..., None] + shifts
    around = depth[np.clip(rows, 0, depth.shape[0] - 1), np.clip(columns, 0, depth.shape[1] - 1)]
    known = np.isfinite(around) & (around > 0)
    low = np.where(known, around, np.inf).min(1)
    high = np.where(known, around, 0).max(1)
    middle = np.ma.median(np.ma.masked_array(around, ~known), axis=1).filled(0)
    return np.where(known.any(1) & (high < _EDGE * low), middle, 0).astype(np.float64)
