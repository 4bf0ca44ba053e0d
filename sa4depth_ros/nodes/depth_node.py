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

from pathlib import Path
import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from sa4depth_ros.nodes.arrival import Arrival
from sa4depth_ros.nodes.camera import Camera
from sa4depth_ros.nodes.declared_parameters import names_of, unused_qos_overrides
from sa4depth_ros.nodes.depth_worker import DepthWorker
from sa4depth_ros.nodes.engine_log import EngineLog
from sa4depth_ros.nodes.parameters import NodeParameters
from sa4depth_ros.nodes.pose_parameters import PoseParameters
from sa4depth_ros.nodes.run_node import reported, run_node
from sa4depth_ros.nodes.worker_node import WorkerNode
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sa4depth_ros.runtime.depth_estimator import DepthEstimator


class DepthNode(WorkerNode):
    """
    Wires cameras, parameters, worker and diagnostics together; the work is done elsewhere.

    The model is loaded on configure and the cameras are listened to while active.
    """

    def __init__(
        self, name: str = 'depth_node', *, is_alone: bool = True, **options: Any,
    ) -> None:
        """
        Declare the parameters; ConfigError when one is impossible.

        Another node of the process, if it is not alone, warns of what no node needs.
        """
        super().__init__(name, **options)
        self._is_alone = is_alone
        self._parameter_values = NodeParameters(self, names_of(PoseParameters))
        self.cameras = [Camera(self, camera, self._parameter_values)
                        for camera in self._parameter_values.current.cameras]
        self._engine_log = EngineLog(self.get_logger(), self.context.ok)
        self._estimator: DepthEstimator | None = None
        self._worker: DepthWorker | None = None
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Not the node's clock, which stands still while a simulation pauses.
        self.create_timer(1.0, self._report, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def model(self) -> Path:
        """Give the model file that it loads when configured."""
        given = self._parameter_values.current.model
        return Path(given).expanduser() if given else share_path(DEFAULT_MODEL)

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
        self._estimator = DepthEstimator(
            self.model, backend=given.backend, options=self._engine_log.options(given),
            output_size=given.output_size, rectify=given.rectify)
        self._engine_log.note(self._estimator.engine)
        for camera in self.cameras:
            camera.offer()
        card = self._estimator.card
        self.get_logger().info(
            f"model '{card.name}' on {self._estimator.engine.name}, unit {card.unit}")
        return super().on_configure(state)

    @reported
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Listen to the cameras."""
        estimator = self._estimator
        assert estimator is not None
        self._stop()
        self._worker = DepthWorker(
            estimator=estimator, streams=[camera.new_stream() for camera in self.cameras],
            running=self.context.ok, served=lambda: self._engine_log.note(estimator.engine))
        result = super().on_activate(state)
        for camera in self.cameras:
            camera.listen(self._put)
            camera.scale.start(estimator, self.model)
            self.get_logger().info(f"active: images from '{camera.image_topic}', calibration from "
                                   f"'{camera.info_topic}'")
        for line in unused_qos_overrides(self) if self._is_alone else ():
            self.get_logger().warning(line)
        return result

    def close(self) -> None:
        """Stop the worker and free outputs and model; harmless when there are none."""
        self._stop()
        for camera in self.cameras:
            camera.close()
        if self._estimator is not None:
            self._estimator.close()
        self._estimator = None

    def _stop(self) -> None:
        for camera in self.cameras:
            camera.leave()
        if self._worker is not None and not self._worker.stop():
            self.get_logger().error('the engine does not come back from its last frame')
        self._worker = None

    def _put(self, arrival: Arrival, camera: str) -> None:
        if self._worker is not None:
            self._worker.put(arrival, camera)

    def _report(self) -> None:
        lifecycle = self._state_machine.current_state[1]
        facts = self._facts()
        for camera in self.cameras:
            camera.scale.look()
        report = DiagnosticArray(status=[
            camera.status(lifecycle, self._estimator, facts) for camera in self.cameras])
        report.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(report)

    def _facts(self) -> dict[str, str]:
        if self._estimator is None:
            return {}
        card = self._estimator.card
        return {'model': f'{card.name} {card.version}', 'licence': card.licence,
                'backend': self._estimator.engine.name}


def main(args: list[str] | None = None) -> int:
    """Run the node until it is interrupted; 0 then, 2 when it cannot start."""
    return run_node(DepthNode, args)


if __name__ == '__main__':
    sys.exit(main())
