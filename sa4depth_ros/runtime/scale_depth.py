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

"""What one frame says of the scale, against measured depth, lidar points or one distance."""

import math

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.scale import common_log_scale

Depth = NDArray[np.float32]
Matrix = NDArray[np.float64]

LEAST_PIXELS = 50
_CELL = 64
_BEHIND = 1.2


def depth_log_scale(prediction: Depth, reference: Depth, least: int = LEAST_PIXELS) -> float:
    """
    Give the median logarithm of reference over prediction, two depth maps (h, w).

    Pixels count where both are positive and finite. Raises FrameError with cause 'overlap' when
    these are fewer than ``least``, 'shape' when the two hardly resemble each other.
    """
    if prediction.shape != reference.shape:
        raise FrameError(f'expected a reference of the size of the depth, {prediction.shape}, got '
                         f'{reference.shape}', 'size')
    both = (prediction > 0) & (reference > 0) & np.isfinite(prediction) & np.isfinite(reference)
    count = int(both.sum())
    if count < least:
        raise FrameError(f'expected at least {least} pixels where both model and reference have '
                         f'depth, got {count}', 'overlap')
    ratios = np.log(reference[both].astype(np.float64)) - np.log(prediction[both])
    return common_log_scale(ratios)


def project_points(
    points: NDArray[np.floating], T_sensor2camera: Matrix, K: Matrix, size: tuple[int, int],
) -> Depth:
    """
    Draw points (N, 3), metres, into a sparse depth map (height, width), 0 where there is none.

    ``K`` (3, 3) and ``size`` (width, height) are of rectified pixels, ``T_sensor2camera`` maps
    into the camera's rectified frame. The nearest point of a pixel wins; points that shine
    through from behind, as the sensor looks past an edge that hides them from the camera, are
    left out.
    """
    width, height = size
    finite = points[np.isfinite(points).all(axis=1)].astype(np.float64)
    seen = finite @ T_sensor2camera[:3, :3].T + T_sensor2camera[:3, 3]
    seen = seen[seen[:, 2] > 1e-3]
    pixels = seen @ K.T
    x, y = np.rint(pixels[:, :2] / seen[:, 2:]).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    columns, rows = x[inside].astype(np.intp), y[inside].astype(np.intp)
    z = seen[inside, 2]
    shown = z <= _BEHIND * _nearest_around(columns, rows, z, size)
    depth = np.full((height, width), np.inf, dtype=np.float32)
    np.minimum.at(depth, (rows[shown], columns[shown]), z[shown].astype(np.float32))
    depth[np.isinf(depth)] = 0
    return depth


def _nearest_around(
    columns: NDArray[np.intp], rows: NDArray[np.intp], z: Matrix, size: tuple[int, int],
) -> Matrix:
    """Give, for each point, the least z in its cell of the image."""
    cell = max(2, size[0] // _CELL)
    across = size[0] // cell + 1
    cells = rows // cell * across + columns // cell
    nearest = np.full((size[1] // cell + 1) * across, np.inf)
    np.minimum.at(nearest, cells, z)
    return nearest[cells]


def distance_log_scale(
    prediction: Depth, box: tuple[int, int, int, int], metres: float, K: Matrix | None,
) -> float:
    """
    Give the logarithm of a known distance over the predicted one.

    ``box`` (x, y, width, height) are pixels of ``prediction`` (h, w), whose median counts. With
    ``K`` (3, 3) of these pixels ``metres`` is the straight way from the lens to the middle of
    the box, without it is along the optical axis. Raises FrameError with cause 'overlap' when
    the box is not in the picture or has no depth.
    """
    x, y, width, height = box
    rows, columns = prediction.shape
    if not (x >= 0 and y >= 0 and x + width <= columns and y + height <= rows
            and min(width, height) > 0):
        raise FrameError(f'expected pixels within the picture of {columns}x{rows}, got x {x} to '
                         f'{x + width - 1}, y {y} to {y + height - 1}', 'overlap')
    part = prediction[y:y + height, x:x + width]
    known = part[(part > 0) & np.isfinite(part)]
    if not known.size:
        raise FrameError(f'the model has no depth at x {x}, y {y}', 'overlap')
    ray = 1.0
    if K is not None:
        middle = np.array([x + (width - 1) / 2, y + (height - 1) / 2, 1.0])
        ray = float(np.linalg.norm(np.linalg.inv(K) @ middle))
    return math.log(metres) - math.log(float(np.median(known)) * ray)
