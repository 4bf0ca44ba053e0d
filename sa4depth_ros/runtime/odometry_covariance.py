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

"""How uncertain a pose is that was put together from alignments."""

import numpy as np
from sa4depth_ros.runtime.motion_engines import Alignment
from sa4depth_ros.runtime.rigid_motion import cross_matrix, Matrix

# Residuals of neighbouring pixels go together, and measured depth has errors that they do not
# show. With this factor squared errors are about what the covariance says on hololens_walk and
# tum_fr3_structure, real depth cameras; with exact depth they are a fortieth of it (the columns
# NEES of benchmarks/odometry.py).
_CORRELATED = 120.0
# Relative error of the scale of predicted depth, from one keyframe to the next.
_PREDICTED = 0.05
# What may have happened in a second without tracking, units (metres) and radians.
_SPEED = 1.0
# Standard deviations, of translation over depth and of rotation in radians, beyond which an
# alignment tells nothing.
_LOOSE = (0.2, 0.1)
# No alignment is better than this, squared metres (or units of depth) and radians.
_LEAST = np.diag([1e-8] * 3 + [1e-8] * 3)
_MOST = 1e4


def motion_covariance(found: Alignment, *, is_predicted: bool) -> Matrix:
    """
    Give the covariance (6, 6) of the left twist [v, w] of an alignment.

    The inverse of its information, times the variance of its residuals, times what these do not
    tell. Bounded, also where a direction is not determined at all.
    """
    information = found.information / max(_CORRELATED * found.variance, 1e-12)
    values, vectors = np.linalg.eigh((information + information.T) / 2)
    covariance = (vectors / np.maximum(values, 1 / _MOST)) @ vectors.T + _LEAST
    if is_predicted:
        moved = np.zeros(6)
        moved[:3] = _PREDICTED * found.T_target2source[:3, 3]
        covariance += np.outer(moved, moved)
    return covariance


def is_determined(found: Alignment, depth: float) -> bool:
    """Tell whether an alignment at scenes of ``depth`` holds the camera in every direction."""
    numbers = (found.information, found.T_target2source, found.variance)
    if not all(np.isfinite(values).all() for values in numbers):
        return False
    variances = np.diag(motion_covariance(found, is_predicted=False))
    return bool(variances[:3].max() < (_LOOSE[0] * depth) ** 2
                and variances[3:].max() < _LOOSE[1] ** 2)


def of_scale(metres: Matrix, sigma: float) -> Matrix:
    """
    Give what a scale that is wrong everywhere alike adds to a covariance (6, 6).

    ``metres`` (3,) is a way or a velocity as that scale has it, ``sigma`` the relative standard
    deviation of the scale.
    """
    share = np.zeros(6)
    share[:3] = sigma * metres
    return np.outer(share, share)


def while_lost(covariance: Matrix, seconds: float) -> Matrix:
    """Give what becomes of the covariance (6, 6) of a pose ``seconds`` after tracking ended."""
    return covariance + min((_SPEED * max(seconds, 0.0)) ** 2, _MOST) * np.eye(6)


def composed(keyframe: Matrix, arm: Matrix, R_camera2odom: Matrix, motion: Matrix) -> Matrix:
    """
    Give the covariance (6, 6) of a pose, [position, rotation] about the axes of odom.

    ``keyframe`` (6, 6) is that of its keyframe, in the same axes; ``arm`` (3,) goes from the
    keyframe to the pose; ``motion`` (6, 6) is that of the motion between them, in the axes of
    the camera, which ``R_camera2odom`` (3, 3) turns.
    """
    lever = np.eye(6)
    lever[:3, 3:] = -cross_matrix(arm)
    turn = np.kron(np.eye(2), R_camera2odom)
    result = lever @ keyframe @ lever.T + turn @ motion @ turn.T
    return np.asarray((result + result.T) / 2)
