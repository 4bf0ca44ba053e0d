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

"""Log lines that cannot flood."""

from collections.abc import Callable
import time
from typing import Any


class ThrottledLog:
    """
    Writes each kind of message at most once a period, and says how many were left out.

    rclpy's own throttling goes by the line of code, so one kind of trouble would hide another
    that is logged at the same place, and by a clock that may be simulated.
    """

    def __init__(
        self, logger: Any, period: float = 5.0, clock: Callable[[], float] = time.monotonic,
        prefix: str = '',
    ) -> None:
        """Begin every line with ``prefix``."""
        self._logger = logger
        self._period = period
        self._clock = clock
        self._prefix = prefix
        self._last: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def warn(self, kind: str, message: str) -> None:
        """Warn of ``message`` unless its kind was logged within the period."""
        text = self._due(kind, message)
        if text:
            self._logger.warning(text)

    def error(self, kind: str, message: str) -> None:
        """Log ``message`` as an error unless its kind was logged within the period."""
        text = self._due(kind, message)
        if text:
            self._logger.error(text)

    def _due(self, kind: str, message: str) -> str:
        now = self._clock()
        if now - self._last.get(kind, -self._period) < self._period:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return ''
        self._last[kind] = now
        left_out = self._left_out.pop(kind, 0)
        count = f' ({left_out} more like it since)' if left_out else ''
        return f'{self._prefix}{message}{count}'
