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

"""From the motion of a camera's optical frame to that of the robot's base (REP 103, 105)."""

from dataclasses import dataclass, replace

import numpy as np
from sa4depth_ros.runtime.rigid_motion import cross_matrix, inverse, Matrix

OPTICAL_TO_BODY = np.array([
    [0.0, 0.0, 1.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
"""Turns optical axes (x right, y down, z forward) into those of a body (x forward, z up)."""
UNKNOWN = 9999.0
"""The variance that tells robot_localization and others to make nothing of a number."""


@dataclass(frozen=True, eq=False)
class BodyMotion:
    """
    Where the child frame is in odom, and how it moves, as nav_msgs/Odometry has it.

    ``T_child2odom`` (4, 4); ``pose_covariance`` (6, 6) of position and rotation about the axes of
    odom; ``twist`` (6,) [v, w] and ``twist_covariance`` (6, 6) in the axes of the child. Metres,
    radians, seconds.
    """

    T_child2odom: Matrix
    pose_covariance: Matrix
    twist: Matrix
    twist_covariance: Matrix

    @classmethod
    def null(cls) -> 'BodyMotion':
        """Say that nothing is known: the origin, at rest, with UNKNOWN as variances."""
        unknown = UNKNOWN * np.eye(6)
        return cls(np.eye(4), unknown, np.zeros(6), unknown)

    def held(self) -> 'BodyMotion':
        """Keep the pose and say that the twist is not known."""
        return replace(self, twist=np.zeros(6), twist_covariance=UNKNOWN * np.eye(6))

    @property
    def is_finite(self) -> bool:
        """Whether every number is one."""
        return all(bool(np.isfinite(values).all()) for values in (
            self.T_child2odom, self.pose_covariance, self.twist, self.twist_covariance))


class BodyFrame:
    """
    Re-expresses the motion of an optical frame as that of a child frame fixed to it.

    ``T_optical2child`` (4, 4) is where the camera sits now, ``T_start2odom`` (4, 4) where its
    optical frame was in odom at the start.
    """

    def __init__(self, T_optical2child: Matrix, T_start2odom: Matrix) -> None:
        self._T = np.asarray(T_optical2child, dtype=np.float64)
        self._T_start = np.asarray(T_start2odom, dtype=np.float64)

    @classmethod
    def of_camera(cls) -> 'BodyFrame':
        """Let the camera be its own child, in an odom as level as it was at the start."""
        return cls(np.eye(4), OPTICAL_TO_BODY)

    @classmethod
    def of_base(cls, T_optical2base: Matrix, T_optical2base_at_start: Matrix) -> 'BodyFrame':
        """Let the robot's base be the child, in an odom where it stood at the start."""
        return cls(T_optical2base, T_optical2base_at_start)

    def motion(
        self, T_optical2start: Matrix, pose_covariance: Matrix, twist: Matrix,
        twist_covariance: Matrix,
    ) -> BodyMotion:
        """
        Re-express a pose in the optical frame at the start, and a twist in that of now.

        ``pose_covariance`` (6, 6) is of translation and rotation about the axes of that frame,
        ``twist`` (6,) [v, w] and its covariance are in optical axes.
        """
        J_pose, J_twist = self._pose_jacobian(T_optical2start), adjoint(self._T)
        pose = self._T_start @ T_optical2start @ inverse(self._T)
        return BodyMotion(
            pose, _symmetric(J_pose @ pose_covariance @ J_pose.T), J_twist @ twist,
            _symmetric(J_twist @ twist_covariance @ J_twist.T))

    def _pose_jacobian(self, T_optical2start: Matrix) -> Matrix:
        # A turn about the camera moves the child on its lever arm.
        R = self._T_start[:3, :3]
        arm = T_optical2start[:3, :3] @ inverse(self._T)[:3, 3]
        J = np.zeros((6, 6))
        J[:3, :3] = J[3:, 3:] = R
        J[:3, 3:] = -R @ cross_matrix(arm)
        return J


def adjoint(T_a2b: Matrix) -> Matrix:
    """Give the (6, 6) that turns a twist [v, w] of a rigid body at a, in a's axes, into b's."""
    R = T_a2b[:3, :3]
    result = np.zeros((6, 6))
    result[:3, :3] = result[3:, 3:] = R
    result[:3, 3:] = cross_matrix(T_a2b[:3, 3]) @ R
    return result


def quaternion(R: Matrix) -> Matrix:
    """Give the rotation R (3, 3) as x, y, z, w of unit length, with w not negative."""
    # The eigenvector of the largest eigenvalue: exact for rotations, the nearest one otherwise.
    (a, b, c), (d, e, f), (g, h, i) = R
    K = np.array([[a - e - i, b + d, c + g, h - f], [b + d, e - a - i, f + h, c - g],
                  [c + g, f + h, i - a - e, d - b], [h - f, c - g, d - b, a + e + i]])
    q = np.linalg.eigh(K)[1][:, -1]
    return -q if q[3] < 0 else q


def _symmetric(covariance: Matrix) -> Matrix:
    return 0.5 * (covariance + covariance.T)
