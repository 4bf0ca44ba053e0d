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

"""Whether the scale still holds: a running window of measurements against the factor in use."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
import math
import threading
import time

from sa4depth_ros.errors import CalibrationError, FrameError
from sa4depth_ros.runtime.scale import ScaleCollector, ScaleEstimate, ScaleLimits

_MOST = 40
_MOST_REFUSED = 400
# Seconds; odometry is looked at seldom.
_OLDEST = 1800.0
# Fewer say too little of how much they differ.
_LEAST = 8


@dataclass(frozen=True)
class ScaleDrift:
    """
    How the reference compares with the depth in use.

    ``ratio`` is metres over what depth says, 1 when the scale is right, with the interval that
    holds it with 95 % probability; None with the reason in ``state`` while that is not known.
    """

    state: str
    used: int
    refused: dict[str, int]
    ratio: float | None = None
    low: float = math.nan
    high: float = math.nan
    warns: bool = False


class ScaleWindow:
    """
    Keeps the newest measurements of the scale; a sink of them (ScaleSink) for any thread.

    Measurements are whole factors on the model's output, so that they stay valid when the
    factor in use changes.
    """

    def __init__(self, most: int = _MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._values: deque[tuple[float, float]] = deque(maxlen=most)
        # Apart: a robot that stands still must not forget what it knew.
        self._refused: deque[tuple[float, FrameError]] = deque(maxlen=_MOST_REFUSED)
        self._clock = clock
        self._lock = threading.Lock()
        self._warned = False

    def add(self, log_scale: float) -> None:
        """Take the logarithm of one measured factor."""
        with self._lock:
            self._values.append((self._clock(), log_scale))

    def refuse(self, error: FrameError) -> None:
        """Take the reason why a frame said nothing."""
        with self._lock:
            self._refused.append((self._clock(), error))

    def compare(self, factor: float, tolerance: float) -> ScaleDrift:
        """
        Compare with the ``factor`` in use; warn when the interval leaves 1 by ``tolerance``.

        A fraction: with 0.1 it warns when all of the interval lies above 1.1 or below 1 / 1.1,
        and the measurements are independent enough for that to mean something. Then it goes on
        until the ratio itself is within these bounds again.
        """
        collector = ScaleCollector(ScaleLimits(least=_LEAST))
        used = self._fill(collector)
        refused = dict(collector.refused)
        try:
            estimate = collector.estimate()
        except CalibrationError as error:
            return ScaleDrift(f'not known: {error}', used, refused)
        ratio, low, high = (value / factor for value in (
            estimate.scale, estimate.low, estimate.high))
        sure = not estimate.is_vague and _is_off(low, high, tolerance)
        self._warned = sure or (self._warned and _is_off(ratio, ratio, tolerance))
        words = 'drifted' if self._warned else _words(estimate)
        return ScaleDrift(words, used, refused, ratio, low, high, self._warned)

    def _fill(self, collector: ScaleCollector) -> int:
        oldest = self._clock() - _OLDEST
        with self._lock:
            values = [(when, value) for when, value in self._values if when >= oldest]
            since = values[0][0] if values else oldest
            refused = [error for when, error in self._refused if when >= since]
        for _, value in values:
            collector.add(value)
        for error in refused:
            collector.refuse(error)
        return len(values)


def _is_off(low: float, high: float, tolerance: float) -> bool:
    return low > 1 + tolerance or high < 1 / (1 + tolerance)


def _words(estimate: ScaleEstimate) -> str:
    return 'holds, as far as so few measurements tell' if estimate.is_vague else 'holds'
