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

"""The Eigen split as facts, and lists of frames in both forms."""

import hashlib

import pytest
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_train.protocols.kitti_split import (
    EIGEN_FRAMES, eigen_frames, KittiFrame, read_split)


def test_the_split_has_the_published_numbers() -> None:
    frames = eigen_frames()
    assert len(frames) == len(set(frames)) == EIGEN_FRAMES == 697
    drives = {frame.drive for frame in frames}
    assert len(drives) == 28
    counts = {drive: sum(frame.drive == drive for frame in frames) for drive in drives}
    assert counts.pop('2011_09_26_drive_0048_sync') == 22
    assert set(counts.values()) == {25}
    # What the published list of names hashes to, sorted: SfMLearner's test_files_eigen.txt.
    names = '\n'.join(sorted(f'{frame.name}.png' for frame in frames))
    assert hashlib.sha256(names.encode()).hexdigest() == (
        '3b49639f41e4325fc92ab44664c988aec169acf52f5f0a8eeb81399d9fdb9e13')


def test_lists_in_both_forms(tmp_path) -> None:
    path = tmp_path / 'list.txt'
    path.write_text(
        '2011_09_26/2011_09_26_drive_0002_sync 0000000069 l\n\n'
        '2011_09_26/2011_09_26_drive_0002_sync 54 r\n'
        '2011_09_26/2011_09_26_drive_0002_sync/image_03/data/0000000042.png x/y.png 721.5\n',
        encoding='utf-8')
    drive = ('2011_09_26', '2011_09_26_drive_0002_sync')
    assert read_split(path) == [
        KittiFrame(*drive, 69, 2), KittiFrame(*drive, 54, 3), KittiFrame(*drive, 42, 3)]
    assert read_split(path)[0].name == (
        '2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000069')


def test_another_line_is_named(tmp_path) -> None:
    path = tmp_path / 'list.txt'
    path.write_text('2011_09_26/2011_09_26_drive_0002_sync 1 l\nhello\n', encoding='utf-8')
    with pytest.raises(ConfigError, match="line 2: expected .* got 'hello'"):
        read_split(path)
    path.write_text('\n', encoding='utf-8')
    with pytest.raises(ConfigError, match='is empty'):
        read_split(path)
    with pytest.raises(BagError, match='cannot read the list of frames'):
        read_split(tmp_path / 'none.txt')
