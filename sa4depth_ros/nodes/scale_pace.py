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

"""How often the scale is measured: for a calibration, or beside the robot's work."""

from collections.abc import Callable
import time
from typing import Protocol

# By stamps, so that a recording may be played at any speed. Nearer frames say the same again;
# followed points need many.
_PERIOD_NS = {'depth': 240_000_000, 'lidar': 240_000_000, 'odometry': 45_000_000}


class Pace(Protocol):
    """Decides which frames are measured."""

    def wants(self, stamp: int) -> bool:
        """Tell whether to measure the frame of ``stamp`` [ns]; asked once for each."""
        ...

    def done(self, seconds: float, complete: bool) -> bool:
        """Note what a frame has cost; True when a rest begins."""
        ...


class EnoughFrames:
    """As many frames as tell something new."""

    def __init__(self, kind: str) -> None:
        self._period = _PERIOD_NS[kind]
        self._last: int | None = None

    def wants(self, stamp: int) -> bool:
        """Tell whether enough time has passed since the last one, by stamps."""
        if self._last is not None and 0 <= stamp - self._last < self._period:
            return False
        self._last = stamp
        return True

    def done(self, seconds: float, complete: bool) -> bool:
        """Take no rest."""
        return False


class FewFrames:
    """
    One measurement in a period, or fewer where that would take too much of a CPU core.

    Followed points need a run of frames for one; then the rest is as much longer.
    """

    def __init__(
        self, period: Callable[[], float], share: float = 0.02,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take in ``share`` the part of a core that may be used."""
        self._period = period
        self._share = share
        self._clock = clock
        self._due = clock()
        self._begun = self._due
        self._spent = 0.0

    def wants(self, stamp: int) -> bool:
        """Tell whether the rest is over."""
        return self._clock() >= self._due

    def done(self, seconds: float, complete: bool) -> bool:
        """Note the cost; rest once a measurement is complete."""
        if self._spent == 0:
            self._begun = self._clock() - seconds
        self._spent += seconds
        if complete:
            self._due = self._begun + max(self._period(), self._spent / self._share)
            self._spent = 0.0
        return complete
