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

"""What counts as a difference between exported motion and that of torch."""

import math

import pytest
from sa4depth_train.motion_parity import _largest


@pytest.mark.parametrize(('errors', 'chosen', 'expected'), [
    ([1e-6, 3e-6, 2e-6], True, 3e-6),
    ([1e-6] * 10 + [2e-6, 0.1], True, 2e-6),
    ([1e-6] * 10 + [0.2, 0.1], True, 0.1),
    ([1e-6] * 10 + [2e-6, 0.1], False, 0.1)])
def test_one_choice_in_ten_may_tip(errors, chosen, expected) -> None:
    assert _largest(errors, chosen) == expected


@pytest.mark.parametrize('chosen', [True, False])
def test_no_number_always_counts(chosen) -> None:
    assert math.isnan(_largest([1e-6] * 11 + [math.nan], chosen))
    assert math.isnan(_largest([math.nan] + [1e-6] * 11, chosen))
