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

"""Timings: what is counted, and when it ends."""

from collections.abc import Callable

import pytest
from sa4depth_ros.runtime.latency import measure


def stopwatch(seconds: list[float]) -> tuple[Callable[[], None], Callable[[], float]]:
    """Make work that takes these times one after the other, and the clock that shows it."""
    now = [0.0]
    rest = iter(seconds)

    def work() -> None:
        now[0] += next(rest)

    return work, lambda: now[0]


def test_the_warm_up_is_not_counted() -> None:
    work, clock = stopwatch([9.0, 9.0, 9.0, *[1.0] * 18, 3.0, 3.0])
    latency = measure(work, 20, clock=clock, seconds=100.0)
    assert (latency.median, latency.repeats) == (1.0, 20)
    assert latency.p95 == pytest.approx(3.0, abs=0.2)


def test_slow_work_ends_after_its_time_but_not_before_five_runs() -> None:
    work, clock = stopwatch([10.0] * 100)
    assert measure(work, 90, clock=clock, seconds=20.0).repeats == 5
    work, clock = stopwatch([1.0] * 100)
    assert measure(work, 90, clock=clock, seconds=20.0).repeats == 20


def test_one_run_is_enough_when_one_is_wanted() -> None:
    work, clock = stopwatch([1.0, 2.0])
    latency = measure(work, 1, clock=clock)
    assert (latency.median, latency.p95, latency.repeats) == (2.0, 2.0, 1)
