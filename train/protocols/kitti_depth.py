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

"""KITTI's raw data with the Eigen split: lidar as it was measured, or the improved depth."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.protocols.depth_protocol import DepthProtocol
from sa4depth_train.protocols.depth_set import (
    DepthSample, DepthSet, Guide, pinhole, read_png16, read_rgb)
from sa4depth_train.protocols.kitti_lidar import lidar_depth, read_calibration, read_scan
from sa4depth_train.protocols.kitti_split import (
    EIGEN_FRAMES, eigen_frames, KittiFrame, read_split)

EIGEN = DepthProtocol('kitti_eigen', 1e-3, 80.0, EIGEN_FRAMES, crop='garg')
# The first and last five frames of a drive have no improved depth.
IMPROVED = DepthProtocol('kitti_eigen_improved', 1e-3, 80.0, 652, crop='garg')

_WHERE = ('www.cvlibs.net/datasets/kitti/raw_data.php, "synced+rectified data" of the 28 drives '
          'of the Eigen split and the calibration of their 5 days (non-commercial licence)')
_LAYOUT = """\
ROOT/2011_09_26/calib_cam_to_cam.txt
ROOT/2011_09_26/calib_velo_to_cam.txt
ROOT/2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000000.png   (or .jpg)
ROOT/2011_09_26/2011_09_26_drive_0002_sync/velodyne_points/data/0000000000.bin"""
EIGEN_GUIDE = Guide('KITTI raw data', _WHERE, _LAYOUT)
IMPROVED_GUIDE = Guide(
    'KITTI raw data with the annotated depth maps',
    f'{_WHERE}; and www.cvlibs.net/datasets/kitti/eval_depth_all.php, "annotated depth maps data '
    'set", its train and val folders unpacked into ROOT or into ROOT/data_depth_annotated',
    _LAYOUT + """
ROOT/train/2011_09_26_drive_0009_sync/proj_depth/groundtruth/image_02/0000000005.png
ROOT/val/2011_09_26_drive_0002_sync/proj_depth/groundtruth/image_02/0000000005.png""")
_ENDINGS = ('.png', '.jpg')


def open_kitti_eigen(root: Path, split: Path | None = None) -> DepthSet:
    """
    Find the test frames of the Eigen split, or those of the list ``split``, and their scans.

    Raises BagError when one of them is missing: a part of the split would be no result.
    """
    frames = _frames(root, split, EIGEN_GUIDE)
    for frame in frames:
        if not _scan(root, frame).is_file():
            raise EIGEN_GUIDE.missing(root, str(_scan(root, frame).relative_to(root)))
    calibrate = cache(read_calibration)

    def read(index: int) -> DepthSample:
        frame = frames[index]
        calibration = calibrate(root / frame.day, frame.camera)
        rgb = _image(root, frame)
        if rgb.shape[1::-1] != calibration.size:
            raise BagError(f"'{frame.name}' is {rgb.shape[1]}x{rgb.shape[0]}, its calibration is "
                           f'for {calibration.size[0]}x{calibration.size[1]}; use images of the '
                           'original size')
        depth = lidar_depth(read_scan(_scan(root, frame)), calibration)
        return DepthSample(rgb, pinhole(calibration.P[:, :3], calibration.size), depth)

    return DepthSet(EIGEN, [frame.name for frame in frames], read)


def open_kitti_improved(root: Path, split: Path | None = None) -> DepthSet:
    """
    Find the test frames of the Eigen split, or of ``split``, that have improved depth.

    Uhrig et al. (2017): eleven scans joined, checked by stereo. Raises BagError when images are
    missing or there is no improved depth at all.
    """
    every = _frames(root, split, IMPROVED_GUIDE)
    found = [(frame, path) for frame in every if (path := _improved(root, frame)) is not None]
    if not found:
        raise IMPROVED_GUIDE.missing(root, 'improved depth of any frame')
    calibrate = cache(read_calibration)

    def read(index: int) -> DepthSample:
        frame, path = found[index]
        rgb, depth = _image(root, frame), read_png16(path).astype(np.float32) / 256
        if rgb.shape[:2] != depth.shape:
            raise BagError(f"'{frame.name}' is {rgb.shape[1]}x{rgb.shape[0]}, its depth "
                           f'{depth.shape[1]}x{depth.shape[0]}; use images of the original size')
        K = calibrate(root / frame.day, frame.camera).P[:, :3]
        return DepthSample(rgb, pinhole(K, (rgb.shape[1], rgb.shape[0])), depth)

    notes = (f'{len(every) - len(found)} of {len(every)} frames have no improved depth.',)
    return DepthSet(IMPROVED, [frame.name for frame, _ in found], read, notes)


def _frames(root: Path, split: Path | None, guide: Guide) -> Sequence[KittiFrame]:
    frames = read_split(split) if split is not None else eigen_frames()
    missing = [frame for frame in frames if _image_path(root, frame) is None]
    if missing:
        drives = sorted({frame.drive for frame in missing})
        raise guide.missing(
            root, f'{missing[0].name}.png, and {len(missing)} of {len(frames)} images in all '
                  f'(drives {", ".join(drives)})')
    return frames


def _image_path(root: Path, frame: KittiFrame) -> Path | None:
    paths = (root / f'{frame.name}{ending}' for ending in _ENDINGS)
    return next((path for path in paths if path.is_file()), None)


def _image(root: Path, frame: KittiFrame) -> NDArray[np.uint8]:
    path = _image_path(root, frame)
    assert path is not None
    return read_rgb(path)


def _scan(root: Path, frame: KittiFrame) -> Path:
    data = root / frame.day / frame.drive / 'velodyne_points' / 'data'
    return data / f'{frame.number:010d}.bin'


def _improved(root: Path, frame: KittiFrame) -> Path | None:
    inside = f'proj_depth/groundtruth/image_0{frame.camera}/{frame.number:010d}.png'
    folders = [root / top / part for top in ('', 'data_depth_annotated')
               for part in ('train', 'val')]
    paths = (folder / frame.drive / inside for folder in [*folders, root / frame.day])
    return next((path for path in paths if path.is_file()), None)
