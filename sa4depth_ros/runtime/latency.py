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

"""How long something takes, again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

_WARM_UP = 3
_FEWEST = 5


@dataclass(frozen=True)
class Latency:
    """Seconds of one run: ``median`` and 95th percentile of ``repeats`` runs."""

    median: float
    p95: float
    repeats: int


def measure(
    work: Callable[[], object], repeats: int, *, seconds: float = 20.0,
    clock: Callable[[], float] = perf_counter,
) -> Latency:
    """
    Run ``work`` ``repeats`` times after a short warm-up and give its latency.

    Ends sooner, but never before five runs, when ``seconds`` are over.
    """
    for _ in range(min(_WARM_UP, repeats)):
        work()
    times: list[float] = []
    begin = clock()
    while len(times) < repeats and (len(times) < _FEWEST or clock() - begin < seconds):
        start = clock()
        work()
        times.append(clock() - start)
    median, high = np.percentile(times, (50, 95))
    return Latency(float(median), float(high), len(times))
