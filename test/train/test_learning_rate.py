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

"""The learning rate rises and falls as its settings say."""

import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.config import OptimizerConfig
from sa4depth_train.learning_rate import learning_rate
import torch


def _rates(settings: OptimizerConfig, steps: int) -> list[float]:
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=settings.lr)
    schedule = learning_rate(optimizer, settings, steps)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        schedule.step()
    return rates


def test_one_cycle_rises_and_falls() -> None:
    rates = _rates(OptimizerConfig(lr=1e-3, warmup=0.2), 50)
    assert max(rates) == pytest.approx(1e-3)
    assert 5 < rates.index(max(rates)) < 15
    assert rates[-1] < 1e-6 < rates[0] < 1e-4


def test_steps_are_those_of_p2net() -> None:
    """41 epochs of 10 steps: a tenth after 26 epochs and once more after 36."""
    rates = _rates(OptimizerConfig(lr=1e-4, steps=(0.634, 0.878)), 410)
    for epoch, rate in ((0, 1e-4), (25, 1e-4), (26, 1e-5), (35, 1e-5), (36, 1e-6), (40, 1e-6)):
        assert rates[10 * epoch + 5] == pytest.approx(rate), epoch


@pytest.mark.parametrize('steps', [(0.5, 0.5), (0.8, 0.2), (0.0,), (1.0,)])
def test_steps_that_do_not_rise_are_refused(steps) -> None:
    with pytest.raises(ConfigError, match=r'steps must be in \(0, 1\) and rise'):
        OptimizerConfig(steps=steps)
