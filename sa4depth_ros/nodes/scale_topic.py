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

"""A topic that tells metres: its messages by their stamps, decoded only where they are needed."""

from collections.abc import Callable
import struct
from typing import Any

from nav_msgs.msg import Odometry
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.nodes.conversions import message_to_depth
from sa4depth_ros.nodes.qos import input_qos
from sa4depth_ros.runtime.cloud_points import unpack_points
from sa4depth_ros.runtime.scale_frame import Measured, Pose
from sa4depth_ros.runtime.stamped_buffer import StampedBuffer
from sensor_msgs.msg import CompressedImage, Image, PointCloud2

_COMPRESSED = ('/compressed', '/compressedDepth')
# Images and clouds are large; odometry is fast.
_MOST = {'depth': 10, 'lidar': 10, 'odometry': 400}
_WAITING = {'depth': 1, 'lidar': 1, 'odometry': 20}
# A serialised message begins with four bytes that tell the byte order; then comes the stamp.
_STAMP = {1: struct.Struct('<iI'), 0: struct.Struct('>iI')}
_STAMP_OFFSET = 4


class ScaleTopic:
    """
    Listens to a reference of the scale; ``buffer`` has what decodes a message, by stamp.

    Messages come serialised: most are never looked at, and reading a stamp takes a microsecond.
    """

    def __init__(self, node: Node, kind: str, topic: str) -> None:
        """Subscribe to ``topic`` for a reference of ``kind``; ConfigError for no topic's name."""
        self._node = node
        self.buffer: StampedBuffer[Callable[[], Any]] = StampedBuffer(_MOST[kind])
        self._type = message_type(kind, topic)
        self._decode = {'depth': _depth, 'lidar': _points, 'odometry': _pose}[kind]
        try:
            self._subscription = node.create_subscription(
                self._type, topic, self._put, _qos(_WAITING[kind]), raw=True)
        except Exception as error:
            # rclpy has a class of its own for each way in which a name can be wrong.
            raise ConfigError(f"cannot listen to '{topic}' (scale_reference_topic): "
                              f'{error}') from error

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _put(self, raw: bytes) -> None:
        seconds, nanoseconds = _STAMP[raw[1] & 1].unpack_from(raw, _STAMP_OFFSET)
        self.buffer.put(seconds * 1_000_000_000 + nanoseconds,
                        lambda: self._decode(deserialize_message(raw, self._type)))


def message_type(kind: str, topic: str) -> Any:
    """Give the type of the messages of a reference of ``kind``."""
    if kind == 'depth':
        return CompressedImage if topic.endswith(_COMPRESSED) else Image
    return {'lidar': PointCloud2, 'odometry': Odometry}[kind]


def _qos(waiting: int) -> QoSProfile:
    profile = input_qos()
    profile.depth = waiting
    return profile


def _depth(message: Any) -> Measured:
    return Measured(message_to_depth(message), str(message.header.frame_id))


def _points(message: PointCloud2) -> Measured:
    fields = {field.name: (field.offset, field.datatype) for field in message.fields}
    points = unpack_points(
        message.data, fields, width=message.width, height=message.height,
        point_step=message.point_step, row_step=message.row_step,
        is_bigendian=bool(message.is_bigendian))
    return Measured(points, str(message.header.frame_id))


def _pose(message: Odometry) -> Pose:
    q, p = message.pose.pose.orientation, message.pose.pose.position
    return Pose(np.array([q.x, q.y, q.z, q.w]), np.array([p.x, p.y, p.z]),
                str(message.child_frame_id))
