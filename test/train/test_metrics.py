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

"""Metrics against numbers worked out by hand."""

import numpy as np
import pytest
from sa4depth_train.metrics import depth_metrics, METRICS, summarize


def test_metrics_by_hand() -> None:
    target = np.full((4, 5), 2.0, np.float32)
    prediction = np.full((4, 5), 2.0, np.float32)
    prediction[:2] = 3.0
    result = depth_metrics(prediction, target)
    assert result is not None
    assert result['abs_rel'] == pytest.approx(0.25)
    assert result['sq_rel'] == pytest.approx(0.25)
    assert result['rmse'] == pytest.approx(np.sqrt(0.5))
    assert result['rmse_log'] == pytest.approx(np.sqrt(0.5) * np.log(1.5))
    assert result['log10'] == pytest.approx(0.5 * np.log10(1.5))
    assert (result['delta1'], result['delta2'], result['delta3']) == (0.5, 1.0, 1.0)
    assert result['median_scale'] == pytest.approx(2.0 / 2.5)
    # Scaled by 0.8 the halves are 1.6 and 2.4: both wrong by a fifth.
    assert result['scaled_abs_rel'] == pytest.approx(0.2)
    assert result['coverage'] == 1.0


def test_a_pure_scale_error_vanishes_when_scaled() -> None:
    target = np.random.default_rng(0).uniform(1, 5, (10, 10))
    result = depth_metrics(target * 3, target)
    assert result['abs_rel'] == pytest.approx(2.0)
    assert result['scaled_abs_rel'] == pytest.approx(0, abs=1e-12)
    assert result['median_scale'] == pytest.approx(1 / 3)


def test_invalid_pixels_do_not_count() -> None:
    target = np.full((10, 10), 2.0)
    target[0] = (0, np.nan, np.inf, -1, 0, 0, 0, 0, 0, 0)
    prediction = np.full((10, 10), 2.0)
    prediction[0] = 100
    prediction[1] = (np.nan, np.inf, -np.inf, 0, -1, np.nan, np.nan, np.nan, np.nan, 2)
    result = depth_metrics(prediction, target)
    assert result['abs_rel'] == 0
    assert result['coverage'] == pytest.approx(81 / 90)


def test_too_few_pixels_are_no_measurement() -> None:
    target = np.zeros((10, 10))
    target.flat[:9] = 1
    assert depth_metrics(np.ones((10, 10)), target) is None


def test_frames_count_alike_and_scale_consistency_is_relative() -> None:
    target = np.full((10, 10), 2.0)
    frames = [depth_metrics(target * factor, target) for factor in (1.0, 0.5, 0.25)]
    result = summarize(frames)
    assert result['abs_rel'] == pytest.approx(np.mean([0, 0.5, 0.75]))
    assert result['median_scale'] == 2.0
    assert result['scale_consistency'] == pytest.approx(np.std([1, 2, 4]) / 2)
    assert result['frames'] == 3
    assert {*METRICS, *(f'scaled_{name}' for name in METRICS)} <= set(result)


def test_a_depth_range_that_is_too_small_is_told_from_a_wrong_scale() -> None:
    rng = np.random.default_rng(0)
    frames = []
    for far in (4.0, 10.0, 30.0):
        # Near things are right, and the deeper the scene the more the far ones are off.
        target = np.where(rng.random((40, 40)) < 0.6, 1.0, far) * rng.uniform(0.99, 1.01, (40, 40))
        frames.append(depth_metrics(np.sqrt(target), target))
    result = summarize(frames)
    assert result['depth_range'] == pytest.approx(0.5)
    assert result['near_consistency'] < 0.01
    squeezed = depth_metrics(3 * target ** 0.8, target)
    assert squeezed['depth_range'] == pytest.approx(0.8)
    flat = np.full((10, 10), 2.0)
    assert 'depth_range' not in summarize([depth_metrics(flat, flat)])


def test_no_frames_give_no_figures() -> None:
    assert summarize([]) == {'frames': 0.0}
