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

"""The benchmarks that `sa4depth evaluate --dataset` knows."""

from collections.abc import Callable, Mapping
from pathlib import Path

from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_train.protocols.cityscapes import GUIDE as CITYSCAPES_GUIDE, open_cityscapes
from sa4depth_train.protocols.depth_set import DepthSet, Guide
from sa4depth_train.protocols.kitti_depth import (
    EIGEN_GUIDE, IMPROVED_GUIDE, open_kitti_eigen, open_kitti_improved)
from sa4depth_train.protocols.kitti_odometry import GUIDE as ODOMETRY_GUIDE
from sa4depth_train.protocols.make3d import GUIDE as MAKE3D_GUIDE, open_make3d
from sa4depth_train.protocols.nyuv2 import GUIDE as NYUV2_GUIDE, open_nyuv2

ODOMETRY = 'kitti_odometry'
GUIDES: Mapping[str, Guide] = {
    'kitti_eigen': EIGEN_GUIDE, 'kitti_eigen_improved': IMPROVED_GUIDE,
    ODOMETRY: ODOMETRY_GUIDE, 'nyuv2': NYUV2_GUIDE, 'cityscapes': CITYSCAPES_GUIDE,
    'make3d': MAKE3D_GUIDE}
_WITH_SPLIT: Mapping[str, Callable[[Path, Path | None], DepthSet]] = {
    'kitti_eigen': open_kitti_eigen, 'kitti_eigen_improved': open_kitti_improved}
_OFFICIAL: Mapping[str, Callable[[Path], DepthSet]] = {
    'nyuv2': open_nyuv2, 'cityscapes': open_cityscapes, 'make3d': open_make3d}


def open_depth_set(name: str, root: Path, split: Path | None = None) -> DepthSet:
    """
    Find the test frames of a depth benchmark under ``root``.

    ``split`` is a list of frames in place of the official ones, for the two KITTI benchmarks.
    Raises BagError, which tells how the folder must look, or ConfigError.
    """
    if name not in _WITH_SPLIT and name not in _OFFICIAL:
        raise ConfigError(f"expected one of {', '.join([*_WITH_SPLIT, *_OFFICIAL])}, got '{name}'")
    if not root.is_dir():
        raise BagError(f"--root '{root}' is no folder.\n{GUIDES[name].text()}")
    if name in _WITH_SPLIT:
        return _WITH_SPLIT[name](root, split)
    if split is not None:
        raise ConfigError(f'--split is for {" and ".join(_WITH_SPLIT)}; {name} has its official '
                          'test set in the files themselves')
    return _OFFICIAL[name](root)
