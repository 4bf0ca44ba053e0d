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

"""The pose node: images with their depth in; odometry, path and tf out."""

from collections.abc import Callable, Sequence
from pathlib import Path
import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from sa4depth_ros.nodes.camera_mount import CameraMount
from sa4depth_ros.nodes.declared_parameters import names_of, unused_qos_overrides
from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.nodes.pose_frame import PoseFrame, PoseInput
from sa4depth_ros.nodes.pose_outputs import PoseOutputs
from sa4depth_ros.nodes.pose_parameters import PoseNodeParameters
from sa4depth_ros.nodes.pose_progress import PoseProgress
from sa4depth_ros.nodes.pose_status import pose_status, PoseState
from sa4depth_ros.nodes.pose_worker import PoseWorker
from sa4depth_ros.nodes.run_node import reported, run_node
from sa4depth_ros.nodes.statistics import FrameStatistics
from sa4depth_ros.nodes.topic_depth import TopicDepth
from sa4depth_ros.nodes.worker_node import WorkerNode
from sa4depth_ros.runtime.odometry_estimator import OdometryEstimator
from std_srvs.srv import Trigger

_PROVIDERS = {'cpu': 'CPUExecutionProvider', 'cuda': 'CUDAExecutionProvider'}


class PoseNode(WorkerNode):
    """
    Wires input, parameters, worker and diagnostics together; the work is done elsewhere.

    The motion files are loaded on configure and the camera is listened to while active.
    """

    def __init__(
        self, name: str = 'pose_node', *,
        input_of: Callable[[str], PoseInput] | None = None,
        model: Callable[[], Path | None] = lambda: None,
        make_estimator: Callable[..., Any] = OdometryEstimator, siblings: Sequence[Node] = (),
        **options: Any,
    ) -> None:
        """
        Declare the parameters; ConfigError when one is impossible.

        ``input_of`` makes the input for the camera that is named, by default topics; ``model``
        gives the model whose motion files are used when no other is named. ``siblings`` are the
        other nodes of the process, which share its command line.
        """
        super().__init__(name, **options)
        self._parameter_values = PoseNodeParameters(
            self, [*names_of(DepthParameters), '*.scale'])
        given = self._parameter_values.current
        self._input = (input_of(given.camera) if input_of is not None
                       else TopicDepth(self, lambda: self._parameter_values.current))
        self._model = model
        self._make_estimator = make_estimator
        self._siblings = siblings
        self._estimator: Any = None
        self._mount: CameraMount | None = None
        self._outputs: PoseOutputs | None = None
        self._worker: PoseWorker | None = None
        self._statistics, self._progress = FrameStatistics(), PoseProgress()
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self.create_service(Trigger, '~/reset', self._on_reset)
        # Not the node's clock, which stands still while a simulation pauses.
        self.create_timer(1.0, self._report, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def autostart(self) -> bool:
        """Whether to configure and activate without being asked."""
        return self._parameter_values.current.autostart

    @reported
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the motion files and offer the outputs."""
        # A transition that failed half-way may have left something.
        self.close()
        given = self._parameter_values.current
        model = Path(given.motion_model).expanduser() if given.motion_model else self._model()
        self._estimator = self._make_estimator(
            model, threads=given.threads, provider=_PROVIDERS[given.device],
            settings=given.settings)
        self._mount = CameraMount(self, given.base_frame)
        self._outputs = PoseOutputs(self, given, self._mount)
        card = self._estimator.card
        self.get_logger().info(f"motion files of '{card.name}' on {given.device}")
        return super().on_configure(state)

    @reported
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Listen to the camera; the odometry begins where it is."""
        assert self._outputs is not None
        self._stop()
        self._statistics, self._progress = FrameStatistics(), PoseProgress()
        self._estimator.reset()
        self._outputs.begin_anew()
        self._worker = PoseWorker(
            estimator=self._estimator, outputs=self._outputs, progress=self._progress,
            statistics=self._statistics, parameters=lambda: self._parameter_values.current,
            logger=self.get_logger(), prepare=self._follow_parameters, running=self.context.ok)
        result = super().on_activate(state)
        self._input.listen(self._put)
        facts = self._input.facts
        self.get_logger().info(f"active: images from '{facts['image_topic']}', depth from "
                               f"'{facts['depth_topic']}'")
        for line in unused_qos_overrides(self, *self._siblings):
            self.get_logger().warning(line)
        return result

    def close(self) -> None:
        """Stop the worker and free outputs and engines; harmless when there are none."""
        self._stop()
        for part in (self._outputs, self._mount, self._estimator):
            if part is not None:
                part.close()
        self._outputs = self._mount = self._estimator = None

    def _stop(self) -> None:
        self._input.leave()
        if self._worker is not None and not self._worker.stop():
            self.get_logger().error('the engine does not come back from its last frame')
        self._worker = None

    def _put(self, frame: PoseFrame) -> None:
        worker = self._worker
        if worker is not None:
            worker.put(frame)

    def _follow_parameters(self) -> None:
        settings = self._parameter_values.current.settings
        if self._estimator.settings != settings:
            self._estimator.settings = settings

    def _on_reset(self, _request: Any, response: Any) -> Any:
        worker = self._worker
        if worker is not None:
            worker.reset()
        response.success = worker is not None
        response.message = ('odometry begins anew' if response.success
                            else 'the node is not active, so there is nothing to reset')
        return response

    def _report(self) -> None:
        if self._mount is not None:
            self._mount.look_around()
        lifecycle = self._state_machine.current_state[1]
        report = DiagnosticArray(status=[pose_status(
            f'{self.get_fully_qualified_name()}: odometry', self._state(lifecycle),
            self._statistics.snapshot())])
        report.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(report)

    def _state(self, lifecycle: str) -> PoseState:
        given = self._parameter_values.current
        facts = {**self._input.facts, 'odom_frame': given.odom_frame,
                 'base_frame': given.base_frame}
        remarks = [self._input.remark()]
        if self._mount is not None and self._outputs is not None:
            facts |= {'transform': self._mount.state, 'tf': self._outputs.tf_state}
            if self._outputs.tf_state.startswith('not published'):
                remarks.append(f'tf is {self._outputs.tf_state}')
        if self._estimator is not None:
            card = self._estimator.card
            facts |= {'model': f'{card.name} {card.version}', 'licence': card.licence}
            if given.initial_guess == 'posenet' and not self._estimator.has_guess:
                remarks.append('initial_guess is posenet, but the model has no file of the kind '
                               'pose; constant_velocity is used')
        return PoseState(lifecycle, self._progress.record, self._input.silence(),
                         tuple(remark for remark in remarks if remark), facts)


def main(args: list[str] | None = None) -> int:
    """Run the node until it is interrupted; 0 then, 2 when it cannot start."""
    return run_node(PoseNode, args)


if __name__ == '__main__':
    sys.exit(main())
