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

"""A bench around a pose node."""

from array import array
from collections.abc import Callable
import os
from pathlib import Path
from typing import Any

from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import Odometry, Path as PathMessage
from node_bench import Bench, image_of, info_of
import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_srvs.srv import Trigger

PROGRAM = os.environ.get('POSE_PROGRAM_PREFIX', '').split() + [
    str(Path(__file__).parent / 'nodes' / 'grey_odometry.py')]
OPTICAL = 'camera_optical'


class PoseBench(Bench):
    """Feeds images and depth, and hears odometry."""

    NODE = 'pose_node'
    TITLE = 'odometry'

    def __init__(self, *args: Any, flags: tuple[str, ...] = (), **options: Any) -> None:
        options.setdefault('program', (*PROGRAM, *flags))
        super().__init__(*args, **options)
        self._depths = self.node.create_publisher(Image, 'depth/image', 1)
        self._depth_infos = self.node.create_publisher(CameraInfo, 'depth/camera_info', 1)
        self.odom = self.inbox('odom', Odometry)

    def path(self) -> Any:
        return self.inbox('path', PathMessage)

    def feed(
        self, grey: int = 100, *, image: Any = None, info: Any = None, depth: Any = None,
        stamp: int | None = None, depth_stamp: int | None = None,
    ) -> int:
        """Send an image, its camera_info and depth, all of one stamp unless told otherwise."""
        stamp = self.send(image or image_of(grey), info or info_of(), stamp)
        if depth is not False:
            self.send_depth(depth or depth_of(), stamp if depth_stamp is None else depth_stamp)
        return stamp

    def send_depth(self, depth: Any, stamp: int, frame: str = OPTICAL) -> None:
        depth.header.stamp = Time(sec=stamp // 10**9, nanosec=stamp % 10**9)
        depth.header.frame_id = frame
        self._depths.publish(depth)

    def odometry(
        self, accept: Callable[[Any], bool] = lambda message: True, **frame: Any,
    ) -> Any:
        """Feed the frame ever again until an odometry of it comes that ``accept`` takes."""
        stamps: set[int] = set()

        def answer() -> Any:
            found = [m for m in self.odom.with_stamps(stamps) if accept(m)]
            return found[-1] if found else None
        return self.wait(answer, 'odometry', lambda: stamps.add(self.feed(**frame)))

    def reset(self) -> Any:
        return self.call(Trigger, 'reset', Trigger.Request())

    def await_value(self, key: str, value: str, also: Any = None) -> Any:
        """Wait for a status in which ``key`` has ``value``."""
        return self.await_status(
            lambda s: any(v.key == key and v.value == value for v in s.values),
            f'{key}: {value}', also)


def depth_of(metres: float = 2.0, width: int = 128, height: int = 96) -> Image:
    """Make a 32FC1 depth image of one distance."""
    message = Image(width=width, height=height, encoding='32FC1', step=4 * width)
    message.data = array('B', np.full((height, width), metres, '<f4').tobytes())
    return message


def transform(parent: str, child: str, translation: Any, quaternion: Any) -> TransformStamped:
    """Make a transform of ``child`` in ``parent``; the quaternion is x, y, z, w."""
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    t, q = message.transform.translation, message.transform.rotation
    t.x, t.y, t.z = translation
    q.x, q.y, q.z, q.w = quaternion
    return message


def position(message: Any) -> list[float]:
    p = message.pose.pose.position
    return [p.x, p.y, p.z]


def numbers(message: Any) -> np.ndarray:
    """Give every number of an Odometry."""
    pose, twist = message.pose.pose, message.twist.twist
    parts = [getattr(part, name) for part in (pose.position, pose.orientation, twist.linear,
                                              twist.angular)
             for name in ('x', 'y', 'z', 'w') if hasattr(part, name)]
    return np.array([*parts, *message.pose.covariance, *message.twist.covariance])
