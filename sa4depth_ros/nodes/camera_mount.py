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

"""Where the camera sits on the body whose motion is told, from tf."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sa4depth_ros.errors import FrameError
from sa4depth_ros.nodes.static_transforms import StaticTransforms
from sa4depth_ros.runtime.body_frame import BodyFrame

_MOVING = '/tf'
# Seconds that static transforms have before the moving ones are listened to as well.
_PATIENCE = 2


class CameraMount:
    """
    Finds the transform between the camera's optical frame and the base frame, if there is one.

    Moving joints (/tf) are listened to only when static transforms do not connect the two, as
    that costs time on a robot with many joints; the newest transform then counts.
    """

    def __init__(self, node: Node, base_frame: str) -> None:
        """Subscribe; without a ``base_frame`` the camera is the body."""
        self._node = node
        self._base = base_frame
        self._transforms = StaticTransforms(node)
        self._moving: Any = None
        self._start: NDArray[np.float64] | None = None
        self._seconds_missed = 0
        self.state = 'not looked up yet'

    def child_frame(self, optical: str) -> str:
        """Name the frame whose motion is told, for images of the frame ``optical``."""
        return self._base or optical

    def body(self, optical: str) -> BodyFrame:
        """Give the frame whose motion is told; FrameError with cause 'transform': not known."""
        if not self._base:
            self.state = 'not needed'
            return BodyFrame.of_camera()
        if not optical:
            raise FrameError('the images have no frame_id, so tf cannot tell where the camera '
                             'is; have the driver set one', 'transform')
        try:
            mount = self._transforms.lookup(self._base, optical)
        except FrameError as error:
            self.state = f"missing: '{optical}' to '{self._base}'"
            raise FrameError(str(error), 'transform') from error
        self.state = 'known' if self._moving is None else 'known, newest of /tf'
        self._start = mount if self._start is None else self._start
        return BodyFrame.of_base(mount, self._start)

    def begin_anew(self) -> None:
        """Let odom be where the base is at the next frame."""
        self._start = None

    def other_parent(self, child: str, odom_frame: str) -> str:
        """Name the frame that tf has above ``child`` already, '' for none or ``odom_frame``."""
        parent = self._transforms.parent_of(child)
        return '' if parent == odom_frame.lstrip('/') else parent

    def look_around(self) -> None:
        """Listen to moving joints, too, when static ones are not enough; once a second."""
        self._seconds_missed += self.state.startswith('missing')
        if (self._seconds_missed > _PATIENCE and self._moving is None
                and self._transforms.is_available):
            from tf2_msgs.msg import TFMessage
            self._moving = self._node.create_subscription(
                TFMessage, _MOVING, self._transforms.put, QoSProfile(depth=100))

    def close(self) -> None:
        """Unsubscribe."""
        self._transforms.close()
        if self._moving is not None:
            self._node.destroy_subscription(self._moving)
        self._moving = None
