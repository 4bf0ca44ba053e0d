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

"""Frames of several kinds of sources under one numbering."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from sa4depth_train.bag_index import unique_name
from sa4depth_train.frame import Frame

Parts = Mapping[str, Sequence[int]]


class FrameSet(Protocol):
    """
    Frames by number, from 0.

    ``train_of`` and ``heldout`` hold numbers of frames in order of time: per scene (a bag, a
    rendered world) those to train on, and per measured part those that are only measured.
    """

    train_of: Parts
    heldout: Parts

    def __len__(self) -> int:
        """Count all frames."""

    def __getitem__(self, index: int) -> Frame:
        """Give one frame."""


class JoinedFrames:
    """Several frame sets, one behind the other, as one; equal names get _2, _3, ..."""

    def __init__(self, sets: Sequence[FrameSet]) -> None:
        self._sets = list(sets)
        self._starts = list(accumulate((len(part) for part in sets), initial=0))
        self.train_of = self._joined([part.train_of for part in sets])
        self.heldout = self._joined([part.heldout for part in sets])

    def _joined(self, parts: Sequence[Parts]) -> dict[str, list[int]]:
        result: dict[str, list[int]] = {}
        for start, part in zip(self._starts, parts):
            for name, indices in part.items():
                result[unique_name(name, result)] = [start + index for index in indices]
        return result

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> Frame:
        """Give one frame."""
        number = bisect_right(self._starts, index) - 1
        return self._sets[number][index - self._starts[number]]
