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

"""Which samples come together in which step, in all processes of a run."""

from collections.abc import Sequence

import numpy as np

Step = list[list[int]]


def batch_plan(
    groups: Sequence[range], size: int, processes: int, rng: np.random.Generator,
) -> list[Step]:
    """
    Give the steps of an epoch, each one batch of ``size`` samples per process.

    Each group is shuffled by itself; a step has samples of one group alone, in all processes.
    What does not fill a step is left out, but each group has one step at least.
    """
    steps: list[Step] = []
    for group in groups:
        order = rng.permutation(np.asarray(group))
        batches = [order[i:i + size].tolist() for i in range(0, len(order), size)]
        steps += [batches[step * processes:(step + 1) * processes]
                  for step in range(steps_of(group, size, processes))]
    return steps if len(groups) == 1 else [steps[i] for i in rng.permutation(len(steps))]


def steps_of(group: range, size: int, processes: int) -> int:
    """Count the steps that a group gives."""
    return max(1, len(group) // (size * processes))
