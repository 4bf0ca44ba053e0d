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

"""The strip of frames, depth and clouds."""

from pathlib import Path
import sys

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from walk_bag import write_walk

BENCHMARKS = Path(__file__).resolve().parents[2] / 'benchmarks'


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_frames_are_chosen_by_bag_and_number() -> None:
    from strip import Choice
    assert Choice.of('walk:12') == Choice('walk', 12)
    assert Choice.of('walk:12:a desk: far') == Choice('walk', 12, 'a desk: far')
    for wrong in ('walk', 'walk:', 'walk:x', ':3'):
        with pytest.raises(ConfigError, match='expected BAG:NUMBER'):
            Choice.of(wrong)


def test_the_colour_bar_tells_the_distances_of_the_colours() -> None:
    from sa4depth_ros.runtime.colorize import colorize
    from strip import scale_bar
    bar = scale_bar(400, 1.0, 5.0, 'm')
    ends = colorize(np.array([[1.0, 5.0]], np.float32), 1.0, 5.0)
    assert np.abs(bar[0, [0, -1]].astype(int) - ends[0]).max() <= 8


def test_a_strip_has_a_row_for_each_frame(tmp_path, monkeypatch) -> None:
    import strip
    write_walk(tmp_path / 'walk', frames=3)
    output = tmp_path / 'strip.png'
    command = ['strip.py', '--model', str(share_path(DEFAULT_MODEL)), '--bags', str(tmp_path),
               '--output', str(output)]
    monkeypatch.setattr(sys, 'argv', [*command, '--frame', 'walk:0:first', '--frame', 'walk:2'])
    strip.main()
    image = cv2.imread(str(output))
    assert image.shape[0] == 2 * (strip.HEIGHT + strip.GAP) + strip.BAR
    beside = image[:strip.HEIGHT, -strip.HEIGHT * 8 // 5:]
    # Something stands before the dark.
    assert (beside.max(-1) > 60).mean() > 0.05
    monkeypatch.setattr(sys, 'argv', [*command, '--frame', 'walk:3'])
    with pytest.raises(BagError, match='has 3 frames, got number 3'):
        strip.main()
