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

"""One calibration while the robot runs: collects until it is enough, or hopeless, or over."""

from collections.abc import Callable
from dataclasses import dataclass
import threading
import time

from sa4depth_ros.errors import CalibrationError, FrameError
from sa4depth_ros.runtime.scale import ScaleCollector, ScaleEstimate

# Causes that lie in the set-up: more driving does not help.
_SET_UP = frozenset({
    'stamps', 'transform', 'uncalibrated', 'encoding', 'size', 'depth_encoding', 'depth_size',
    'internal'})
_PATIENCE = 10.0


@dataclass(frozen=True)
class CalibrationPlan:
    """
    How long to collect.

    At most ``seconds``; less when there are as many ``measurements`` (0: never), or when nothing
    at all could be used for ``patience`` seconds because of the set-up. Never because the
    interval has become narrow: it is so by chance at times, and to stop just then would make it
    hold the truth too seldom.
    """

    seconds: float = 60.0
    measurements: int = 200
    patience: float = _PATIENCE


class LiveCalibration:
    """Collects measurements (a ScaleSink) from one thread, and tells another when to stop."""

    def __init__(
        self, plan: CalibrationPlan, clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._clock = clock
        self._begun = clock()
        self._lock = threading.Lock()
        self._collector = ScaleCollector()
        self._used = 0

    def add(self, log_scale: float) -> None:
        """Take the logarithm of one measured factor."""
        with self._lock:
            self._collector.add(log_scale)
            self._used += 1

    def refuse(self, error: FrameError) -> None:
        """Take the reason why a frame said nothing."""
        with self._lock:
            self._collector.refuse(error)

    def is_over(self) -> bool:
        """Tell whether to stop."""
        elapsed = self._clock() - self._begun
        return elapsed >= self._plan.seconds or self._is_hopeless(elapsed) or self._is_enough()

    def estimate(self) -> ScaleEstimate:
        """Give the scale; CalibrationError when there is too little or no agreement."""
        with self._lock:
            if not self._used and not self._collector.refused:
                raise CalibrationError(
                    f'no image with depth came within {self._clock() - self._begun:.0f} s: does '
                    'the camera run? The diagnostics of the node say what is missing')
            return self._collector.estimate()

    @property
    def progress(self) -> str:
        """Say how far it is."""
        with self._lock:
            refused = sum(self._collector.refused.values())
        return (f'collecting since {self._clock() - self._begun:.0f} s: {self._used} '
                f'measurements, {refused} refused')

    def _is_hopeless(self, elapsed: float) -> bool:
        with self._lock:
            return (elapsed >= self._plan.patience and not self._used
                    and set(self._collector.refused) <= _SET_UP)

    def _is_enough(self) -> bool:
        with self._lock:
            return 0 < self._plan.measurements <= self._used
