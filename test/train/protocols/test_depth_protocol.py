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

"""Crops, caps and metrics against numbers worked out by hand."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.protocols.depth_protocol import (
    CROPS, DepthProtocol, on_target_pixels, protocol_metrics)

RULES = DepthProtocol('made', 0.1, 10.0, 1)


def test_the_garg_crop_of_kitti_is_that_of_the_papers() -> None:
    rules = DepthProtocol('kitti', 1e-3, 80.0, 697, crop='garg')
    counted = rules.counted(np.full((375, 1242), 5, np.float32))
    rows, columns = np.flatnonzero(counted.any(1)), np.flatnonzero(counted.any(0))
    assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == (153, 371, 44, 1197)
    assert counted.sum() == (371 - 153) * (1197 - 44)
    assert set(CROPS) == {'none', 'garg', 'eigen'}


def test_truth_on_the_limits_and_unknown_truth_do_not_count() -> None:
    target = np.array([[0.0, 0.1, 0.2, 9.9, 10.0, 11.0]], np.float32)
    np.testing.assert_array_equal(RULES.counted(target), [[False, False, True, True, False,
                                                           False]])


def test_metrics_of_twelve_pixels_by_hand() -> None:
    # Truth 2 m and 4 m in turn; predictions 1.1 times too far on the first, exact on the others.
    target = np.tile(np.array([2.0, 4.0], np.float32), 6)[None]
    prediction = np.tile(np.array([2.2, 4.0], np.float32), 6)[None]
    found = protocol_metrics(prediction, target, RULES, median_scaling=False)
    assert found['abs_rel'] == pytest.approx(0.05, rel=1e-5)
    assert found['sq_rel'] == pytest.approx(0.04 / 2 / 2, rel=1e-5)
    assert found['rmse'] == pytest.approx(np.sqrt(0.04 / 2), rel=1e-5)
    assert found['rmse_log'] == pytest.approx(np.log(1.1) / np.sqrt(2), rel=1e-5)
    assert found['log10'] == pytest.approx(np.log10(1.1) / 2, rel=1e-5)
    assert found['rmse_log10'] == pytest.approx(np.log10(1.1) / np.sqrt(2), rel=1e-5)
    assert found['delta1'] == 1
    assert found['median_scale'] == pytest.approx(3.0 / 3.1, rel=1e-5)
    assert found['pixels'] == 12 and found['coverage'] == 1


def test_median_scaling_makes_the_unit_meaningless_and_comes_before_the_clamp() -> None:
    rng = np.random.default_rng(0)
    target = rng.uniform(1, 9, (8, 8)).astype(np.float32)
    exact = [protocol_metrics(target * factor, target, RULES, median_scaling=True)
             for factor in (1.0, 0.01, 100.0)]
    assert [row['abs_rel'] for row in exact] == pytest.approx([0, 0, 0], abs=1e-6)
    assert exact[2]['median_scale'] == pytest.approx(0.01, rel=1e-5)
    # Unscaled, a hundredfold prediction is 10 m everywhere: the cap.
    capped = protocol_metrics(target * 100, target, RULES, median_scaling=False)
    assert capped['abs_rel'] == pytest.approx(np.mean((10 - target) / target), rel=1e-5)
    low = protocol_metrics(target * 1e-3, target, RULES, median_scaling=False)
    assert low['rmse'] == pytest.approx(np.sqrt(np.mean((target - 0.1) ** 2)), rel=1e-4)


def test_pixels_without_prediction_lower_the_coverage() -> None:
    target = np.full((4, 5), 2.0, np.float32)
    prediction = target.copy()
    prediction[0] = np.nan
    found = protocol_metrics(prediction, target, RULES, median_scaling=False)
    assert found['coverage'] == pytest.approx(0.75) and found['abs_rel'] == 0
    prediction[:3] = np.nan
    assert protocol_metrics(prediction, target, RULES, median_scaling=False) is None


def test_predictions_are_brought_to_the_pixels_of_the_truth() -> None:
    prediction = np.array([[1.0, 3.0]], np.float32).repeat(2, axis=0)
    target = np.ones((2, 4), np.float32)
    smooth = on_target_pixels(prediction, target, RULES)
    np.testing.assert_allclose(smooth[0], [1, 1.5, 2.5, 3])
    nearest = DepthProtocol('made', 0.1, 10.0, 1, nearest=True)
    np.testing.assert_array_equal(on_target_pixels(prediction, target, nearest)[0], [1, 1, 3, 3])
    assert on_target_pixels(target, target, RULES) is target


def test_impossible_rules_say_what_is_expected() -> None:
    with pytest.raises(ConfigError, match='0 < minimum < maximum.*got 0.1 and 0.05'):
        RULES.changed(max_depth=0.05)
    with pytest.raises(ConfigError, match="one of none, garg, eigen, got 'centre'"):
        RULES.changed(crop='centre')
    changed = RULES.changed(crop='garg', max_depth=50.0)
    assert (changed.crop, changed.min_depth, changed.max_depth) == ('garg', 0.1, 50.0)
