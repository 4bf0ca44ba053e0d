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

"""Excerpts of recordings."""

import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.excerpt import Excerpt


def test_a_fraction_gives_the_end_of_the_recording() -> None:
    assert Excerpt().of(10, 'walk') == range(10)
    assert Excerpt(0.8).of(300, 'walk') == range(240, 300)
    assert Excerpt(0.75).of(10, 'walk') == range(8, 10)


def test_numbers_give_exactly_those_frames() -> None:
    assert Excerpt(frames=(150, 180)).of(180, 'corridor') == range(150, 180)
    assert Excerpt(frames=(0, 1)).of(180, 'corridor') == range(1)


@pytest.mark.parametrize('frames', [(150, 181), (5, 5), (6, 5), (-1, 5)])
def test_frames_that_the_recording_lacks_are_an_error(frames) -> None:
    with pytest.raises(BagError, match="'corridor' has 180 frames; expected 0 <= A < B <= 180"):
        Excerpt(frames=frames).of(180, 'corridor')
