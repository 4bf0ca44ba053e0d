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

"""From the motion of a body to messages."""

from typing import Any

from geometry_msgs.msg import Pose, PoseStamped, Transform, TransformStamped
from nav_msgs.msg import Odometry
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.body_frame import BodyMotion, quaternion
from std_msgs.msg import Header


def odometry_message(header: Header, child_frame: str, motion: BodyMotion) -> Odometry:
    """Give the nav_msgs/Odometry; ``header`` has the stamp and the odom frame."""
    message = Odometry(header=header, child_frame_id=child_frame)
    message.pose.pose = pose_message(motion.T_child2odom)
    message.pose.covariance = motion.pose_covariance.ravel()
    linear, angular = message.twist.twist.linear, message.twist.twist.angular
    linear.x, linear.y, linear.z, angular.x, angular.y, angular.z = motion.twist.tolist()
    message.twist.covariance = motion.twist_covariance.ravel()
    return message


def pose_stamped(header: Header, motion: BodyMotion) -> PoseStamped:
    """Give one pose of a path."""
    return PoseStamped(header=header, pose=pose_message(motion.T_child2odom))


def transform_message(header: Header, child_frame: str, motion: BodyMotion) -> TransformStamped:
    """Give the transform of the child in the odom frame of ``header``."""
    transform = Transform()
    _fill(transform.translation, transform.rotation, motion.T_child2odom)
    return TransformStamped(header=header, child_frame_id=child_frame, transform=transform)


def pose_message(T: NDArray[np.float64]) -> Pose:
    """Give a rigid motion (4, 4) as a pose."""
    pose = Pose()
    _fill(pose.position, pose.orientation, T)
    return pose


def _fill(position: Any, rotation: Any, T: NDArray[np.float64]) -> None:
    position.x, position.y, position.z = T[:3, 3].tolist()
    rotation.x, rotation.y, rotation.z, rotation.w = quaternion(T[:3, :3]).tolist()
