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

"""Frames for the pose node from the depth node in the same process, without a copy."""

from collections.abc import Callable

from sa4depth_ros.errors import ConfigError, FrameError
from sa4depth_ros.nodes.camera import Camera
from sa4depth_ros.nodes.conversions import nanoseconds
from sa4depth_ros.nodes.depth_listener import SeenDepth
from sa4depth_ros.nodes.depth_node import DepthNode
from sa4depth_ros.nodes.pose_frame import PoseFrame
from sa4depth_ros.runtime.odometry_types import OdometryInput


class HandedDepth:
    """Listens to one camera of a depth node; depth is then made whoever else wants it or not."""

    def __init__(self, node: DepthNode, camera: str) -> None:
        """Follow ``camera``, '' for the first; ConfigError when the node has none of that name."""
        self._node = node
        self._camera = _chosen(node.cameras, camera)
        self._put: Callable[[PoseFrame], None] | None = None

    def listen(self, put: Callable[[PoseFrame], None]) -> None:
        """Hand frames to ``put``, in the thread that made their depth."""
        self._put = put
        if self not in self._camera.listeners:
            self._camera.listeners.append(self)

    def leave(self) -> None:
        """Hand in no more; harmless when there is nothing to leave."""
        self._put = None
        if self in self._camera.listeners:
            self._camera.listeners.remove(self)

    def needs_depth(self) -> bool:
        """Tell that depth is wanted."""
        return self._put is not None

    def put(self, seen: SeenDepth) -> None:
        """Take what the depth node has made."""
        put, arrival = self._put, seen.arrival
        if put is not None and arrival is not None:
            put(PoseFrame(seen.header, arrival, lambda: _read(seen)))

    @property
    def facts(self) -> dict[str, str]:
        """Tell where frames come from."""
        return {'image_topic': self._camera.image_topic,
                'camera_info_topic': self._camera.info_topic,
                'depth_topic': f'{self._node.get_fully_qualified_name()} in this process'}

    def silence(self) -> str:
        """Say who knows why no frame comes."""
        name = f'{self._node.get_fully_qualified_name()}: depth {self._camera.name}'.rstrip()
        return f"no depth comes from the depth node in this process; see the status '{name}'"

    def remark(self) -> str:
        """Find nothing odd: image and depth are of one frame."""
        return ''


def _read(seen: SeenDepth) -> OdometryInput:
    if seen.camera is None:
        raise FrameError('odometry needs the calibration of the camera, and there is none; '
                         'publish camera_info with the images', 'uncalibrated')
    return OdometryInput(
        rgb=seen.rgb, camera=seen.camera, depth=seen.frame.depth, depth_camera=None,
        unit=seen.frame.unit, is_predicted=True,
        seconds=1e-9 * nanoseconds(seen.header.stamp))


def _chosen(cameras: list[Camera], name: str) -> Camera:
    for camera in cameras:
        if name in (camera.name, ''):
            return camera
    known = ', '.join(camera.name for camera in cameras)
    raise ConfigError(f"expected 'camera' to be one of the depth node's cameras ({known}), "
                      f"got '{name}'")
