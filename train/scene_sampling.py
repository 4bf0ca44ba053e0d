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

"""Which frames an epoch shows: drawn by scene, not by frame."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Scenes = Mapping[str, Sequence[int]]
Numbers = NDArray[np.int64]
# So that the draws are not those with which samples are augmented.
_STREAM = 0x5CE7E


class SceneSampler:
    """
    Draws a fixed number of frames for every epoch, from seed and epoch alone.

    A share of them comes from bags, each of which has weight sqrt(its frames): a long recording
    shows more, but not in proportion to its length. The others come from rendered worlds, all of
    which have the same weight. Within a scene no frame comes twice before all have come once.
    Where one kind is missing all samples are of the other.
    """

    def __init__(
        self, bags: Scenes, worlds: Scenes, samples: int, real_share: float, seed: int,
    ) -> None:
        """Draw ``samples`` an epoch; scenes without frames are left out."""
        self._bags = [np.asarray(scene) for scene in bags.values() if len(scene)]
        self._worlds = [np.asarray(scene) for scene in worlds.values() if len(scene)]
        self._samples = samples if self._bags or self._worlds else 0
        share = real_share if self._bags and self._worlds else float(bool(self._bags))
        self._real = round(share * self._samples)
        self._seed = seed

    def __len__(self) -> int:
        return self._samples

    def of_epoch(self, epoch: int) -> Numbers:
        """Give the numbers of the frames of an epoch, those of bags first."""
        rng = np.random.default_rng((self._seed, epoch, _STREAM))
        weights = np.sqrt([len(scene) for scene in self._bags])
        drawn = [_drawn(self._bags, weights, self._real, rng),
                 _drawn(self._worlds, np.ones(len(self._worlds)), self._samples - self._real,
                        rng)]
        return np.concatenate(drawn)


def _drawn(
    scenes: Sequence[Numbers], weights: NDArray[np.float64], count: int,
    rng: np.random.Generator,
) -> Numbers:
    if not count or not scenes:
        return np.zeros(0, np.int64)
    counts = _shares(weights, count, rng)
    return np.concatenate([_of_scene(scene, number, rng)
                           for scene, number in zip(scenes, counts)])


def _shares(
    weights: NDArray[np.float64], count: int, rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Split ``count`` by weight; what rounding leaves is drawn, by its fraction."""
    exact = weights / weights.sum() * count
    whole = np.floor(exact).astype(np.int64)
    left = count - int(whole.sum())
    # Systematic sampling in random order: each scene gets its fraction in the mean.
    order = rng.permutation(len(weights))
    ends = np.cumsum((exact - whole)[order])
    marks = np.searchsorted(ends, np.arange(left) + rng.random())
    np.add.at(whole, order[np.minimum(marks, len(order) - 1)], 1)
    return whole


def _of_scene(scene: Numbers, count: int, rng: np.random.Generator) -> Numbers:
    rounds = [rng.permutation(scene) for _ in range(-(-count // len(scene)))]
    return np.concatenate([np.zeros(0, np.int64), *rounds])[:count]
