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

"""A mailbox with a slot for each sender, where the newest wins and nobody starves."""

from collections.abc import Callable, Sequence
import threading
import time
from typing import Generic, TypeVar

Item = TypeVar('Item')

_LONGEST_REST = 0.1


def _no_rest(_slot: str) -> float:
    return 0.0


class Mailbox(Generic[Item]):
    """
    Hands items from threads to one other; an unread item is replaced, never queued.

    Slots are served in turn: the one that was served longest ago comes first.
    """

    def __init__(self, slots: Sequence[str] = ('',)) -> None:
        self._changed = threading.Condition()
        self._turns = list(slots)
        self._items: dict[str, Item] = {}
        self._closed = False

    def put(self, item: Item, slot: str = '') -> bool:
        """Store ``item`` in its slot; True when it replaced one that nobody had taken."""
        with self._changed:
            replaced = slot in self._items
            self._items[slot] = item
            self._changed.notify()
        return replaced

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be taken any more."""
        return self._closed

    def take(
        self, most: int = 1, rest: Callable[[str], float] = _no_rest,
        patience: float = float('inf'),
    ) -> dict[str, Item]:
        """
        Wait for items and give at most ``most``, by slot.

        None once the mailbox is closed, or ``patience`` seconds have passed. ``rest`` tells for
        how many seconds a slot is not to be served yet; it may change meanwhile, so it is asked
        again and again.
        """
        end = time.monotonic() + patience
        with self._changed:
            while not self._closed and (left := end - time.monotonic()) > 0:
                rests = {slot: rest(slot) for slot in self._turns if slot in self._items}
                due = [slot for slot, seconds in rests.items() if seconds <= 0][:most]
                if due:
                    self._turns = [slot for slot in self._turns if slot not in due] + due
                    return {slot: self._items.pop(slot) for slot in due}
                waits = [*rests.values(), _LONGEST_REST] if rests else []
                self._changed.wait(min([*waits, left, threading.TIMEOUT_MAX]))
        return {}

    def close(self) -> None:
        """Wake whoever waits; nothing can be taken any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
