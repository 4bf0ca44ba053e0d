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

"""The thread that turns the newest image into depth."""

from collections.abc import Callable
from dataclasses import dataclass
import threading
from time import perf_counter
import traceback
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError, Sa4DepthError
from sa4depth_ros.nodes.calibrations import Calibrations
from sa4depth_ros.nodes.conversions import nanoseconds
from sa4depth_ros.nodes.depth_outputs import DepthOutputs
from sa4depth_ros.nodes.mailbox import Mailbox
from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.nodes.statistics import FrameStatistics
from sa4depth_ros.nodes.throttled_log import ThrottledLog
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator, DepthFrame, DepthSettings

# A camera's stamps may jitter; further back than this it is a bag that begins anew.
_REWIND_NS = 100_000_000
# Stamps and clock are not of the same time base when they differ by more (seconds).
_OLDEST, _NEWEST = 60.0, -0.5


@dataclass(frozen=True)
class Arrival:
    """An image message, when the node's clock said it came (ns), and the same in perf_counter."""

    message: Any
    clock_ns: int
    received: float

    @property
    def age(self) -> float | None:
        """Seconds from stamp to arrival; None when the two clocks have nothing in common."""
        age = (self.clock_ns - nanoseconds(self.message.header.stamp)) * 1e-9
        return max(age, 0.0) if _NEWEST < age < _OLDEST else None


class DepthWorker:
    """Takes arrivals out of a one-slot mailbox until it is stopped; survives any frame."""

    def __init__(
        self, *, estimator: DepthEstimator, outputs: DepthOutputs, calibrations: Calibrations,
        decode: Callable[[Any], NDArray[np.uint8]], parameters: Callable[[], DepthParameters],
        statistics: FrameStatistics, logger: Any,
        running: Callable[[], bool] = lambda: True,
    ) -> None:
        """Start the thread; ``running`` says whether messages can still be published."""
        self._estimator = estimator
        self._outputs = outputs
        self._calibrations = calibrations
        self._decode = decode
        self._parameters = parameters
        self._statistics = statistics
        self._logger = logger
        self._running = running
        self._log = ThrottledLog(logger)
        self._mailbox: Mailbox[Arrival] = Mailbox()
        self._stopping = threading.Event()
        self._last_stamp = 0
        self.unit = ''
        self._thread = threading.Thread(target=self._run, name='depth_worker', daemon=True)
        self._thread.start()

    def put(self, arrival: Arrival) -> None:
        """Hand in an image; one that still waits is overtaken and counted."""
        self._statistics.arrived()
        if self._mailbox.put(arrival):
            self._statistics.dropped('newer')

    def stop(self, timeout: float = 10.0) -> bool:
        """End the thread after its current frame; False when that takes too long."""
        self._stopping.set()
        self._mailbox.close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        begun = float('-inf')
        while not self._stopping.is_set():
            self._pace(begun)
            arrival = self._mailbox.take()
            if arrival is None:
                return
            begun = perf_counter()
            self._guarded(arrival)

    def _pace(self, begun: float) -> None:
        """Wait until ``max_rate`` allows the next frame, looking for changes of it meanwhile."""
        while not self._stopping.is_set():
            rate = self._parameters().max_rate
            rest = begun + 1.0 / rate - perf_counter() if rate > 0 else 0.0
            if rest <= 0:
                return
            self._stopping.wait(min(rest, 0.1))

    def _guarded(self, arrival: Arrival) -> None:
        try:
            self._process(arrival)
        except FrameError as error:
            self._statistics.dropped(error.cause, str(error))
            self._log.warn(error.cause, f'frame dropped: {error}')
        except Sa4DepthError as error:
            self._statistics.dropped('engine', str(error))
            self._log.error('engine', f'frame dropped: {error}')
        except Exception as error:
            # The last resort: one impossible frame must not stop the robot's depth.
            # Nor is it an error that publishing ends before this thread does (Ctrl-C).
            if self._stopping.is_set() or not self._running():
                return
            problem = f'{type(error).__name__}: {error}'
            self._statistics.dropped('internal', problem)
            self._log.error('internal', 'frame dropped by an error of this package, please '
                            f'report it:\n{traceback.format_exc()}')

    def _process(self, arrival: Arrival) -> None:
        taken = perf_counter()
        self._note_rewind(nanoseconds(arrival.message.header.stamp))
        if not self._outputs.wanted():
            self._statistics.idle()
            return
        rgb = self._decode(arrival.message)
        camera = self._camera(rgb)
        wanted = self._wanted_with(camera)
        parameters = self._parameters()
        self._estimator.settings = _settings(parameters)
        converted = perf_counter()
        frame = self._estimator.estimate(rgb, camera)
        estimated = perf_counter()
        self._outputs.publish(wanted, arrival.message.header, frame, parameters)
        self._note_unit(frame)
        self._statistics.published(_latency(
            arrival, frame, taken=taken, converted=converted, estimated=estimated))

    def _wanted_with(self, camera: CameraModel | None) -> frozenset[str]:
        wanted = self._outputs.wanted(calibrated=camera is not None)
        if not wanted:
            raise FrameError('a cloud or camera_info is wanted, but the camera is not '
                             f'calibrated: {self._calibrations.state}', 'uncalibrated')
        return wanted

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
            self._statistics.restart()
            self._log.warn('rewind', 'stamps jumped back (a bag that loops?): rates and '
                           'latencies are counted anew')
        self._last_stamp = stamp

    def _note_unit(self, frame: DepthFrame) -> None:
        if frame.unit != self.unit:
            height, width = frame.depth.shape
            self._logger.info(f'depth of {width}x{height} goes out, unit: {frame.unit}')
        self.unit = frame.unit


def _settings(parameters: DepthParameters) -> DepthSettings:
    return DepthSettings(
        scale=parameters.scale, min_depth=parameters.min_depth, max_depth=parameters.max_depth,
        edge_filter=parameters.edge_filter)


def _latency(
    arrival: Arrival, frame: DepthFrame, *, taken: float, converted: float, estimated: float,
) -> dict[str, float]:
    """Seconds that the parts of a frame's way took, in their order."""
    done = perf_counter()
    total = done - arrival.received
    parts = {'queue': taken - arrival.received, 'convert': converted - taken, **frame.timings,
             'publish': done - estimated, 'total': total}
    age = arrival.age
    if age is None:
        return parts
    return {'age_on_arrival': age, **parts, 'stamp_to_publish': age + total}
