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

"""The log-binomial against the distribution itself."""

import math

import numpy as np
import pytest
from sa4depth_ros.networks.log_binomial import LogBinomial
import torch

BINS = 9


def _probabilities(x, y):
    logits = LogBinomial(BINS)(torch.tensor(x).view(1, 1, 1, 1),
                               torch.tensor(y).view(1, 1, 1, 1))
    return torch.softmax(logits[0, :, 0, 0].double(), 0).numpy()


def _heat(y):
    """Give the temperature at the place sigmoid(y) between 0.0212 and 50 in log space."""
    place = 1 / (1 + math.exp(-y))
    return 0.0212 ** (1 - place) * 50 ** place


@pytest.mark.parametrize('x', [-3.0, 0.2, 2.5])
@pytest.mark.parametrize('y', [-1.0, 0.0, 1.5])
def test_it_is_the_binomial_distribution_over_a_temperature(x, y) -> None:
    q, n = 1 / (1 + math.exp(-x)), BINS - 1
    logs = [math.log(math.comb(n, k) * q ** k * (1 - q) ** (n - k)) for k in range(BINS)]
    powers = np.exp(np.array(logs) / _heat(y))
    np.testing.assert_allclose(_probabilities(x, y), powers / powers.sum(), rtol=1e-4)


def test_at_temperature_one_it_has_the_binomials_mean() -> None:
    # y where the temperature is 1.
    place = math.log(1 / 0.0212) / math.log(50 / 0.0212)
    found = _probabilities(0.7, math.log(place / (1 - place)))
    mean = (BINS - 1) / (1 + math.exp(-0.7))
    assert float((np.arange(BINS) * found).sum()) == pytest.approx(mean, rel=1e-4)


def test_extreme_numbers_choose_one_bin_and_stay_numbers() -> None:
    for x, bin_ in ((1e4, BINS - 1), (-1e4, 0)):
        for y in (-100.0, 100.0):
            found = _probabilities(x, y)
            assert np.isfinite(found).all()
            assert found.argmax() == bin_
