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

"""What a tally counts, and which pictures it keeps."""

import numpy as np
import pytest
from sa4depth_train.depth_tally import DepthTally, quantiles, STRIP_ROWS, WORST
from sa4depth_train.metrics import depth_metrics
from sa4depth_train.report import Picture

COLOR = np.zeros((6, 8, 3), np.uint8)
TARGET = np.linspace(1, 4, 48, dtype=np.float32).reshape(6, 8)


def picture(factor: float, name: str = '') -> Picture:
    return Picture(COLOR, TARGET, TARGET * np.float32(factor), name=name)


def test_series_have_each_picture_from_time_zero_on() -> None:
    tally = DepthTally(3, 0.1, 10)
    for number, factor in enumerate((1.5, 0.8, 1.0)):
        tally.add(picture(factor), 'm', 100.0 + number / 4)
    result = tally.result('bag', 7)
    series = result.series
    np.testing.assert_allclose(series.places, (0, 0.25, 0.5))
    np.testing.assert_allclose(series.frames['abs_rel'], (0.5, 0.2, 0.0), atol=1e-6)
    np.testing.assert_allclose(series.frames['median_scale'], (1 / 1.5, 1 / 0.8, 1), rtol=1e-5)
    assert (result.bag, result.first_frame, result.unit) == ('bag', 7, 'm')
    assert result.metrics['abs_rel'] == pytest.approx(0.7 / 3, abs=1e-6)
    known = series.plain.by_depth.pixels > 0
    np.testing.assert_allclose(series.plain.by_depth.bias[known], 0.3 / 3, atol=1e-6)
    np.testing.assert_allclose(series.scaled.by_depth.error[known], 0, atol=1e-6)


def test_without_a_unit_only_scaled_errors_are_told() -> None:
    tally = DepthTally(2, 0.1, 10, axis='picture')
    tally.add(picture(70), 'relative')
    tally.add(picture(90), 'relative')
    result = tally.result('set')
    assert result.series.plain is None
    np.testing.assert_array_equal(result.series.places, (0, 1))
    assert all(shown.scaled for shown in [*result.pictures, *result.worst])
    np.testing.assert_allclose(result.worst[0].prediction, TARGET, rtol=1e-5)
    assert set(quantiles(result.series)) == {
        'scaled_abs_rel', 'scaled_delta1', 'median_scale', 'coverage'}


def test_the_worst_are_from_different_stretches() -> None:
    tally = DepthTally(120, 0.1, 10)
    errors = np.full(120, 0.01)
    errors[[20, 21, 22, 70, 119]] = 0.5, 0.9, 0.6, 0.4, 0.7
    for number, error in enumerate(errors):
        tally.add(picture(1 + error, f'frame {number}'), 'm')
    result = tally.result('bag')
    assert [p.name for p in result.worst] == ['frame 21', 'frame 119', 'frame 70']
    assert len(result.worst) == WORST
    assert [p.name for p in result.pictures] == [
        f'frame {n}' for n in np.linspace(0, 119, STRIP_ROWS).round().astype(int)]
    assert quantiles(result.series)['abs_rel'] == pytest.approx(
        np.quantile(errors, (0, 0.1, 0.5, 0.9, 1)), abs=1e-6)


def test_what_cannot_be_compared_is_shown_but_does_not_count() -> None:
    tally = DepthTally(2, 0.1, 10)
    nothing = Picture(COLOR, 0 * TARGET, TARGET)
    tally.add(nothing, 'm')
    alone = tally.result('bag')
    assert alone.series is None and alone.metrics == {'frames': 0.0} and not alone.worst
    tally.add(picture(1.1), 'm')
    result = tally.result('bag')
    assert result.metrics['frames'] == 1 and len(result.pictures) == 2
    assert result.pictures[0] is nothing


def test_metrics_of_another_protocol_are_taken_as_they_are() -> None:
    tally = DepthTally(1, 0.1, 10)
    metrics = depth_metrics(TARGET, TARGET) | {'abs_rel': 0.123}
    tally.add(picture(1.0), 'm', metrics=metrics)
    assert tally.result('set').metrics['abs_rel'] == 0.123
