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

"""How much a camera moved between two frames, and whether that shows depth: by optical flow."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_WIDTH = 320
_POINTS = 400
_FEWEST = 40


class Motion(NamedTuple):
    """
    Motion of the picture between two frames, fractions of the image width.

    ``flow`` is the median length of the optical flow, ``parallax`` the median of what the best
    pure rotation of the camera leaves of it. Both are nan where nothing could be tracked.
    """

    flow: float
    parallax: float


class MotionFrame(NamedTuple):
    """A frame made small: ``gray`` (h, w) uint8, ``K`` (3x3) of these pixels."""

    gray: NDArray[np.uint8]
    K: Matrix


def motion_frame(rgb: NDArray[np.uint8], K: Matrix) -> MotionFrame:
    """Prepare an image (h, w, 3) with intrinsics ``K`` (3x3) for `measure_motion`."""
    scale = min(1.0, _WIDTH / rgb.shape[1])
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    gray = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    ratios = np.array([size[0] / rgb.shape[1], size[1] / rgb.shape[0]])
    small = K.copy()
    small[:2, :2] *= ratios[:, None]
    small[:2, 2] = (K[:2, 2] + 0.5) * ratios - 0.5
    return MotionFrame(gray, small)  # type: ignore[arg-type]


def measure_motion(first: MotionFrame, second: MotionFrame) -> Motion:
    """Measure the motion of corners from one frame to another one of the same size."""
    before, after = _tracks(first.gray, second.gray)
    if len(before) < _FEWEST:
        return Motion(np.nan, np.nan)
    width = first.gray.shape[1]
    flow = np.linalg.norm(after - before, axis=1)
    left = _beyond_rotation(before, after, first.K, second.K)
    return Motion(float(np.median(flow)) / width, float(np.median(left)) / width)


def _tracks(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> tuple[Matrix, Matrix]:
    corners = cv2.goodFeaturesToTrack(first, _POINTS, 0.01, 5)
    if corners is None:
        return np.zeros((0, 2)), np.zeros((0, 2))
    there, found, _ = cv2.calcOpticalFlowPyrLK(first, second, corners, None)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(second, first, there, None)
    near = np.linalg.norm(back - corners, axis=2)[:, 0] < 1
    good = near & (found[:, 0] > 0) & (returned[:, 0] > 0)
    return corners[good, 0].astype(np.float64), there[good, 0].astype(np.float64)


def _beyond_rotation(before: Matrix, after: Matrix, K_first: Matrix, K_second: Matrix) -> Matrix:
    """Give the pixels (n,) between ``after`` and where the best rotation puts ``before``."""
    rays, targets = _rays(before, K_first), _rays(after, K_second)
    weights = np.ones(len(rays))
    left = weights
    for _ in range(10):
        R = _rotation(rays, targets, weights)
        turned = rays @ R.T @ K_second.T
        left = np.linalg.norm(turned[:, :2] / turned[:, 2:] - after, axis=1)
        weights = 1 / np.maximum(left, 0.5)
    return left


def _rays(pixels: Matrix, K: Matrix) -> Matrix:
    rays = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(K).T
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def _rotation(rays: Matrix, targets: Matrix, weights: Matrix) -> Matrix:
    """Give the rotation (3x3) that best turns ``rays`` into ``targets`` (Kabsch)."""
    U, _, Vt = np.linalg.svd((targets * weights[:, None]).T @ rays)
    return U @ np.diag([1, 1, np.linalg.det(U @ Vt)]) @ Vt
