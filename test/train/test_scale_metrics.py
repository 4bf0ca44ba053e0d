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

"""Scale figures of method.md 1, planted and found again."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.scale_metrics import depth_scale, scale_figures, scale_ratios

TRUE = np.array([1.0, 0.8, 1.2, 1.0])


def test_translation_in_the_unit_of_depth_has_the_ratio_one() -> None:
    # One unit of the network is worth another length in each frame, for depth and motion alike.
    metres_per_unit = np.array([2.0, 2.5, 4.0, 3.0])
    np.testing.assert_allclose(
        scale_ratios(TRUE / metres_per_unit, TRUE, metres_per_unit), 1.0)


def test_translation_with_a_unit_of_its_own_shows() -> None:
    ratios = scale_ratios(TRUE * 0.3, TRUE, np.array([2.0, 2.5, 4.0, 3.0]))
    np.testing.assert_allclose(ratios, [0.6, 0.75, 1.2, 0.9])
    figures = scale_figures(ratios)
    assert figures['scale_median'] == pytest.approx(0.825)
    assert figures['scale_std'] == pytest.approx(np.std([0.6, 0.75, 1.2, 0.9]) / 0.825)
    assert figures['scale_spread'] == pytest.approx(1.4826 * 0.15 / 0.825)
    assert figures['scale_pairs'] == 4


def test_without_depth_ratios_are_relative_to_their_median() -> None:
    ratios = scale_ratios(TRUE * np.array([5, 5, 6, 5.0]), TRUE)
    np.testing.assert_allclose(ratios, [1, 1, 1.2, 1])
    assert scale_figures(ratios)['scale_median'] == 1


def test_pairs_that_tell_nothing_do_not_count() -> None:
    true = np.array([1.0, np.nan, 0.1, 0.0, 1.0, 1.0])
    ratios = scale_ratios(np.ones(6), true, np.array([1, 1, 1, 1, np.nan, 2.0]))
    np.testing.assert_array_equal(np.isfinite(ratios), [True, False, False, False, False, True])
    assert scale_figures(ratios)['scale_pairs'] == 2


@pytest.mark.parametrize('true', [np.full(3, np.nan), np.zeros(3)], ids=('unknown', 'standing'))
@pytest.mark.parametrize('depth', [None, np.ones(3)], ids=('no depth', 'depth'))
def test_nothing_known_is_no_number(true, depth) -> None:
    figures = scale_figures(scale_ratios(np.ones(3), true, depth))
    assert np.isnan([figures['scale_median'], figures['scale_std']]).all()
    assert figures['scale_pairs'] == 0


def test_a_network_that_stands_still_has_no_spread() -> None:
    figures = scale_figures(scale_ratios(np.zeros(4), TRUE, np.ones(4)))
    assert figures['scale_median'] == 0
    assert np.isnan(figures['scale_std'])


def test_shapes_must_fit() -> None:
    with pytest.raises(ConfigError, match='one length per frame pair'):
        scale_ratios(np.ones(3), np.ones(4))
    with pytest.raises(ConfigError, match='one length per frame pair'):
        scale_ratios(np.ones(3), np.ones(3), np.ones(2))


def test_depth_scale_is_a_ratio_of_medians_over_what_both_know() -> None:
    target = np.full((5, 5), 3.0)
    prediction = np.full((5, 5), 2.0)
    target[0], prediction[1] = 0, np.nan
    prediction[0] = 100
    assert depth_scale(prediction, target) == pytest.approx(1.5)
    target[:4] = 0
    assert np.isnan(depth_scale(prediction, target))
