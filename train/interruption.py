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

"""Ctrl-C and termination: the step in progress ends first."""

import signal
import time
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# A launcher passes on what the terminal has sent already: one Ctrl-C, two signals.
_SAME_SECONDS = 1.0


class Interruption:
    """
    Notes SIGINT and SIGTERM in ``requested`` while it is entered.

    A second signal, a second or more after the first, does not wait: KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.requested = False
        self._first = 0.0

    def __enter__(self) -> 'Interruption':
        """Take the signals over."""
        self._before = {number: signal.signal(number, self.on_signal) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Handle one signal."""
        now = time.monotonic()
        if self.requested and now - self._first >= _SAME_SECONDS:
            raise KeyboardInterrupt
        if not self.requested:
            self.requested, self._first = True, now
