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

"""The metric scale of one camera in a running node: found, used, watched, reported."""

from pathlib import Path

from rclpy.node import Node
from sa4depth_ros.nodes.calibrate_service import CalibrateService
from sa4depth_ros.nodes.camera_factor import CameraFactor
from sa4depth_ros.nodes.depth_listener import DepthListener
from sa4depth_ros.nodes.parameters import NodeParameters
from sa4depth_ros.nodes.scale_watch import ScaleWatch
from sa4depth_ros.runtime.depth_estimator import DepthEstimator


class CameraScale:
    """The service, the watch and what both know, for one camera."""

    def __init__(
        self, node: Node, camera: str, parameters: NodeParameters,
        listeners: list[DepthListener],
    ) -> None:
        """Offer the service; in ``listeners`` is who hears of the camera's depth."""
        self._factor = CameraFactor(node, camera, parameters)
        listeners.append(self._factor)
        self._service = CalibrateService(node, camera, parameters, self._factor, listeners)
        self._watch = ScaleWatch(node, camera, parameters, self._factor, listeners)

    def start(self, estimator: DepthEstimator, model: Path) -> None:
        """Work on the depth that ``estimator`` makes with ``model``."""
        self._factor.estimator = estimator
        self._service.start(model)

    def stop(self) -> None:
        """End all that runs."""
        self._service.stop()
        self._watch.stop()
        self._factor.estimator = None

    def look(self) -> None:
        """Keep the watch up to date; to be called about once a second."""
        self._watch.look(self._factor.estimator is not None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what is wrong with the scale."""
        return self._watch.warnings

    @property
    def facts(self) -> dict[str, str]:
        """Tell of the scale, for the diagnostics."""
        return {'scale': f'{self._factor.value:.6g}',
                'scale_calibrated': str(self._factor.is_calibrated),
                **self._watch.facts, 'scale_calibration': self._service.state}
