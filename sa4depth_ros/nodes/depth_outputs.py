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

"""The topics that the depth node publishes, each filled only for those who listen."""

from typing import Any

from rclpy.lifecycle import LifecycleNode
from sa4depth_ros.nodes.message_buffers import camera_info_message, CloudBuffer, ImageBuffer
from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.nodes.qos import output_events, output_qos, overridable, override_errors
from sa4depth_ros.runtime.colorize import color_limits, colorize
from sa4depth_ros.runtime.depth_encoding import to_millimetres
from sa4depth_ros.runtime.depth_estimator import DepthFrame
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header

# In the order of publishing: depth with its camera_info first, for people last.
_TOPICS = {
    'depth/image': Image, 'depth/camera_info': CameraInfo, 'points': PointCloud2,
    'depth/image_raw': Image, 'depth/color': Image}
_NEEDS_CAMERA = frozenset({'depth/camera_info', 'points'})


def color_range(frame: DepthFrame, parameters: DepthParameters) -> tuple[float, float]:
    """Give the depths at the ends of the colours: fixed in metres, else those of the frame."""
    if frame.unit == 'm':
        return parameters.min_depth, parameters.color_max_depth
    return color_limits([frame.depth[::4, ::4]])


class DepthOutputs:
    """Publishers of one camera's depth and the messages that they send."""

    def __init__(self, node: LifecycleNode, prefix: str = '') -> None:
        """Offer the topics, each with ``prefix`` before its name."""
        self._node = node
        self._prefix = prefix
        self._publishers = {name: self._publisher(name) for name in _TOPICS}
        self._depth = ImageBuffer('32FC1')
        self._millimetres = ImageBuffer('16UC1')
        self._colors = ImageBuffer('rgb8')
        self._cloud = CloudBuffer()

    def _publisher(self, name: str) -> Any:
        topic = self._node.resolve_topic_name(self._prefix + name)
        with override_errors(topic):
            return self._node.create_lifecycle_publisher(
                _TOPICS[name], self._prefix + name, output_qos(),
                qos_overriding_options=overridable(),
                event_callbacks=output_events(topic, self._node.get_logger().warning))

    def wanted(self, calibrated: bool = True) -> frozenset[str]:
        """Name the topics that have subscribers and can be made with what is known."""
        return frozenset(
            name for name, publisher in self._publishers.items()
            if publisher.get_subscription_count() > 0
            and (calibrated or name not in _NEEDS_CAMERA))

    def publish(
        self, wanted: frozenset[str], header: Header, frame: DepthFrame,
        parameters: DepthParameters,
    ) -> None:
        """Send ``frame`` to the ``wanted`` topics under ``header``."""
        for name, publisher in self._publishers.items():
            if name in wanted:
                publisher.publish(self._message(name, header, frame, parameters))

    def _message(
        self, name: str, header: Header, frame: DepthFrame, parameters: DepthParameters,
    ) -> Any:
        match name:
            case 'depth/image':
                return self._depth.fill(header, frame.depth)
            case 'depth/camera_info':
                return camera_info_message(header, frame)
            case 'points':
                return self._cloud.fill(header, frame, parameters.cloud_stride)
            case 'depth/image_raw':
                return self._millimetres.fill(header, to_millimetres(frame.depth))
            case _:
                return self._colors.fill(
                    header, colorize(frame.depth, *color_range(frame, parameters)))

    def close(self) -> None:
        """Take the topics back."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers = {}
