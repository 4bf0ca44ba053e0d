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

"""Where sensors and bodies sit on the robot, from /tf_static."""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import (
    QoSDurabilityPolicy, QoSHistoryPolicy, QoSProfile, QoSReliabilityPolicy)
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.transform_tree import TransformTree

Matrix = NDArray[np.float64]

TOPIC = '/tf_static'
_MISSING = ('tf2_msgs is not installed (apt install ros-$ROS_DISTRO-tf2-msgs), so nothing is '
            'known of it')


class StaticTransforms:
    """
    The tree of /tf_static as the node has heard it so far; moving joints are not part of it.

    Without the package tf2_msgs it knows no frame, and says so. Any thread may look up.
    """

    def __init__(self, node: Node) -> None:
        """Subscribe; what was published earlier arrives, too."""
        self._node = node
        self._tree = TransformTree()
        self._lock = threading.Lock()
        self._subscription: Any = None
        self.is_available = True
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError:
            self.is_available = False
            return
        self._subscription = node.create_subscription(TFMessage, TOPIC, self.put, _qos())

    def put(self, message: Any) -> None:
        """Take a tf2_msgs/TFMessage."""
        with self._lock:
            for stamped in message.transforms:
                q, t = stamped.transform.rotation, stamped.transform.translation
                self._tree.add(str(stamped.header.frame_id), str(stamped.child_frame_id),
                               np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))

    def lookup(self, parent: str, child: str) -> Matrix:
        """
        Give T_child2parent (4, 4, metres), the identity for equal frames.

        Raises FrameError with cause 'transform' when no static transform connects the two.
        """
        with self._lock:
            found = self._tree.between(child, parent)
            known = ', '.join(self._tree.frames) or 'none'
        if found is None:
            why = f'which connects: {known}' if self.is_available else f'but {_MISSING}'
            raise FrameError(
                f"expected the static transform between '{child}' and '{parent}' in {TOPIC}, "
                f'{why}. Publish it with static_transform_publisher or robot_state_publisher',
                'transform')
        return found

    def parent_of(self, child: str) -> str:
        """Name the frame that ``child`` was said to sit in; '' when it is not known."""
        with self._lock:
            return self._tree.parent_of(child)

    def close(self) -> None:
        """Unsubscribe; what is known stays known."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription = None


def _qos() -> QoSProfile:
    # As tf2_ros listens.
    return QoSProfile(
        depth=100, history=QoSHistoryPolicy.KEEP_LAST,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
