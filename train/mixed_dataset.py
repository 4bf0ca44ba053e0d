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

"""Samples of two kinds in one dataset: with depth first, then triplets."""

from typing import Any

from torch.utils.data import Dataset


class MixedDataset(Dataset[dict[str, Any]]):
    """
    The samples of a set with depth and, behind them, a number of triplets for each epoch.

    ``groups`` are the ranges of both: their samples do not fit into one batch. In every epoch the
    next of the triplets, taken in turns, are shown.
    """

    def __init__(
        self, depth: Dataset[dict[str, Any]], triplets: Dataset[dict[str, Any]], count: int,
    ) -> None:
        """Show ``count`` of ``triplets`` an epoch; both have a length and an ``epoch``."""
        self._depth: Any = depth
        self._triplets: Any = triplets
        self._count = count
        self.epoch = 0
        first = len(self._depth)
        self.groups = (range(first), range(first, first + count))

    def __len__(self) -> int:
        return len(self._depth) + self._count

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Give one sample."""
        self._depth.epoch = self._triplets.epoch = self.epoch
        if index < len(self._depth):
            sample: dict[str, Any] = self._depth[index]
            return sample
        place = self.epoch * self._count + index - len(self._depth)
        triplet: dict[str, Any] = self._triplets[place % len(self._triplets)]
        return triplet
