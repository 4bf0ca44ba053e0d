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

"""A message of a stream, and when it came."""

from dataclasses import dataclass
from typing import Any

from sa4depth_ros.nodes.conversions import nanoseconds

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
