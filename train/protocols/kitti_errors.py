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

"""The errors of KITTI's odometry benchmark, t_err and r_err."""

import math

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError
from sa4depth_train.trajectory import KITTI_SEGMENTS, Poses, step_lengths

# The benchmark starts a segment at every tenth frame: one a second.
_STEP = 10


def kitti_errors(estimated: Poses, truth: Poses) -> dict[str, float]:
    """
    Give ``t_err`` [percent] and ``r_err`` [degrees per 100 m] of a path (N, 4, 4) as KITTI does.

    Poses are T_camera2world in metres; worlds may differ. Segments of 100, 200 ... 800 m of the
    *true* path begin at every tenth frame and end with the first frame beyond their length; the
    errors of their motions, divided by that length, are averaged over all. Unlike
    ``drift`` of trajectory_metrics, which starts at every frame. ``segments`` is their number;
    errors are NaN without any. Raises ConfigError for paths of different length.
    """
    if estimated.shape != truth.shape or truth.shape[1:] != (4, 4):
        raise ConfigError(f'expected two paths of one shape (N, 4, 4), got {estimated.shape} and '
                          f'{truth.shape}; give one pose per frame in both')
    first, last, length = _segments(truth)
    if not first.size:
        return {'t_err': math.nan, 'r_err': math.nan, 'segments': 0.0}
    error = _inverse(_motion(estimated, first, last)) @ _motion(truth, first, last)
    distances = np.linalg.norm(error[:, :3, 3], axis=1)
    cosines = np.clip((np.trace(error[:, :3, :3], axis1=1, axis2=2) - 1) / 2, -1, 1)
    return {'t_err': float(np.mean(distances / length)) * 100,
            'r_err': float(np.degrees(np.mean(np.arccos(cosines) / length))) * 100,
            'segments': float(first.size)}


def _segments(
    truth: Poses,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Give the first and the last frame of every segment, and its nominal length [m]."""
    travelled = np.concatenate([[0.0], np.cumsum(step_lengths(truth))])
    first, length = (grid.reshape(-1) for grid in np.meshgrid(
        np.arange(0, len(truth), _STEP), KITTI_SEGMENTS, indexing='ij'))
    last = np.searchsorted(travelled, travelled[first] + length, side='right')
    complete = last < len(truth)
    return first[complete], last[complete], length[complete]


def _motion(poses: Poses, first: NDArray[np.int64], last: NDArray[np.int64]) -> Poses:
    return _inverse(poses[first]) @ poses[last]


def _inverse(poses: Poses) -> Poses:
    return np.linalg.inv(poses)
