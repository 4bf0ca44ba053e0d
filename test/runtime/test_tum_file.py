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

"""TUM files: read back by evo and by ourselves."""

from pathlib import Path

import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.transform_tree import pose_matrix
from sa4depth_ros.runtime.tum_file import read_tum, write_tum

STAMPS = [1_600_000_000_000_000_001, 1_600_000_000_100_000_000]


def poses() -> np.ndarray:
    turns = np.array([[0.1, -0.2, 0.3, 0.9], [0.7, 0.1, 0.0, 0.7]])
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    places = np.array([[1, 2, 3], [-4, 0, 6.5]])
    return np.stack([pose_matrix(*both) for both in zip(turns, places)])


def test_evo_reads_what_was_written(tmp_path: Path) -> None:
    file_interface = pytest.importorskip('evo.tools.file_interface')
    write_tum(tmp_path / 'path.tum', STAMPS, poses())
    found = file_interface.read_tum_trajectory_file(tmp_path / 'path.tum')
    np.testing.assert_allclose(np.stack(found.poses_se3), poses(), atol=1e-8)
    np.testing.assert_allclose(found.timestamps, np.array(STAMPS) * 1e-9, atol=1e-6)


def test_reading_back_keeps_every_nanosecond(tmp_path: Path) -> None:
    write_tum(tmp_path / 'path.tum', STAMPS, poses())
    stamps, found = read_tum(tmp_path / 'path.tum')
    assert stamps == STAMPS
    np.testing.assert_allclose(found, poses(), atol=1e-8)


def test_a_path_without_poses_is_a_file_without_poses(tmp_path: Path) -> None:
    write_tum(tmp_path / 'path.tum', [], [])
    stamps, found = read_tum(tmp_path / 'path.tum')
    assert stamps == [] and found.shape == (0, 4, 4)


@pytest.mark.parametrize('line', ['1.5 1 2 3', 'a b c d e f g h', '1,5 1 2 3 0 0 0 1'])
def test_another_kind_of_file_is_told_from_one(tmp_path: Path, line: str) -> None:
    (tmp_path / 'path.tum').write_text(f'# a comment\n{line}\n', encoding='utf-8')
    with pytest.raises(BagError, match='line 2: expected .stamp tx ty tz qx qy qz qw.'):
        read_tum(tmp_path / 'path.tum')
