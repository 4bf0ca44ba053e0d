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

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.camera_model import scaled_intrinsics

Matrix = NDArray[np.float64]
# Raise it when the same frames are measured differently.
VERSION = 1
_WIDTH = 320
_GRID = 8
_FEWEST, _SMALLEST_SHARE, _GOOD_SHARE = 40, 0.12, 0.3
# Smaller eigenvalue of the gradients' covariance, of grey in [0, 1]: less is plain wall.
_TEXTURE = 3e-6
_ROUNDS = 8
# Radians: largest correction of a round; errors that count as none.
_STEP, _STILL = 0.01, 1e-3


class Motion(NamedTuple):
    """
    Motion of the picture between two frames, medians as fractions of the image width.

    ``flow`` is the length of the optical flow, ``parallax`` what the best pure rotation of the
    camera leaves of it, ``noise`` what no motion of the camera in a still scene explains (the
    distance from epipolar lines). All are nan where too little could be matched.
    """

    flow: float
    parallax: float
    noise: float


UNKNOWN = Motion(math.nan, math.nan, math.nan)


class MotionFrame(NamedTuple):
    """A frame made small: ``gray`` (h, w) uint8, ``K`` (3x3) of these pixels."""

    gray: NDArray[np.uint8]
    K: Matrix


def motion_frame(rgb: NDArray[np.uint8], K: Matrix) -> MotionFrame:
    """Prepare an image (h, w, 3) with intrinsics ``K`` (3x3) for `measure_motion`."""
    scale = min(1.0, _WIDTH / rgb.shape[1])
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    gray = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    ratios = (size[0] / rgb.shape[1], size[1] / rgb.shape[0])
    return MotionFrame(gray, scaled_intrinsics(K, ratios))  # type: ignore[arg-type]


def measure_motion(first: MotionFrame, second: MotionFrame) -> Motion:
    """Measure how the picture moves from one frame to another of the same bag."""
    if first.gray.shape != second.gray.shape:
        return UNKNOWN
    before, after, share = _matches(first.gray, second.gray, cv2.DISOPTICAL_FLOW_PRESET_FAST)
    if share < _GOOD_SHARE:
        # Large motion or blur: worth a search that takes four times as long.
        before, after, share = _matches(
            first.gray, second.gray, cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if len(before) < _FEWEST or share < _SMALLEST_SHARE:
        return UNKNOWN
    flow = np.linalg.norm(after - before, axis=1)
    rays, targets = _rays(before, first.K), _rays(after, second.K)
    R, parallax = _best_rotation(rays, targets, after, second.K)
    noise = _beyond_epipolar(rays, targets, R) * second.K[0, 0]
    width = first.gray.shape[1]
    return Motion(*(float(np.median(values)) / width for values in (flow, parallax, noise)))


def _matches(
    first: NDArray[np.uint8], second: NDArray[np.uint8], effort: int,
) -> tuple[Matrix, Matrix, float]:
    """Match grid points (n, 2) there and back again; with the share of the grid that works."""
    height, width = first.shape
    rows, columns = (axis.ravel() for axis in np.mgrid[4:height - 4:_GRID, 4:width - 4:_GRID])
    there, back = _flow(first, second, effort), _flow(second, first, effort)
    before = np.column_stack([columns, rows]).astype(np.float32)
    after = before + there[rows, columns]
    good = np.linalg.norm(after + _at(back, after) - before, axis=1) < 1
    # Plain surfaces match anywhere, at zero flow too: they are no sign of standing still.
    for image, points in ((first, before), (second, after)):
        good &= _at(cv2.cornerMinEigenVal(image, 7), points) > _TEXTURE
    return (before[good].astype(np.float64), after[good].astype(np.float64),
            float(good.mean()) if good.size else 0.0)


def _at(values: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Read ``values`` (h, w) or (h, w, 2) at points (n, 2); far away from all outside."""
    return cv2.remap(values, points[None], None, cv2.INTER_LINEAR,  # type: ignore[call-overload]
                     borderMode=cv2.BORDER_CONSTANT, borderValue=(-1e3, -1e3))[0]


def _flow(
    first: NDArray[np.uint8], second: NDArray[np.uint8], effort: int,
) -> NDArray[np.float32]:
    search = cv2.DISOpticalFlow_create(effort)  # type: ignore[attr-defined]
    return search.calc(first, second, None)


def _best_rotation(
    rays: Matrix, targets: Matrix, after: Matrix, K: Matrix,
) -> tuple[Matrix, Matrix]:
    """Give R (3x3) from ``rays`` to ``targets`` (n, 3), and the pixels (n,) it is off."""
    weights = np.ones(len(rays))
    for _ in range(_ROUNDS):
        # Kabsch, again and again with less weight on what does not fit.
        U, _, Vt = np.linalg.svd((targets * weights[:, None]).T @ rays)
        R = U @ np.diag([1, 1, np.linalg.det(U @ Vt)]) @ Vt
        turned = rays @ R.T @ K.T
        off = np.linalg.norm(turned[:, :2] / turned[:, 2:] - after, axis=1)
        weights = 1 / np.maximum(off, 0.5)
    return R, off


def _beyond_epipolar(rays: Matrix, targets: Matrix, R: Matrix) -> Matrix:
    """
    Give the angles (n,) between ``targets`` (n, 3) and the epipolar planes of the best motion.

    Starts from the rotation ``R`` (3x3); then translation and rotation improve in turn.
    """
    weights = np.ones(len(rays))
    for _ in range(_ROUNDS):
        turned = rays @ R.T
        normals = _cross(turned, targets)
        # The direction of travel lies in all planes: least squares with |t| = 1.
        t = np.linalg.eigh((normals * weights[:, None]).T @ normals)[1][:, 0]
        length = np.maximum(np.linalg.norm(_cross(turned, t), axis=1), 1e-3)
        off = normals @ t / length
        J = _cross(turned, _cross(targets, t)) / length[:, None]
        H = (J * weights[:, None]).T @ J + 1e-6 * weights.sum() * np.eye(3)
        step = -np.linalg.solve(H, (J * weights[:, None]).T @ off)
        R = cv2.Rodrigues(np.clip(step, -_STEP, _STEP))[0] @ R
        weights = 1 / np.maximum(np.abs(off), _STILL)
    return np.abs(off)


def _cross(a: Matrix, b: Matrix) -> Matrix:
    """Do as np.cross does for (n, 3), several times as fast on a few hundred rows."""
    return a[..., [1, 2, 0]] * b[..., [2, 0, 1]] - a[..., [2, 0, 1]] * b[..., [1, 2, 0]]


def _rays(pixels: Matrix, K: Matrix) -> Matrix:
    rays = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(K).T
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)
