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

"""Which samples meet in a step: all of one group, none twice, alike in all processes."""

import numpy as np
from sa4depth_train.batch_plan import batch_plan, steps_of


def test_one_group_is_its_permutation_in_slices() -> None:
    plan = batch_plan([range(10)], 3, 1, np.random.default_rng((4, 2)))
    order = np.random.default_rng((4, 2)).permutation(10)
    assert plan == [[order[0:3].tolist()], [order[3:6].tolist()], [order[6:9].tolist()]]


def test_steps_of_several_groups_are_pure_and_shuffled() -> None:
    groups = (range(40), range(40, 64))
    plan = batch_plan(groups, 2, 2, np.random.default_rng(0))
    assert len(plan) == sum(steps_of(group, 2, 2) for group in groups) == 10 + 6
    kinds = []
    for step in plan:
        assert [len(batch) for batch in step] == [2, 2]
        of_second = {index >= 40 for batch in step for index in batch}
        assert len(of_second) == 1
        kinds += of_second
    assert kinds.count(True) == 6
    assert kinds not in (sorted(kinds), sorted(kinds, reverse=True))
    assert sorted(index for step in plan for batch in step for index in batch) == [*range(64)]


def test_a_group_that_fills_no_step_has_one() -> None:
    assert steps_of(range(3), 8, 1) == 1
    plan = batch_plan((range(16), range(16, 19)), 8, 1, np.random.default_rng(0))
    assert sorted(len(step[0]) for step in plan) == [3, 8, 8]
