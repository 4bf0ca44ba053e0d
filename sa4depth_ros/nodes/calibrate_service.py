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

"""The service that finds the metric scale of one camera while the robot drives."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from sa4depth_ros.errors import CalibrationError, ConfigError, ModelError, Sa4DepthError
from sa4depth_ros.model_card import ModelCard, ScaleRecord
from sa4depth_ros.nodes.camera_factor import CameraFactor
from sa4depth_ros.nodes.conversions import nanoseconds
from sa4depth_ros.nodes.depth_listener import DepthListener
from sa4depth_ros.nodes.parameters import NodeParameters
from sa4depth_ros.nodes.scale_pace import EnoughFrames
from sa4depth_ros.nodes.scale_reference import scale_reference, ScaleReference
from sa4depth_ros.nodes.scale_worker import ScaleWorker
from sa4depth_ros.runtime.live_calibration import CalibrationPlan, LiveCalibration
from sa4depth_ros.runtime.scale import ScaleEstimate
from sa4depth_ros.runtime.scale_store import store_scale
from std_srvs.srv import Trigger

_LOOK_PERIOD = 0.1


class CalibrateService:
    """
    Serves ``~/calibrate``, or ``~/<camera>/calibrate`` where cameras have names.

    A call collects for as long as the parameters say; meanwhile the node goes on with its work.
    """

    def __init__(
        self, node: Node, camera: str, parameters: NodeParameters, factor: CameraFactor,
        listeners: list[DepthListener],
    ) -> None:
        self._node = node
        self._camera = camera
        self._parameters = parameters
        self._factor = factor
        self._listeners = listeners
        self._model: Path | None = None
        self._run: LiveCalibration | None = None
        self._worker: ScaleWorker | None = None
        self._timer: Any = None
        self._ended = Future()
        self._is_busy = False
        self._result = ''
        # In the group of the node a waiting call would hold up all that the node does.
        node.create_service(Trigger, f'~/{camera}/calibrate'.replace('//', '/'), self._serve,
                            callback_group=ReentrantCallbackGroup())

    def start(self, model: Path) -> None:
        """Serve calls from now on; scales are kept beside ``model``."""
        self._model = model

    def stop(self) -> None:
        """Refuse calls, and end one that is being served."""
        self._model = None
        self._end('the node was deactivated')

    @property
    def state(self) -> str:
        """Say how far a call is, or what the last one ended with."""
        return self._result if self._run is None else self._run.progress

    async def _serve(self, request: Any, response: Any) -> Any:
        if self._is_busy:
            response.success, response.message = False, 'this camera is being calibrated already'
            return response
        self._is_busy = True
        try:
            response.message = await self._calibrated()
            response.success = True
        except Sa4DepthError as error:
            response.success, response.message = False, f'not calibrated: {error}'
        finally:
            self._clean()
            self._is_busy = False
        self._result = response.message
        log = self._node.get_logger()
        (log.info if response.success else log.warning)(
            (f"camera '{self._camera}': " if self._camera else '') + response.message)
        return response

    async def _calibrated(self) -> str:
        if self._model is None:
            raise ConfigError('the node is not active; activate it (ros2 lifecycle set)')
        given = self._parameters.current
        reference = scale_reference(self._node, given, self._camera)
        run = LiveCalibration(CalibrationPlan(
            given.calibration_seconds, given.calibration_measurements))
        self._collect(reference, run)
        await self._ended
        if self._ended.result():
            raise CalibrationError(self._ended.result())
        try:
            return self._finished(reference, run.estimate())
        except CalibrationError as error:
            silent = self._node.count_publishers(reference.topic) == 0
            hint = f"; nobody publishes on '{reference.topic}'" if silent else ''
            raise CalibrationError(f'{error}{hint}') from error

    def _collect(self, reference: ScaleReference, run: LiveCalibration) -> None:
        self._worker = ScaleWorker(
            self._node, reference, run, EnoughFrames(reference.kind), needs_depth=True)
        self._run = run
        self._listeners.append(self._worker)
        self._ended = Future()
        self._timer = self._node.create_timer(
            _LOOK_PERIOD, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _look(self) -> None:
        if self._run is not None and self._run.is_over():
            self._end('')

    def _end(self, reason: str) -> None:
        running = self._run is not None and not self._ended.done()
        self._clean()
        if running:
            self._ended.set_result(reason)

    def _clean(self) -> None:
        if self._worker is not None:
            self._listeners.remove(self._worker)
            self._worker.close()
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
        self._worker = self._timer = self._run = None

    def _finished(self, reference: ScaleReference, estimate: ScaleEstimate) -> str:
        record = self._record(reference, estimate)
        ratios = [value / self._factor.value
                  for value in (estimate.scale, estimate.low, estimate.high)]
        assert self._factor.estimator is not None
        card = self._factor.estimator.card
        note = self._factor.use(record)
        refused = ', '.join(f'{n} x {cause}' for cause, n in sorted(estimate.refused.items()))
        return (f'factor {ratios[0]:.4f} on depth as it was, 95 % interval {ratios[1]:.4f} .. '
                f'{ratios[2]:.4f}; {estimate.used} measurements against {reference.kind} '
                f'{reference.topic}, spread {estimate.spread:.1%}, refused: {refused or "none"}. '
                f"Whole factor on the model's output {estimate.scale:.4f}, in use from now on."
                f'{_doubts(estimate)}{note} {self._kept(card, record)}')

    def _record(self, reference: ScaleReference, estimate: ScaleEstimate) -> ScaleRecord:
        seen = self._factor.seen
        assert seen is not None
        camera = '' if seen.camera is None else seen.camera.summary
        moment = datetime.fromtimestamp(nanoseconds(seen.header.stamp) * 1e-9, timezone.utc)
        return ScaleRecord(
            scale=estimate.scale, low=estimate.low, high=estimate.high,
            reference=reference.kind, topic=reference.topic, date=moment.date().isoformat(),
            frame_id=str(seen.header.frame_id), camera=camera,
            spread=estimate.spread, used=estimate.used, refused=estimate.refused)

    def _kept(self, card: ModelCard, record: ScaleRecord) -> str:
        assert self._model is not None
        if not self._parameters.current.calibration_save:
            return 'Not stored (calibration_save is false): it ends with the node.'
        try:
            path = store_scale(self._model, card, record, self._factor.key)
        except ModelError as error:
            return f'Not stored, it ends with the node: {error}.'
        return f"Stored for '{self._factor.key or 'all cameras'}' in {path}."


def _doubts(estimate: ScaleEstimate) -> str:
    if not estimate.is_vague:
        return ''
    return (f' The measurements count as only {estimate.independent:.0f} independent ones: take '
            'the interval as a guess.')
