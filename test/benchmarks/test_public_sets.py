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

"""Samples in public repositories: read at their commit, depth brought to the image, refusals."""

from dataclasses import replace
from pathlib import Path
import subprocess
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError

BENCHMARKS = Path(__file__).resolve().parents[2] / 'benchmarks'
SIZE = (64, 48)


@pytest.fixture
def sets(monkeypatch):
    """Give the benchmark's module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import public_sets
    return public_sets


def metres(number: int) -> np.ndarray:
    """Give a slope from 1 to 3 m, half a metre more with each frame, unknown in a corner."""
    depth = np.linspace(1, 3, SIZE[0])[None].repeat(SIZE[1], 0) + 0.5 * number
    depth[:5, :6] = 0
    return depth


def git(folder: Path, *command: str) -> str:
    """Run git in a folder, as somebody."""
    return subprocess.run(
        ['git', '-C', str(folder), '-c', 'user.name=a', '-c', 'user.email=a@b', *command],
        check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def public_set(sets, tmp_path):
    """Make a repository of frames 1, 2 and 10, the last of them dark; a later commit is empty."""
    folder = tmp_path / 'rooms'
    for name in ('rgb', 'depth'):
        (folder / name).mkdir(parents=True)
    for number in (1, 2, 10):
        picture = np.full((SIZE[1], SIZE[0], 3), 20 if number == 10 else 100 + number, np.uint8)
        steps = np.rint(metres(number) * 1000).astype(np.uint16)
        steps[steps == steps[0, 0]] = 65535 if number == 1 else 0
        cv2.imwrite(str(folder / 'rgb' / f'{number}.png'), picture)
        cv2.imwrite(str(folder / 'depth' / f'd{number}.png'), steps)
    git(tmp_path, 'init', '--quiet', str(folder))
    git(folder, 'add', '.')
    git(folder, 'commit', '--quiet', '-m', 'frames')
    commit = git(folder, 'rev-parse', 'HEAD')
    git(folder, 'rm', '--quiet', '-r', '.')
    git(folder, 'commit', '--quiet', '-m', 'gone')
    files = sets.Files('somebody/rooms', commit, r'rgb/.*', r'depth/.*')
    return sets.PublicSet('rooms', (files,), sets.Calibration((60.0, 60.0, 31.5, 23.5)))


class Oracle:
    """Gives the true depth, twice as large, of the frame that an image shows."""

    def estimate(self, rgb, camera):
        assert (camera.width, camera.height, camera.K[0, 0]) == (*SIZE, 60)
        number = 10 if rgb[0, 0, 0] == 20 else int(rgb[0, 0, 0]) - 100
        return SimpleNamespace(depth=(2 * metres(number)).astype(np.float32), unit='m',
                               color=lambda: rgb)


def test_pictures_meet_their_depth_at_that_commit(sets, public_set, tmp_path) -> None:
    found = sets.measure(Oracle(), public_set, tmp_path)
    assert found['frames'] == 3
    assert found['abs_rel'] == pytest.approx(1, abs=1e-3)
    assert found['scaled_abs_rel'] == pytest.approx(0, abs=1e-3)
    assert found['median_scale'] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(('change', 'frames'), [
    ({'every': 2}, 2), ({'brightness': 60}, 2), ({'max_depth': 1.9}, 1)])
def test_frames_that_do_not_count(sets, public_set, tmp_path, change, frames) -> None:
    assert sets.measure(Oracle(), replace(public_set, **change), tmp_path)['frames'] == frames


def test_depth_of_a_sensor_aside_is_brought_to_the_image(sets, public_set) -> None:
    plane = np.full((SIZE[1], SIZE[0]), 2000, np.uint16)
    sensor = sets.DepthSensor(sets.Calibration((30.0, 30.0, 31.5, 23.5)), 0.21)
    seen = sets.in_metres(plane, replace(public_set, sensor=sensor))
    rows, columns = np.nonzero(seen)
    np.testing.assert_allclose(seen[rows, columns], 2)
    # Twice as long a lens sees half of them, and 0.21 m to the right is 6.3 of its pixels.
    assert columns.min() in (0, 1) and columns.max() in (62, 63)
    assert len(set(columns)) == pytest.approx(SIZE[0] / 2, abs=1)
    assert set(columns) == {int(np.rint((u - 31.5) * 2 + 31.5 + 6.3)) for u in range(SIZE[0])
                            if 0 <= np.rint((u - 31.5) * 2 + 31.5 + 6.3) < SIZE[0]}


def test_what_is_missing_is_named(sets, public_set, tmp_path) -> None:
    with pytest.raises(BagError, match='expected a clone of https://github.com/somebody/rooms'):
        sets.measure(Oracle(), public_set, tmp_path / 'elsewhere')
    files = public_set.files[0]
    for changed, message in ((replace(files, depth='none/.*'), 'got 3 and 0'),
                             (replace(files, depth=r'depth/d1\..*'), 'got 3 and 1'),
                             (replace(files, commit='0' * 40), 'expected a clone')):
        with pytest.raises(BagError, match=message):
            sets.measure(Oracle(), replace(public_set, files=(changed,)), tmp_path)
    colour = replace(files, depth=files.color)
    with pytest.raises(BagError, match='expected depth of 16 bits, got uint8'):
        sets.measure(Oracle(), replace(public_set, files=(colour,)), tmp_path)


def test_the_table_has_a_row_for_each_set_and_the_mean(sets) -> None:
    figures = dict.fromkeys(sets.COLUMNS.values(), 0.5) | {'frames': 7}
    text = sets.table({'a': figures | {'scaled_abs_rel': 0.1},
                       'b': figures | {'scaled_abs_rel': 0.2}})
    assert '| b | 7 | 0.500 | 0.200 | 0.500 |' in text
    assert text.endswith('Mean of the 2 sets, AbsRel scaled: 0.150.')
    assert len({of.title for of in sets.SETS}) == len(sets.SETS)
