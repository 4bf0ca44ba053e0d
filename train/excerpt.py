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

"""Which frames of a recording are measured."""

from dataclasses import dataclass

from sa4depth_ros.errors import BagError


@dataclass(frozen=True)
class Excerpt:
    """
    The frames from the fraction ``start`` in [0, 1) on, or those of ``frames`` (first, stop).

    ``frames`` counts from 0 and ``stop`` is the first frame left out, as in Python.
    """

    start: float = 0.0
    frames: tuple[int, int] | None = None

    def of(self, count: int, bag: str) -> range:
        """Give the numbers out of ``count`` frames of ``bag``; BagError when it has too few."""
        if self.frames is None:
            # As in BagFrames, so that the part that training held out is exactly this one.
            return range(count - round(count * (1 - self.start)), count)
        first, stop = self.frames
        if not 0 <= first < stop <= count:
            raise BagError(f"bag '{bag}' has {count} frames; expected 0 <= A < B <= {count} for "
                           f'frames A:B, got {first}:{stop}')
        return range(first, stop)
