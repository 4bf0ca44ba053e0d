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

"""Wrong engines are told from those that merely round differently."""

import numpy as np
import pytest
from sa4depth_ros.errors import ModelError
from sa4depth_ros.runtime.self_check import check, compare

TRUTH = np.random.default_rng(0).uniform(0.5, 8, (48, 64)).astype(np.float32)


def test_figures_are_relative_to_the_reference() -> None:
    found = TRUTH.copy()
    found[0, 0] *= 1.5
    found[1] *= 0.9
    parity = compare(found, TRUTH)
    assert parity.mean == pytest.approx((0.5 + 64 * 0.1) / TRUTH.size, rel=1e-4)
    assert parity.largest == pytest.approx(0.5, rel=1e-5)
    assert parity.p99 == pytest.approx(0.1, rel=1e-4)
    assert parity.not_finite == 0
    assert compare(2 * TRUTH, TRUTH).scale == pytest.approx(2)


@pytest.mark.parametrize(('precision', 'noise'), [('fp32', 1e-3), ('fp16', 5e-3), ('int8', 0.02)])
def test_rounding_passes(precision, noise) -> None:
    found = TRUTH * (1 + noise * np.random.default_rng(1).uniform(-1, 1, TRUTH.shape))
    assert check(found.astype(np.float32), TRUTH, precision, 'engine').mean < noise


@pytest.mark.parametrize('precision', ['fp32', 'fp16', 'int8'])
@pytest.mark.parametrize(('wrong', 'figure'), [
    (1.1 * TRUTH, r'change of the median 10\.0'),
    (TRUTH[:, ::-1], r'mean difference \d+'),
    (np.where(np.arange(64) < 8, 2 * TRUTH, TRUTH), r'99th percentile 100\.0'),
    (np.where(np.arange(64) < 1, np.nan, TRUTH), r'that are no number 1\.56%, at most 0\.0'),
    (np.full_like(TRUTH, np.nan), 'mean difference inf'),
    (np.zeros_like(TRUTH), 'mean difference 100')])
def test_wrong_maps_are_refused_by_the_figure_that_is_wrong(precision, wrong, figure) -> None:
    with pytest.raises(ModelError, match=f'the engine fails the self-check .*{figure}'):
        check(np.asarray(wrong, np.float32), TRUTH, precision, 'the engine')


def test_pixels_without_a_reference_do_not_count() -> None:
    truth = TRUTH.copy()
    truth[0], truth[1] = np.inf, 0
    found = truth.copy()
    found[:2] = 7
    assert compare(found, truth).largest == 0
    assert np.isinf(compare(found, np.full_like(found, np.nan)).mean)


def test_another_size_is_refused() -> None:
    with pytest.raises(ModelError, match=r'shape \(48, 64\), .* got \(48, 32\)'):
        compare(TRUTH[:, :32], TRUTH)
