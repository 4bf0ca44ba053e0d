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

"""From followed points to the scale: the picture to track in, and depth at its points."""

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.camera_model import CameraModel, scaled_intrinsics
from sa4depth_ros.runtime.preprocess import FrameGeometry
from sa4depth_ros.runtime.scale_motion import points_log_scale
from sa4depth_ros.runtime.tracked_motion import TrackedPair

Depth = NDArray[np.float32]
Matrix = NDArray[np.float64]

# Corners are followed in pictures no wider than this.
_TRACKING_WIDTH = 640
# Depth that differs by this factor within 5 x 5 pixels has an edge there.
_EDGE = 1.5


def rectifying(camera: CameraModel) -> Matrix:
    """Give the (4, 4) that turns points of the camera's frame into those of its rectified one."""
    T = np.eye(4)
    T[:3, :3] = camera.R
    return T


def tracking_picture(
    rgb: NDArray[np.uint8], geometry: FrameGeometry,
) -> tuple[NDArray[np.uint8], Matrix]:
    """
    Give the rectified picture in grey (h, w), no wider than is needed, and K of its pixels.

    ``rgb`` is the image as it came, ``geometry`` that of a calibrated camera.
    """
    assert geometry.camera is not None
    gray = cv2.cvtColor(geometry.rectify(rgb), cv2.COLOR_RGB2GRAY)
    scale = min(1.0, _TRACKING_WIDTH / gray.shape[1])
    if scale == 1:
        return gray, geometry.camera.P  # type: ignore[return-value]
    size = (round(gray.shape[1] * scale), round(gray.shape[0] * scale))
    ratios = (size[0] / gray.shape[1], size[1] / gray.shape[0])
    K = scaled_intrinsics(geometry.camera.P, ratios)
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA), K  # type: ignore[return-value]


def pair_log_scale(pair: TrackedPair, depth: Depth, K: Matrix) -> float:
    """
    Give the logarithm of metres over the unit of ``depth`` (h, w), that of the pair's first frame.

    ``K`` (3, 3) is of the pixels of ``depth``, rectified ones. Errors are those of
    points_log_scale.
    """
    # Tracking may run on another size: to the pixels of the depth by its intrinsics.
    rays = pair.rays
    whole = np.concatenate([rays[0], np.ones((len(rays[0]), 1))], axis=1) @ K.T
    return points_log_scale(*rays, _depth_around(depth, whole[:, :2]), pair.T_known,
                            1.0 / pair.first.K[0, 0])


def _depth_around(depth: Depth, points: Matrix) -> Matrix:
    """Give the median depth around points (N, 2) [px], NaN at edges: corners often lie there."""
    shifts = np.mgrid[-2:3, -2:3].reshape(2, 1, -1)
    columns, rows = np.rint(points).astype(np.intp).T[..., None] + shifts
    around = depth[np.clip(rows, 0, depth.shape[0] - 1), np.clip(columns, 0, depth.shape[1] - 1)]
    around = np.where((around > 0) & np.isfinite(around), around, np.nan).astype(np.float64)
    near, middle, far = np.percentile(around, (20, 50, 80), axis=1)
    return np.where(far > _EDGE * near, np.nan, middle)
