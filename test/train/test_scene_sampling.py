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

"""Epochs drawn by scene: how much of each, and the same again from the same seed."""

from collections import Counter

import numpy as np
import pytest
from sa4depth_train.scene_sampling import SceneSampler

BAGS = {'long': range(900), 'short': range(900, 1000), 'measured_only': range(0)}
WORLDS = {f'w{i}': range(1000 + 10 * i, 1010 + 10 * i) for i in range(20)}


def sampler(samples: int = 200, share: float = 0.4, seed: int = 0) -> SceneSampler:
    return SceneSampler(BAGS, WORLDS, samples, share, seed)


def counts(numbers: np.ndarray) -> tuple[int, int, Counter]:
    worlds = Counter((numbers[numbers >= 1000] - 1000) // 10)
    return int((numbers < 900).sum()), int(((numbers >= 900) & (numbers < 1000)).sum()), worlds


def test_shares_are_as_asked_for() -> None:
    numbers = sampler().of_epoch(0)
    assert len(numbers) == len(sampler()) == 200
    long, short, worlds = counts(numbers)
    # 80 from bags, as 30 : 10; 120 from 20 worlds.
    assert (long, short) == (60, 20)
    assert set(worlds.values()) == {6}
    assert len(worlds) == 20


def test_no_frame_comes_twice_before_all_have_come() -> None:
    numbers = sampler(2000, 0.4).of_epoch(3)
    long, short, worlds = counts(numbers)
    assert (long, short) == (600, 200)
    times = Counter(numbers.tolist())
    assert {times[i] for i in range(900) if i in times} == {1}
    assert {times[i] for i in range(900, 1000)} == {2}
    assert {times[i] for i in range(1000, 1200)} == {6}


def test_an_epoch_follows_from_seed_and_number_alone() -> None:
    one, other = sampler(), sampler()
    later = one.of_epoch(5)
    assert not np.array_equal(later, one.of_epoch(4))
    assert np.array_equal(later, other.of_epoch(5))
    assert not np.array_equal(later, sampler(seed=1).of_epoch(5))


def test_few_samples_reach_every_world_in_the_end() -> None:
    few = sampler(10, 0.5)
    seen = Counter()
    for epoch in range(400):
        _, _, worlds = counts(few.of_epoch(epoch))
        assert sum(worlds.values()) == 5
        seen += worlds
    # 400 epochs of 5 draws from 20 worlds.
    assert len(seen) == 20
    assert 70 < min(seen.values()) <= max(seen.values()) < 130


@pytest.mark.parametrize(('bags', 'worlds', 'real'), [(BAGS, {}, 50), ({}, WORLDS, 0)])
def test_one_kind_alone_gives_all(bags, worlds, real) -> None:
    numbers = SceneSampler(bags, worlds, 50, 0.4, 0).of_epoch(0)
    assert int((numbers < 1000).sum()) == real
    assert len(numbers) == 50


def test_without_frames_there_are_no_samples() -> None:
    empty = SceneSampler({'a': []}, {}, 50, 0.4, 0)
    assert len(empty) == len(empty.of_epoch(0)) == 0
