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

"""The depth node: camera images in; depth images, camera_info and point cloud out."""

from collections.abc import Callable
from pathlib import Path
import sys
from time import perf_counter
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from sa4depth_ros.nodes.calibrations import Calibrations
from sa4depth_ros.nodes.conversions import compressed_to_rgb, image_to_rgb
from sa4depth_ros.nodes.depth_outputs import DepthOutputs
from sa4depth_ros.nodes.depth_worker import Arrival, DepthWorker
from sa4depth_ros.nodes.diagnostics import health_report, NodeState
from sa4depth_ros.nodes.parameters import NodeParameters, unused_qos_overrides
from sa4depth_ros.nodes.qos import input_events, input_qos, overridable, override_errors
from sa4depth_ros.nodes.run_node import reported, run_node
from sa4depth_ros.nodes.statistics import FrameStatistics
from sa4depth_ros.nodes.topics import camera_info_topic, image_topic, input_hint
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

_SUCCESS = TransitionCallbackReturn.SUCCESS


class DepthNode(LifecycleNode):
    """
    Wires topics, parameters, worker and diagnostics together; the work is done elsewhere.

    The model is loaded on configure and the camera is listened to while active.
    """

    def __init__(self, name: str = 'depth_node', **options: Any) -> None:
        """Declare the parameters; ConfigError when one is impossible."""
        super().__init__(name, **options)
        self._parameter_values = NodeParameters(self)
        self._statistics = FrameStatistics()
        self._calibrations = Calibrations()
        self._estimator: DepthEstimator | None = None
        self._outputs: DepthOutputs | None = None
        self._worker: DepthWorker | None = None
        self._inputs: list[Any] = []
        self._image_topic = image_topic(self, self._parameter_values.current.image_transport)
        self._info_topic = camera_info_topic(self, self._image_topic)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Not the node's clock, which stands still while a simulation pauses.
        self.create_timer(1.0, self._report, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def autostart(self) -> bool:
        """Whether to configure and activate without being asked."""
        return self._parameter_values.current.autostart

    @reported
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and offer the outputs."""
        # A transition that failed half-way may have left something.
        self.close()
        given = self._parameter_values.current
        model = Path(given.model).expanduser() if given.model else share_path(DEFAULT_MODEL)
        self._estimator = DepthEstimator(
            model, backend=given.backend, options=EngineOptions(threads=given.threads),
            output_size=given.output_size, rectify=given.rectify)
        self._outputs = DepthOutputs(self)
        card = self._estimator.card
        self.get_logger().info(
            f"model '{card.name}' on {self._estimator.engine.name}, unit {card.unit}")
        return super().on_configure(state)

    @reported
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Listen to the camera."""
        assert self._estimator is not None and self._outputs is not None
        self._stop()
        compressed = self._parameter_values.current.image_transport == 'compressed'
        self._statistics = FrameStatistics()
        self._worker = DepthWorker(
            estimator=self._estimator, outputs=self._outputs, calibrations=self._calibrations,
            decode=compressed_to_rgb if compressed else image_to_rgb,
            parameters=lambda: self._parameter_values.current, statistics=self._statistics,
            logger=self.get_logger(), running=self.context.ok)
        result = super().on_activate(state)
        self._listen(CompressedImage if compressed else Image, self._image_topic, self._on_image)
        self._listen(CameraInfo, self._info_topic, self._calibrations.put)
        for line in unused_qos_overrides(self):
            self.get_logger().warning(line)
        self.get_logger().info(
            f"active: images from '{self._image_topic}', calibration from '{self._info_topic}'")
        return result

    @reported
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening, let the current frame go out."""
        self._stop()
        return super().on_deactivate(state)

    @reported
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take back the outputs and free the model."""
        self.close()
        return _SUCCESS

    @reported
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything, from any state."""
        self.close()
        return _SUCCESS

    @reported
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall back to unconfigured."""
        self.close()
        return _SUCCESS

    def close(self) -> None:
        """Stop the worker and free outputs and model; harmless when there are none."""
        self._stop()
        if self._outputs is not None:
            self._outputs.close()
        if self._estimator is not None:
            self._estimator.close()
        self._outputs = self._estimator = None

    def _stop(self) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        if self._worker is not None and not self._worker.stop():
            self.get_logger().error('the engine does not come back from its last frame')
        self._worker = None

    def _listen(self, kind: type, topic: str, callback: Callable[[Any], None]) -> None:
        with override_errors(topic):
            self._inputs.append(self.create_subscription(
                kind, topic, callback, input_qos(), qos_overriding_options=overridable(),
                event_callbacks=input_events(topic, self.get_logger().warning)))

    def _on_image(self, message: Any) -> None:
        # Nothing else belongs here: what takes time would delay newer images.
        if self._worker is not None:
            now = self.get_clock().now().nanoseconds
            self._worker.put(Arrival(message, now, perf_counter()))

    def _report(self) -> None:
        lifecycle = self._state_machine.current_state[1]
        active = self._worker is not None
        self._diagnostics.publish(health_report(
            f'{self.get_fully_qualified_name()}: depth', self.get_clock().now().to_msg(),
            NodeState(
                lifecycle=lifecycle, image_topic=self._image_topic,
                input_hint=input_hint(self, self._image_topic) if active else '',
                camera=self._calibrations.state,
                camera_calibrated=self._calibrations.is_calibrated,
                camera_exact=self._calibrations.is_exact, unit=self._unit(),
                facts=self._facts()),
            self._statistics.snapshot()))

    def _unit(self) -> str:
        unit = self._worker.unit if self._worker is not None else ''
        return unit or (self._estimator.card.unit if self._estimator is not None else '')

    def _facts(self) -> dict[str, str]:
        facts = {'image_topic': self._image_topic, 'camera_info_topic': self._info_topic}
        if self._estimator is not None and self._outputs is not None:
            card = self._estimator.card
            facts |= {
                'model': f'{card.name} {card.version}', 'licence': card.licence,
                'backend': self._estimator.engine.name, 'scale_calibrated': str(card.calibrated),
                'outputs': ' '.join(sorted(self._outputs.wanted()))}
        return facts


def main(args: list[str] | None = None) -> int:
    """Run the node until it is interrupted; 0 then, 2 when it cannot start."""
    return run_node(DepthNode, args)


if __name__ == '__main__':
    sys.exit(main())
