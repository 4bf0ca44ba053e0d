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

"""One camera on the node's side: its topics, and its health."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode
from sa4depth_ros.nodes.arrival import Arrival
from sa4depth_ros.nodes.calibrations import Calibrations
from sa4depth_ros.nodes.camera_scale import CameraScale
from sa4depth_ros.nodes.camera_stream import CameraStream
from sa4depth_ros.nodes.conversions import compressed_to_rgb, image_to_rgb
from sa4depth_ros.nodes.depth_listener import DepthListener
from sa4depth_ros.nodes.depth_outputs import DepthOutputs
from sa4depth_ros.nodes.diagnostics import health_status, NodeState
from sa4depth_ros.nodes.parameters import NodeParameters
from sa4depth_ros.nodes.qos import input_events, input_qos, overridable, override_errors
from sa4depth_ros.nodes.statistics import FrameStatistics
from sa4depth_ros.nodes.topics import camera_info_topic, image_topic, input_hint
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

Put = Callable[[Arrival, str], None]


class Camera:
    """
    Subscriptions, publishers and figures of one camera.

    Its topics lie below its name; the only camera of a node has none.
    """

    def __init__(self, node: LifecycleNode, name: str, parameters: NodeParameters) -> None:
        self._node = node
        self.name = name
        self._prefix = f'{name}/' if name else ''
        self._parameters = parameters
        self._transport = parameters.current.image_transport
        self.image_topic = image_topic(node, self._transport, self._prefix)
        self.info_topic = camera_info_topic(node, self.image_topic, self._prefix)
        self._calibrations = Calibrations()
        self._statistics = FrameStatistics()
        self._outputs: DepthOutputs | None = None
        self._stream: CameraStream | None = None
        self._inputs: list[Any] = []
        # Parts of this process that get the depth without messages.
        self.listeners: list[DepthListener] = []
        self.scale = CameraScale(node, name, parameters, self.listeners)

    def offer(self) -> None:
        """Create the publishers; ConfigError when their QoS cannot be."""
        self._outputs = DepthOutputs(self._node, self._prefix)

    def new_stream(self) -> CameraStream:
        """Count anew, and give what the worker needs."""
        assert self._outputs is not None
        self._statistics = FrameStatistics()
        self._stream = CameraStream(
            self.name, outputs=self._outputs, calibrations=self._calibrations,
            statistics=self._statistics,
            decode=compressed_to_rgb if self._transport == 'compressed' else image_to_rgb,
            parameters=lambda: self._parameters.current,
            scale=lambda: self._parameters.scale_of(self.name), logger=self._node.get_logger(),
            listeners=self.listeners)
        return self._stream

    def listen(self, put: Put) -> None:
        """Subscribe, and hand images to ``put``; ConfigError when the QoS cannot be."""
        def arrived(message: Any) -> None:
            # Nothing else belongs here: what takes time would delay newer images.
            now = self._node.get_clock().now().nanoseconds
            put(Arrival(message, now, perf_counter()), self.name)
        kind = CompressedImage if self._transport == 'compressed' else Image
        self._subscribe(kind, self.image_topic, arrived)
        self._subscribe(CameraInfo, self.info_topic, self._calibrations.put)

    def leave(self) -> None:
        """Unsubscribe; harmless when there is nothing to leave."""
        self.scale.stop()
        for subscription in self._inputs:
            self._node.destroy_subscription(subscription)
        self._inputs = []
        self._stream = None

    def close(self) -> None:
        """Take the publishers back."""
        if self._outputs is not None:
            self._outputs.close()
        self._outputs = None

    def status(
        self, lifecycle: str, estimator: DepthEstimator | None, facts: Mapping[str, str],
    ) -> DiagnosticStatus:
        """Say how it goes; ``facts`` are those of the model that all cameras share."""
        listens = bool(self._inputs)
        topics = {'image_topic': self.image_topic, 'camera_info_topic': self.info_topic}
        outputs = sorted(self._outputs.wanted()) if self._outputs is not None else []
        state = NodeState(
            lifecycle=lifecycle, image_topic=self.image_topic,
            input_hint=input_hint(self._node, self.image_topic) if listens else '',
            camera=self._calibrations.state, camera_calibrated=self._calibrations.is_calibrated,
            camera_exact=self._calibrations.is_exact, unit=self._unit(estimator),
            remarks=estimator.engine.remarks if estimator is not None else (),
            warnings=self.scale.warnings, facts={
                **topics, **facts, **self.scale.facts,
                'outputs': ' '.join(self._prefix + output for output in outputs)})
        title = f'{self._node.get_fully_qualified_name()}: depth {self.name}'.rstrip()
        return health_status(title, state, self._statistics.snapshot())

    def _unit(self, estimator: DepthEstimator | None) -> str:
        unit = self._stream.unit if self._stream is not None else ''
        return unit or (estimator.card.unit if estimator is not None else '')

    def _subscribe(self, kind: type, topic: str, callback: Callable[[Any], None]) -> None:
        with override_errors(topic):
            self._inputs.append(self._node.create_subscription(
                kind, topic, callback, input_qos(), qos_overriding_options=overridable(),
                event_callbacks=input_events(topic, self._node.get_logger().warning)))
