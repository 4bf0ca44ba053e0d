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

"""The scale of many measurements: planted, robust, with an interval that keeps its word."""

import math

import numpy as np
import pytest
from sa4depth_ros.errors import CalibrationError, FrameError
from sa4depth_ros.runtime.scale import (
    common_log_scale, independent_count, robust_scale, ScaleCollector, ScaleLimits, widened)

PLANTED = 2.5


def series(rng, count, memory, outliers=0.0, spread=0.1):
    """Give log scales whose neighbours are correlated by ``memory``, some of them wild."""
    values = [rng.standard_normal()]
    for _ in range(count - 1):
        values.append(memory * values[-1] + math.sqrt(1 - memory**2) * rng.standard_normal())
    wild = rng.random(count) < outliers
    return math.log(PLANTED) + spread * (np.array(values) + 6 * wild * rng.standard_normal(count))


@pytest.mark.parametrize(('count', 'memory', 'outliers', 'least'), [
    (40, 0.0, 0.0, 0.92), (150, 0.0, 0.1, 0.92), (150, 0.5, 0.0, 0.92), (150, 0.8, 0.1, 0.9),
    (300, 0.9, 0.0, 0.9), (12, 0.0, 0.0, 0.92)])
def test_the_interval_holds_the_truth_as_often_as_it_says(count, memory, outliers, least) -> None:
    rng, held = np.random.default_rng(0), []
    for _ in range(400):
        found = robust_scale(series(rng, count, memory, outliers), {})
        assert found.low < found.scale < found.high
        held.append(found.low <= PLANTED <= found.high)
    # 95 % of 400 trials, give or take 2.2 % (two standard deviations), is the promise.
    assert least <= np.mean(held) <= 0.99


def test_neighbours_that_are_alike_count_less() -> None:
    rng = np.random.default_rng(0)
    alone = np.mean([independent_count(series(rng, 200, 0.0)) for _ in range(50)])
    alike = np.mean([independent_count(series(rng, 200, 0.8)) for _ in range(50)])
    # In theory (1 - 0.8) / (1 + 0.8) of 200.
    assert alone > 160
    assert 12 < alike < 40
    found = robust_scale(np.linspace(0, 0.2, 30), {})
    assert found.is_vague
    assert independent_count(np.zeros(7)) == 7


def test_wild_ones_do_not_move_it() -> None:
    values = np.full(21, math.log(PLANTED))
    values[::3] = 5
    found = robust_scale(values, {})
    assert found.scale == pytest.approx(PLANTED)
    assert (found.used, found.spread) == (21, 0)


def test_too_few_names_what_was_refused() -> None:
    collector = ScaleCollector()
    for cause in ('still', 'tracks', 'still'):
        collector.refuse(FrameError(f'because of {cause}', cause))
    collector.refuse(FrameError('tf came late', 'tracks'))
    collector.add(0.0)
    with pytest.raises(CalibrationError, match=(
            r'at least 5 usable.*got 1; refused were 2 x still, the last: because of still; '
            r'2 x tracks, the last: tf came late')):
        collector.estimate()


def test_disagreement_says_how_large() -> None:
    collector = ScaleCollector(ScaleLimits(spread=0.2))
    for value in series(np.random.default_rng(0), 200, 0, spread=0.5):
        collector.add(value)
    with pytest.raises(CalibrationError, match=r'differs by 6\d%.*200 .*allowed are 20%.*2\.'):
        collector.estimate()


def test_another_shape_in_most_frames_is_refused() -> None:
    collector = ScaleCollector()
    for value in np.zeros(6):
        collector.add(value)
    assert collector.estimate().scale == 1
    for _ in range(7):
        with pytest.raises(FrameError, match='varies by') as error:
            common_log_scale(np.linspace(-2, 2, 99))
        collector.refuse(error.value)
    with pytest.raises(CalibrationError, match='in 7 frames, more than the 6 usable ones'):
        collector.estimate()


def test_a_common_error_widens() -> None:
    one = robust_scale([math.log(PLANTED)], {})
    assert math.isnan(one.low)
    found = widened(one, 0.05)
    assert found.high / found.scale == pytest.approx(math.exp(0.098), rel=1e-4)
    both = widened(found, 0.05)
    assert both.scale / both.low == pytest.approx(math.exp(0.098 * math.sqrt(2)), rel=1e-4)
