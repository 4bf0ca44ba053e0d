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

"""Which image and which depth are of one moment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar('Item')

# Stamps may jitter; further back than this it is a bag that begins anew.
_REWIND_NS = 100_000_000
_MOST_WAITING = 32
_MOST_BYTES = 100_000_000
_LEAST_WAITING = 4


@dataclass(frozen=True, eq=False)
class _Waiting(Generic[Item]):
    stamp: int
    item: Item
    size: int


class StampPairs(Generic[Item]):
    """
    Pairs the items of two streams by their stamps; what is older than a pair is left out.

    Items that wait for the other stream are few, and of limited size in all.
    """

    def __init__(self, tolerance: Callable[[], float]) -> None:
        """Take pairs whose stamps differ by up to ``tolerance`` seconds."""
        self._tolerance = tolerance
        self._sides: tuple[list[_Waiting[Item]], list[_Waiting[Item]]] = ([], [])
        self._newest = [0, 0]

    def put(self, side: int, stamp: int, item: Item, size: int = 0) -> tuple[Item, Item] | None:
        """
        Take an item of stream ``side`` (0 or 1), ``stamp`` in ns and of ``size`` bytes.

        Gives the pair that it completes, that of stream 0 first.
        """
        if stamp < self._newest[side] - _REWIND_NS:
            self._sides[side].clear()
        self._newest[side] = stamp
        other = self._nearest(1 - side, stamp)
        if other is None:
            self._wait(side, _Waiting(stamp, item, size))
            return None
        for waiting, paired in ((self._sides[side], stamp), (self._sides[1 - side], other.stamp)):
            waiting[:] = [each for each in waiting if each.stamp > paired]
        return (item, other.item) if side == 0 else (other.item, item)

    def gap(self) -> float | None:
        """Give the least difference in seconds between what waits on both sides, if anything."""
        differences = [abs(a.stamp - b.stamp) for a in self._sides[0] for b in self._sides[1]]
        return 1e-9 * min(differences) if differences else None

    def _nearest(self, side: int, stamp: int) -> _Waiting[Item] | None:
        waiting = self._sides[side]
        nearest = min(waiting, key=lambda each: abs(each.stamp - stamp), default=None)
        if nearest is None or abs(nearest.stamp - stamp) > 1e9 * self._tolerance():
            return None
        return nearest

    def _wait(self, side: int, new: _Waiting[Item]) -> None:
        waiting = self._sides[side]
        waiting.append(new)
        total = sum(each.size for each in waiting)
        while len(waiting) > _MOST_WAITING or (
                total > _MOST_BYTES and len(waiting) > _LEAST_WAITING):
            total -= waiting.pop(0).size
