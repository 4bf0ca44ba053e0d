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

"""KITTI's odometry benchmark: sequences of images with true poses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.protocols.depth_set import Guide
from sa4depth_train.protocols.kitti_lidar import read_values

# Networks train on 00 to 08; these are what papers report.
SEQUENCES = ('09', '10')
GUIDE = Guide(
    'the KITTI odometry benchmark',
    'www.cvlibs.net/datasets/kitti/eval_odometry.php: odometry data set (color), calibration '
    'files and ground truth poses (non-commercial licence)', """\
ROOT/sequences/09/image_2/000000.png   (or .jpg)
ROOT/sequences/09/calib.txt
ROOT/sequences/09/times.txt
ROOT/poses/09.txt""")


@dataclass(frozen=True, eq=False)
class KittiSequence:
    """
    A sequence of the left colour camera.

    ``images`` N files; ``K`` (3, 3); ``poses`` (N, 4, 4) T_camera2world in metres, of this
    very camera; ``seconds`` (N,).
    """

    name: str
    images: Sequence[Path]
    K: NDArray[np.float64]
    poses: NDArray[np.float64]
    seconds: NDArray[np.float64]


def open_kitti_sequence(root: Path, name: str) -> KittiSequence:
    """
    Read one sequence, '00' to '10'; BagError when it is missing or its parts do not fit.

    The published poses are of the left grey camera; they are carried to the colour camera.
    """
    folder, poses = root / 'sequences' / name, root / 'poses' / f'{name}.txt'
    images = sorted(p for p in (folder / 'image_2').glob('*') if p.suffix in ('.png', '.jpg'))
    if not images:
        raise GUIDE.missing(root, f'sequences/{name}/image_2/*.png')
    for path in (folder / 'calib.txt', folder / 'times.txt', poses):
        if not path.is_file():
            raise GUIDE.missing(root, str(path.relative_to(root)))
    projection = read_values(folder / 'calib.txt').get('P2', np.empty(0))
    if projection.size != 12:
        raise BagError(f"'{folder / 'calib.txt'}' has no P2 of 12 numbers; unpack the calibration "
                       'files of the odometry benchmark')
    P = projection.reshape(3, 4)
    rows, seconds = _table(poses, 12), _table(folder / 'times.txt', 1)[:, 0]
    if not len(images) == len(rows) == len(seconds):
        raise BagError(f"sequence {name} under '{root}' has {len(images)} images, {len(rows)} "
                       f'poses and {len(seconds)} times; unpack all of it again')
    grey = np.tile(np.eye(4), (len(rows), 1, 1))
    grey[:, :3] = rows.reshape(-1, 3, 4)
    color_to_grey = np.eye(4)
    color_to_grey[:3, 3] = -np.linalg.solve(P[:, :3], P[:, 3])
    return KittiSequence(name, images, P[:, :3], grey @ color_to_grey, seconds)


def _table(path: Path, columns: int) -> NDArray[np.float64]:
    try:
        values = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise BagError(f"cannot read '{path}': {error}") from error
    if values.shape[1] != columns:
        raise BagError(f"'{path}' has {values.shape[1]} numbers a line; expected {columns}")
    return values
