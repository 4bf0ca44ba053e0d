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

"""Paths as text files of the TUM RGB-D benchmark: stamp tx ty tz qx qy qz qw, a line a pose."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.body_frame import quaternion
from sa4depth_ros.runtime.transform_tree import pose_matrix

Matrix = NDArray[np.float64]


def write_tum(path: Path, stamps: Sequence[int], poses: Iterable[Matrix]) -> None:
    """Write poses (4, 4) in metres at ``stamps`` [ns], as evo and most tools read them."""
    lines = []
    for stamp, T in zip(stamps, poses):
        seconds, nanoseconds = divmod(stamp, 1_000_000_000)
        numbers = ' '.join(f'{value:.9f}' for value in (*T[:3, 3], *quaternion(T[:3, :3])))
        lines.append(f'{seconds}.{nanoseconds:09d} {numbers}\n')
    path.write_text('# stamp tx ty tz qx qy qz qw\n' + ''.join(lines), encoding='utf-8')


def read_tum(path: Path) -> tuple[list[int], Matrix]:
    """Give the stamps [ns] and poses (N, 4, 4) of a file; BagError when it is no such file."""
    stamps, poses = [], []
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith('#'):
            continue
        try:
            stamp, pose = _read_line(words)
        except ValueError as error:
            raise BagError(f"{path}, line {number}: expected 'stamp tx ty tz qx qy qz qw', got "
                           f"'{line[:80]}'") from error
        stamps.append(stamp)
        poses.append(pose)
    return stamps, np.stack(poses) if poses else np.empty((0, 4, 4))


def nanoseconds_of(stamp: str) -> int:
    """Read decimal seconds exactly, as nanoseconds; ValueError when they are no number."""
    # A float64 has no room for nanoseconds since 1970.
    seconds, _, fraction = stamp.partition('.')
    return int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, '0'))


def _read_line(words: Sequence[str]) -> tuple[int, Matrix]:
    stamp, x, y, z, *rotation = words
    nanoseconds = nanoseconds_of(stamp)
    turn = np.array(rotation, np.float64)
    if turn.shape != (4,):
        raise ValueError
    return nanoseconds, pose_matrix(turn / np.linalg.norm(turn),
                                    np.array([x, y, z], np.float64))
