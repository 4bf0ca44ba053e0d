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

"""Counts, rates and latencies of a stream of frames."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import threading
import time

import numpy as np

WINDOW = 5.0
"""Seconds that rates and latencies look back."""
_MOST_FRAMES = 1024


@dataclass(frozen=True)
class Snapshot:
    """What a stream did: totals since the start, the rest within the last WINDOW seconds."""

    uptime: float
    frames_in: int
    frames_out: int
    restarts: int
    dropped: Mapping[str, int]
    rate_in: float
    rate_out: float
    is_idle: bool
    recent_drops: Mapping[str, int]
    last_problem: str
    latency: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Median and 95th percentile in seconds of each part."""


class FrameStatistics:
    """Counts what happens to frames; any thread may report, memory is bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._begin = clock()
        self._frames_in = self._frames_out = self._restarts = 0
        self._dropped: Counter[str] = Counter()
        self._last_problem = ''
        self._is_idle = False
        self._clear()

    def arrived(self) -> None:
        """Count a frame that came in."""
        with self._lock:
            self._frames_in += 1
            self._arrivals.append(self._clock())

    def dropped(self, cause: str, problem: str = '') -> None:
        """Count a frame that was not worked on; ``problem`` says what was wrong with it."""
        with self._lock:
            self._dropped[cause] += 1
            self._drops.append((self._clock(), cause))
            self._last_problem = problem or self._last_problem

    def idle(self) -> None:
        """Note a frame that nobody wanted."""
        with self._lock:
            self._is_idle = True

    def published(self, latency: Mapping[str, float]) -> None:
        """Count a frame that went out; ``latency`` has its parts in seconds."""
        with self._lock:
            self._frames_out += 1
            self._is_idle = False
            self._latencies.append((self._clock(), dict(latency)))

    def restart(self) -> None:
        """Forget rates and latencies, as the stream began anew (a bag loops)."""
        with self._lock:
            self._restarts += 1
            self._clear()

    def snapshot(self) -> Snapshot:
        """Give all figures as of now."""
        with self._lock:
            now = self._clock()
            since = now - WINDOW
            length = max(min(WINDOW, now - self._window_begin), 1e-3)
            outs = [parts for when, parts in self._latencies if when >= since]
            return Snapshot(
                uptime=now - self._begin, frames_in=self._frames_in, frames_out=self._frames_out,
                restarts=self._restarts, dropped=dict(self._dropped),
                rate_in=sum(when >= since for when in self._arrivals) / length,
                rate_out=len(outs) / length,
                is_idle=self._is_idle,
                recent_drops=Counter(cause for when, cause in self._drops if when >= since),
                last_problem=self._last_problem, latency=_percentiles(outs))

    def _clear(self) -> None:
        self._window_begin = self._clock()
        self._arrivals: deque[float] = deque(maxlen=_MOST_FRAMES)
        self._drops: deque[tuple[float, str]] = deque(maxlen=_MOST_FRAMES)
        self._latencies: deque[tuple[float, dict[str, float]]] = deque(maxlen=_MOST_FRAMES)


def _percentiles(frames: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    names = dict.fromkeys(name for parts in frames for name in parts)
    result = {}
    for name in names:
        median, high = np.percentile([p[name] for p in frames if name in p], (50, 95))
        result[name] = (float(median), float(high))
    return result
