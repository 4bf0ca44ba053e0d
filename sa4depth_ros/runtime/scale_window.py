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

_MOST = 60
_OLDEST = 600.0
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
        self._entries: deque[tuple[float, float | FrameError]] = deque(maxlen=most)
        self._clock = clock
        self._lock = threading.Lock()

    def add(self, log_scale: float) -> None:
        """Take the logarithm of one measured factor."""
        self._put(log_scale)

    def refuse(self, error: FrameError) -> None:
        """Take the reason why a frame said nothing."""
        self._put(error)

    def compare(self, factor: float, tolerance: float) -> ScaleDrift:
        """
        Compare with the ``factor`` in use; warn when the interval leaves 1 by ``tolerance``.

        A fraction: with 0.1 it warns when all of the interval lies above 1.1 or below 1 / 1.1.
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
        warns = low > 1 + tolerance or high < 1 / (1 + tolerance)
        return ScaleDrift(_words(estimate, warns), used, refused, ratio, low, high, warns)

    def _put(self, entry: float | FrameError) -> None:
        with self._lock:
            self._entries.append((self._clock(), entry))

    def _fill(self, collector: ScaleCollector) -> int:
        with self._lock:
            entries = list(self._entries)
        used, since = 0, self._clock() - _OLDEST
        for when, entry in entries:
            if when < since:
                continue
            if isinstance(entry, FrameError):
                collector.refuse(entry)
            else:
                collector.add(entry)
                used += 1
        return used


def _words(estimate: ScaleEstimate, warns: bool) -> str:
    if warns:
        return 'drifted'
    return 'holds, as far as so few measurements tell' if estimate.is_vague else 'holds'
