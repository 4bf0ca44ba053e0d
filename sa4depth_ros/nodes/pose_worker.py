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

"""The thread that turns the newest frames into odometry."""

from collections.abc import Callable
import threading
from time import perf_counter
import traceback
from typing import Any, Protocol

from sa4depth_ros.errors import FrameError, Sa4DepthError
from sa4depth_ros.nodes.mailbox import Mailbox
from sa4depth_ros.nodes.pose_frame import PoseFrame
from sa4depth_ros.nodes.pose_outputs import PoseOutputs
from sa4depth_ros.nodes.pose_parameters import PoseParameters
from sa4depth_ros.nodes.pose_progress import PoseProgress
from sa4depth_ros.nodes.statistics import FrameStatistics
from sa4depth_ros.nodes.throttled_log import ThrottledLog
from sa4depth_ros.runtime.odometry_types import OdometryInput, OdometryResult

# Stamps may jitter; further back than this it is a bag that begins anew.
_REWIND_NS = 100_000_000
# Seconds after which it looks whether frames have failed to come, or a reset was asked for.
_PATIENCE = 0.2


class Estimator(Protocol):
    """What the worker asks of an OdometryEstimator."""

    def update(self, given: OdometryInput) -> OdometryResult:
        """Take a frame."""
        ...

    def lose(self, reason: str) -> OdometryResult:
        """Note that no frame can be used."""
        ...

    def reset(self) -> None:
        """Begin anew."""
        ...


class PoseWorker:
    """
    Takes frames out of a mailbox until it is stopped; survives any frame.

    The estimator belongs to its thread. Only the newest frame waits.
    """

    def __init__(
        self, *, estimator: Estimator, outputs: PoseOutputs, progress: PoseProgress,
        statistics: FrameStatistics, parameters: Callable[[], PoseParameters], logger: Any,
        prepare: Callable[[], Any], running: Callable[[], bool],
    ) -> None:
        """
        Start the thread.

        ``prepare`` is called before each frame, ``running`` says whether messages can still be
        published.
        """
        self._estimator = estimator
        self._outputs = outputs
        self._progress = progress
        self._statistics = statistics
        self._parameters = parameters
        self._logger = logger
        self._log = ThrottledLog(logger)
        self._prepare = prepare
        self._running = running
        self._mailbox: Mailbox[PoseFrame] = Mailbox()
        self._reset = threading.Event()
        self._last_stamp = 0
        self._last_good = perf_counter()
        self._begun = float('-inf')
        self._thread = threading.Thread(target=self._run, name='pose_worker', daemon=True)
        self._thread.start()

    def put(self, frame: PoseFrame) -> None:
        """Hand in a frame; one that still waits is overtaken and counted."""
        self._statistics.arrived()
        if self._mailbox.put(frame):
            self._statistics.dropped('newer')

    def reset(self) -> None:
        """Let the odometry begin anew before the next frame."""
        self._reset.set()

    def stop(self, timeout: float = 10.0) -> bool:
        """End the thread after its current frame; False when that takes too long."""
        self._mailbox.close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._mailbox.is_closed:
            frames = self._mailbox.take(rest=lambda _: self._rest(), patience=_PATIENCE)
            for action in (self._begin_anew, *(lambda f=f: self._step(f) for f in frames.values()),
                           self._note_silence):
                self._guarded(action)

    def _guarded(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except Exception as error:
            # Nor is it an error that publishing ends before this thread does (Ctrl-C).
            ending = self._mailbox.is_closed or not self._running()
            if isinstance(error, Sa4DepthError) or not ending:
                self._refuse(error)

    def _rest(self) -> float:
        rate = self._parameters().max_rate
        return self._begun + 1.0 / rate - perf_counter() if rate > 0 else 0.0

    def _begin_anew(self) -> None:
        if self._reset.is_set():
            self._reset.clear()
            self._estimator.reset()
            self._outputs.begin_anew()
            self._progress.reset()
            self._last_good = perf_counter()
            self._logger.info('odometry begins anew')

    def _step(self, frame: PoseFrame) -> None:
        taken = self._begun = perf_counter()
        self._check_stamp(frame.stamp)
        self._prepare()
        given = frame.read()
        converted = perf_counter()
        result = self._estimator.update(given)
        self._last_good = perf_counter()
        self._note(result)
        self._outputs.publish(frame.header, result, self._parameters())
        self._statistics.published(_latency(frame, taken, converted, self._last_good, result))

    def _check_stamp(self, stamp: int) -> None:
        last, self._last_stamp = self._last_stamp, stamp
        if stamp < last - _REWIND_NS:
            self._statistics.restart()
            self._log.warn('rewind', 'stamps jumped back (a bag that loops?)')
        elif stamp <= last:
            self._last_stamp = last
            raise FrameError('expected the stamp of a frame to be later than that of the one '
                             f'before, got {1e-6 * (stamp - last):.1f} ms', 'stamp')

    def _note_silence(self) -> None:
        silence = perf_counter() - self._last_good
        state = self._progress.record.state
        if silence > self._parameters().lost_after and state == 'tracking':
            self._note(self._estimator.lose(f'no usable frame for {silence:.1f} s'))

    def _note(self, result: OdometryResult) -> None:
        before = self._progress.record.state
        if not self._progress.note(result):
            return
        if result.state == 'lost':
            self._log.warn('lost', f'lost: {result.reason}')
        elif before == 'lost':
            self._log.warn('found', f'{result.state} again')

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, FrameError):
            self._statistics.dropped(error.cause, str(error))
            self._log.warn(error.cause, f'frame dropped: {error}')
        elif isinstance(error, Sa4DepthError):
            self._statistics.dropped('engine', str(error))
            self._log.error('engine', f'frame dropped: {error}')
        else:
            self._statistics.dropped('internal', f'{type(error).__name__}: {error}')
            trace = ''.join(traceback.format_exception(error))
            self._log.error('internal', 'frame dropped by an error of this package, please '
                            f'report it:\n{trace}')


def _latency(
    frame: PoseFrame, taken: float, converted: float, estimated: float, result: OdometryResult,
) -> dict[str, float]:
    """Seconds that the parts of a frame's way took, in their order."""
    arrival, now = frame.arrival, perf_counter()
    parts = {'queue': taken - arrival.received, 'convert': converted - taken,
             **result.timings, 'step': estimated - converted, 'publish': now - estimated,
             'total': now - arrival.received}
    age = arrival.age
    return parts if age is None else {
        'age_on_arrival': age, **parts, 'stamp_to_publish': age + parts['total']}
