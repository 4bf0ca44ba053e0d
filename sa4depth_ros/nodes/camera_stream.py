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

"""One camera on its way through the worker: its images in, its messages out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
import traceback
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError, Sa4DepthError
from sa4depth_ros.nodes.arrival import Arrival
from sa4depth_ros.nodes.calibrations import Calibrations
from sa4depth_ros.nodes.conversions import nanoseconds
from sa4depth_ros.nodes.depth_listener import DepthListener, SeenDepth
from sa4depth_ros.nodes.depth_outputs import DepthOutputs
from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.nodes.statistics import FrameStatistics
from sa4depth_ros.nodes.throttled_log import ThrottledLog
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import (
    DepthEstimator, DepthFrame, DepthSettings, PreparedFrame)

# A camera's stamps may jitter; further back than this it is a bag that begins anew.
_REWIND_NS = 100_000_000


@dataclass(frozen=True, eq=False)
class Work:
    """A frame that is ready for the engine; ``taken`` is when its work began (perf_counter)."""

    stream: 'CameraStream'
    arrival: Arrival
    frame: PreparedFrame
    wanted: frozenset[str]
    parameters: DepthParameters
    taken: float
    convert: float


class CameraStream:
    """
    What is done with the images of one camera, and what became of them.

    Belongs to the worker's thread; a new one is made at each activation.
    """

    def __init__(
        self, name: str, *, outputs: DepthOutputs, calibrations: Calibrations,
        statistics: FrameStatistics, decode: Callable[[Any], NDArray[np.uint8]],
        parameters: Callable[[], DepthParameters], scale: Callable[[], float], logger: Any,
        listeners: Sequence[DepthListener] = (),
    ) -> None:
        """
        Take in ``scale`` the camera's own factor, on top of the one in ``parameters``.

        ``listeners`` get the depth inside this process; they may come and go meanwhile.
        """
        self.name = name
        self.unit = ''
        self.statistics = statistics
        self._outputs = outputs
        self._calibrations = calibrations
        self._decode = decode
        self._parameters = parameters
        self._scale = scale
        self._logger = logger
        self._listeners = listeners
        self._prefix = f"camera '{name}': " if name else ''
        self._log = ThrottledLog(logger, prefix=self._prefix)
        self._begun = float('-inf')
        self._last_stamp = 0

    def rest(self) -> float:
        """Tell for how many seconds ``max_rate`` forbids the next frame."""
        rate = self._parameters().max_rate
        return self._begun + 1.0 / rate - perf_counter() if rate > 0 else 0.0

    def prepare(self, arrival: Arrival, estimator: DepthEstimator) -> Work | None:
        """Make the network input of an image; None when nobody wants it. Raises FrameError."""
        taken = self._begun = perf_counter()
        self._note_rewind(nanoseconds(arrival.message.header.stamp))
        if not self._outputs.wanted() and not self._is_listened_to():
            self.statistics.idle()
            return None
        rgb = self._decode(arrival.message)
        camera = self._camera(rgb)
        wanted = self._wanted_with(camera)
        parameters = self._parameters()
        settings = _settings(parameters, self._scale())
        converted = perf_counter()
        frame = estimator.prepare(
            rgb, camera, settings, self.name, arrival.message.header.frame_id)
        return Work(self, arrival, frame, wanted, parameters, taken, converted - taken)

    def publish(self, work: Work, frame: DepthFrame, together: int = 1) -> None:
        """Send the depth of ``work``, one of so many frames ``together`` in one inference."""
        estimated = perf_counter()
        self._outputs.publish(work.wanted, work.arrival.message.header, frame, work.parameters)
        self._note_unit(frame)
        self.statistics.published(_latency(work, frame, perf_counter() - estimated, together))
        seen = SeenDepth(work.arrival.message.header, work.frame.rgb,
                         work.frame.geometry.camera, frame, work.arrival)
        for listener in tuple(self._listeners):
            listener.put(seen)

    def refuse(self, error: Exception) -> None:
        """Count and log a frame that came to nothing."""
        if isinstance(error, FrameError):
            self.statistics.dropped(error.cause, str(error))
            self._log.warn(error.cause, f'frame dropped: {error}')
        elif isinstance(error, Sa4DepthError):
            self.statistics.dropped('engine', str(error))
            self._log.error('engine', f'frame dropped: {error}')
        else:
            self.statistics.dropped('internal', f'{type(error).__name__}: {error}')
            trace = ''.join(traceback.format_exception(error))
            self._log.error('internal', 'frame dropped by an error of this package, please '
                            f'report it:\n{trace}')

    def _wanted_with(self, camera: CameraModel | None) -> frozenset[str]:
        wanted = self._outputs.wanted(calibrated=camera is not None)
        if not wanted and not self._is_listened_to():
            raise FrameError('a cloud or camera_info is wanted, but the camera is not '
                             f'calibrated: {self._calibrations.state}', 'uncalibrated')
        return wanted

    def _is_listened_to(self) -> bool:
        return any(listener.needs_depth() for listener in self._listeners)

    def _camera(self, rgb: NDArray[np.uint8]) -> CameraModel | None:
        camera = self._calibrations.camera_for(rgb.shape[1], rgb.shape[0])
        if camera is None:
            self._log.warn('uncalibrated', f'{self._calibrations.state}: depth goes out without '
                           'camera_info and cloud, lens distortion stays')
        elif camera.rescaled:
            self._log.warn('rescaled', 'camera_info is for another image size of the same shape; '
                           'its K is scaled to the image. Publish the one of this size')
        return camera

    def _note_rewind(self, stamp: int) -> None:
        if stamp < self._last_stamp - _REWIND_NS:
            self.statistics.restart()
            self._log.warn('rewind', 'stamps jumped back (a bag that loops?): rates and '
                           'latencies are counted anew')
        self._last_stamp = stamp

    def _note_unit(self, frame: DepthFrame) -> None:
        if frame.unit != self.unit:
            height, width = frame.depth.shape
            self._logger.info(
                f'{self._prefix}depth of {width}x{height} goes out, unit: {frame.unit}')
        self.unit = frame.unit


def _settings(parameters: DepthParameters, scale: float) -> DepthSettings:
    return DepthSettings(
        scale=parameters.scale * scale, min_depth=parameters.min_depth,
        max_depth=parameters.max_depth, edge_filter=parameters.edge_filter)


def _latency(
    work: Work, frame: DepthFrame, publish: float, together: int,
) -> dict[str, float]:
    """Seconds that the parts of a frame's way took, in their order."""
    arrival = work.arrival
    total = perf_counter() - arrival.received
    parts = {'queue': work.taken - arrival.received, 'convert': work.convert, **frame.timings,
             'publish': publish}
    if together > 1:
        # What it waited for while the others were prepared and published.
        parts['batch'] = max(total - sum(parts.values()), 0.0)
    age = arrival.age
    if age is None:
        return parts | {'total': total}
    return {'age_on_arrival': age, **parts, 'total': total, 'stamp_to_publish': age + total}
