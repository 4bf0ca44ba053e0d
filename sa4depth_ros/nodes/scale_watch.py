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

"""Watches whether the scale of one camera still holds, beside the robot's work."""

from rclpy.node import Node
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.nodes.camera_factor import CameraFactor
from sa4depth_ros.nodes.depth_listener import DepthListener
from sa4depth_ros.nodes.parameters import NodeParameters
from sa4depth_ros.nodes.scale_pace import FewFrames
from sa4depth_ros.nodes.scale_reference import NONE, scale_reference, ScaleReference
from sa4depth_ros.nodes.scale_worker import ScaleWorker
from sa4depth_ros.runtime.scale_window import ScaleDrift, ScaleWindow

_OFF = ScaleDrift('off', 0, {})


class ScaleWatch:
    """
    Compares depth that is made anyway with a reference, as often as the parameters say.

    It follows the parameters: ``look`` is to be called about once a second.
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
        self._worker: ScaleWorker | None = None
        self._window = ScaleWindow()
        self._problem = ''
        self._drift = _OFF

    def look(self, active: bool) -> None:
        """Begin, change or end as the parameters say, and compare anew."""
        self._problem = ''
        try:
            wanted = self._wanted() if active else None
            if wanted != (None if self._worker is None else self._worker.reference):
                self.stop()
                self._start(wanted)
        except ConfigError as error:
            self.stop()
            self._problem = str(error)
        tolerance = self._parameters.current.scale_drift_warn
        self._drift = (_OFF if self._worker is None
                       else self._window.compare(self._factor.value, tolerance))

    def stop(self) -> None:
        """End; harmless when nothing runs."""
        if self._worker is not None:
            self._listeners.remove(self._worker)
            self._worker.close()
        self._worker = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what is wrong, if anything."""
        if self._problem:
            return (f'the scale is not watched: {self._problem}',)
        if not self._drift.warns:
            return ()
        drift = self._drift
        return (f'the scale has drifted: the reference says {drift.ratio:.3f} times the depth '
                f'(95 % interval {drift.low:.3f} .. {drift.high:.3f}); calibrate anew',)

    @property
    def facts(self) -> dict[str, str]:
        """Tell the comparison."""
        drift, worker = self._drift, self._worker
        values = {
            'scale_reference': NONE if worker is None else
            f'{worker.reference.kind} {worker.reference.topic}',
            'scale_watch': drift.state, 'scale_measurements': str(drift.used),
            'scale_refused': ', '.join(f'{n} x {cause}' for cause, n in drift.refused.items())}
        if drift.ratio is None:
            return values
        return values | {
            'scale_ratio': f'{drift.ratio:.4f}', 'scale_ratio_low': f'{drift.low:.4f}',
            'scale_ratio_high': f'{drift.high:.4f}'}

    def _wanted(self) -> ScaleReference | None:
        given = self._parameters.current
        if given.scale_reference == NONE or given.scale_watch_period == 0:
            return None
        return scale_reference(self._node, given, self._camera)

    def _start(self, reference: ScaleReference | None) -> None:
        if reference is None:
            return
        self._window = ScaleWindow()
        pace = FewFrames(lambda: self._parameters.current.scale_watch_period)
        self._worker = ScaleWorker(
            self._node, reference, self._window, pace, needs_depth=False)
        self._listeners.append(self._worker)
