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

"""Rigid motions (4, 4) and their twists [v, w], in NumPy."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_SMALL = 1e-6


def motion_of(twist: Matrix) -> Matrix:
    """Give the exponential (4, 4) of a twist (6,) [v, w], the whole one of se(3)."""
    v, w = np.asarray(twist[:3], np.float64), np.asarray(twist[3:], np.float64)
    result = np.eye(4)
    result[:3, :3] = cv2.Rodrigues(w)[0]
    result[:3, 3] = _left_jacobian(w) @ v
    return result


def twist_of(T: Matrix) -> Matrix:
    """Give the logarithm (6,) [v, w] of a rigid motion (4, 4)."""
    w = cv2.Rodrigues(np.ascontiguousarray(T[:3, :3]))[0].ravel()
    return np.concatenate((np.linalg.solve(_left_jacobian(w), T[:3, 3]), w))


def rigid(T: Matrix) -> Matrix:
    """Give the rigid motion nearest to ``T`` (4, 4), whose rotation has rounding errors."""
    result = np.eye(4)
    u, _, v = np.linalg.svd(T[:3, :3])
    result[:3, :3], result[:3, 3] = u @ v, T[:3, 3]
    return result


def inverse(T: Matrix) -> Matrix:
    """Invert a rigid motion (4, 4)."""
    result = np.eye(4)
    result[:3, :3] = T[:3, :3].T
    result[:3, 3] = -T[:3, :3].T @ T[:3, 3]
    return result


def cross_matrix(v: Matrix) -> Matrix:
    """Give the (3, 3) whose product with u is the cross product of v (3,) and u."""
    x, y, z = v
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def _left_jacobian(w: Matrix) -> Matrix:
    angle = float(np.linalg.norm(w))
    W = cross_matrix(w)
    if angle < _SMALL:
        return np.eye(3) + W / 2
    return (np.eye(3) + (1 - math.cos(angle)) / angle ** 2 * W
            + (angle - math.sin(angle)) / angle ** 3 * W @ W)
