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

"""The newest messages of a stream, found by their stamps."""

from bisect import bisect_left, insort
import threading
from typing import Generic, TypeVar

Item = TypeVar('Item')

# Further back than this it is not jitter but a recording that begins anew.
_REWIND_NS = 1_000_000_000


class StampedBuffer(Generic[Item]):
    """Keeps the newest ``most`` items; one thread may put while another one asks."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: list[tuple[int, Item]] = []
        self._lock = threading.Lock()
        self.count = 0

    def put(self, stamp: int, item: Item) -> None:
        """Take an item of ``stamp`` [ns]; one far before the newest means a new start."""
        with self._lock:
            if self._items and stamp < self._items[-1][0] - _REWIND_NS:
                self._items.clear()
            insort(self._items, (stamp, item), key=lambda pair: pair[0])
            del self._items[:-self._most]
            self.count += 1

    @property
    def newest(self) -> int | None:
        """Give the last stamp [ns], None of an empty buffer."""
        with self._lock:
            return self._items[-1][0] if self._items else None

    def around(self, stamp: int) -> list[tuple[int, Item]]:
        """Give the items before and after ``stamp`` [ns] with theirs: two, one or none."""
        with self._lock:
            right = bisect_left(self._items, stamp, key=lambda pair: pair[0])
            return self._items[max(0, right - 1):right + 1]

    def near(self, stamp: int) -> tuple[int, Item] | None:
        """Give the item nearest to ``stamp`` [ns] with its own, None of an empty buffer."""
        around = self.around(stamp)
        return min(around, key=lambda pair: abs(pair[0] - stamp)) if around else None
