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

"""Frames for the pose node from topics: images, and depth of the same stamps."""

from collections.abc import Callable
from functools import partial
from time import monotonic, perf_counter
from typing import Any

from rclpy.node import Node
from sa4depth_ros.errors import FrameError
from sa4depth_ros.nodes.arrival import Arrival
from sa4depth_ros.nodes.calibrations import Calibrations
from sa4depth_ros.nodes.conversions import (
    compressed_to_rgb, image_to_rgb, message_to_depth, nanoseconds)
from sa4depth_ros.nodes.pose_frame import PoseFrame
from sa4depth_ros.nodes.pose_parameters import PoseParameters
from sa4depth_ros.nodes.qos import input_events, input_qos, overridable, override_errors
from sa4depth_ros.nodes.stamp_pairs import StampPairs
from sa4depth_ros.nodes.topics import camera_info_topic, depth_topic, image_topic, input_hint
from sa4depth_ros.runtime.odometry_types import OdometryInput
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

_IMAGE, _DEPTH = 0, 1
_NAMES = ('image', 'depth')
# Seconds without a message after which a stream has stopped.
_SILENT = 2.0


class TopicDepth:
    """Subscribes to one camera and its depth, and pairs them by stamp."""

    def __init__(self, node: Node, parameters: Callable[[], PoseParameters]) -> None:
        given = parameters()
        prefix = f'{given.camera}/' if given.camera else ''
        self._node = node
        self._parameters = parameters
        image = image_topic(node, given.image_transport, prefix)
        depth = depth_topic(node, given.depth_transport, prefix)
        self._topics = (image, depth)
        self._info_topics = (camera_info_topic(node, image, prefix),
                             camera_info_topic(node, depth, f'{prefix}depth/'))
        self._calibrations = (Calibrations(), Calibrations())
        self._pairs: StampPairs[Arrival] = StampPairs(lambda: parameters().sync_tolerance)
        self._put: Callable[[PoseFrame], None] | None = None
        self._inputs: list[Any] = []
        self._counts = [0, 0]
        self._last = [float('-inf')] * 2
        self._frames = ['', '']

    def listen(self, put: Callable[[PoseFrame], None]) -> None:
        """Hand frames to ``put``; ConfigError when the QoS cannot be."""
        self._put = put
        given = self._parameters()
        kinds = (CompressedImage if given.image_transport == 'compressed' else Image,
                 CompressedImage if given.depth_transport == 'compressedDepth' else Image)
        for side in (_IMAGE, _DEPTH):
            self._subscribe(kinds[side], self._topics[side], partial(self._arrived, side))
            self._subscribe(CameraInfo, self._info_topics[side], self._calibrations[side].put)

    def leave(self) -> None:
        """Unsubscribe; harmless when there is nothing to leave."""
        for subscription in self._inputs:
            self._node.destroy_subscription(subscription)
        self._inputs = []
        self._put = None

    @property
    def facts(self) -> dict[str, str]:
        """Tell the topics and what came on them."""
        return {
            'image_topic': self._topics[_IMAGE], 'depth_topic': self._topics[_DEPTH],
            'camera_info_topic': self._info_topics[_IMAGE],
            'depth_camera_info_topic': self._info_topics[_DEPTH],
            'images_in': str(self._counts[_IMAGE]), 'depths_in': str(self._counts[_DEPTH]),
            'camera': self._calibrations[_IMAGE].state}

    def silence(self) -> str:
        """Say why no frame comes, as far as can be seen."""
        silent = [side for side in (_IMAGE, _DEPTH) if monotonic() - self._last[side] > _SILENT]
        if silent:
            return '; '.join(
                f"no {_NAMES[side]} arrives on '{self._topics[side]}'"
                f'{input_hint(self._node, self._topics[side], side == _DEPTH)}' for side in silent)
        gap = self._pairs.gap()
        nearest = f'the nearest are {1e3 * gap:.1f} ms apart' if gap is not None else 'none waits'
        return (f'the stamps of images and depth never match: {nearest}, sync_tolerance is '
                f'{1e3 * self._parameters().sync_tolerance:.1f} ms')

    def remark(self) -> str:
        """Say what is odd about depth that comes, '' when nothing is."""
        image, depth = self._frames
        if image and depth and image != depth:
            return (f"depth is of frame '{depth}', images of '{image}': if that is another place, "
                    'take depth that is registered to the image')
        return ''

    def _arrived(self, side: int, message: Any) -> None:
        now = self._node.get_clock().now().nanoseconds
        arrival = Arrival(message, now, perf_counter())
        self._counts[side] += 1
        self._last[side] = monotonic()
        self._frames[side] = message.header.frame_id
        pair = self._pairs.put(
            side, nanoseconds(message.header.stamp), arrival, len(message.data))
        if pair is not None and self._put is not None:
            image, depth = pair
            self._put(PoseFrame(image.message.header, arrival, lambda: self._read(image, depth)))

    def _read(self, image: Arrival, depth: Arrival) -> OdometryInput:
        given = self._parameters()
        compressed = given.image_transport == 'compressed'
        rgb = (compressed_to_rgb if compressed else image_to_rgb)(image.message)
        camera = self._calibrations[_IMAGE].camera_for(rgb.shape[1], rgb.shape[0])
        if camera is None:
            raise FrameError(
                f"odometry needs the calibration of the camera on '{self._info_topics[_IMAGE]}': "
                f'{self._calibrations[_IMAGE].state}', 'uncalibrated')
        values = message_to_depth(depth.message)
        return OdometryInput(
            rgb=rgb, camera=camera if given.rectify else camera.as_rectified(), depth=values,
            depth_camera=self._calibrations[_DEPTH].camera_for(values.shape[1], values.shape[0]),
            unit=given.depth_unit, is_predicted=given.depth_predicted,
            seconds=1e-9 * nanoseconds(image.message.header.stamp))

    def _subscribe(self, kind: type, topic: str, callback: Callable[[Any], None]) -> None:
        with override_errors(topic):
            self._inputs.append(self._node.create_subscription(
                kind, topic, callback, input_qos(), qos_overriding_options=overridable(),
                event_callbacks=input_events(topic, self._node.get_logger().warning)))
