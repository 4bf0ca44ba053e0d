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

"""
A recording with depth as a folder of KITTI raw data, to check the path of the lidar by.

Each measured pixel becomes a lidar point with the extrinsics of KITTI's first day, each frame an
image and a scan. They are read back, and what returns is compared with the recording.

    python benchmarks/kitti_folder.py --bag ../shared/bags/kitti_raw_0005 --output kitti_folder
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.data_config import DataConfig
from sa4depth_train.protocols.kitti_lidar import (
    KittiCalibration, lidar_depth, read_calibration, read_scan)
from sa4depth_train.protocols.kitti_split import KittiFrame

DAY, DRIVE = '2011_09_26', '2011_09_26_drive_0005_sync'
# Calibration of 2011_09_26: the lidar in the frame of camera 0, and its rectifying rotation.
_R = np.array([[7.533745e-03, -9.999714e-01, -6.166020e-04],
               [1.480249e-02, 7.280733e-04, -9.998902e-01],
               [9.998621e-01, 7.523790e-03, 1.480755e-02]])
_T = np.array([-4.069766e-03, -7.631618e-02, -2.717806e-01])
_RECTIFY = np.array([[9.999239e-01, 9.837760e-03, -7.445048e-03],
                     [-9.869795e-03, 9.999421e-01, -4.278459e-03],
                     [7.402527e-03, 4.351614e-03, 9.999631e-01]])


def write_folder(bag: BagIndex, root: Path) -> list[tuple[int, int, float]]:
    """
    Write all frames of a bag that have depth, and ``frames.txt`` that lists them.

    Gives, of each frame, its pixels with depth, how many of them came back on the same pixel,
    and the median difference [m] of the lidar's depth to the camera's.
    """
    entries = [(n, frame) for n, frame in enumerate(bag.frames) if frame.depth is not None]
    if not entries:
        raise BagError(f"bag '{bag.path}' has no depth; choose one with a depth topic")
    result, frames = [], []
    for number, entry in entries:
        rgb, depth = bag.read_image(entry), bag.read_depth(entry)
        camera = bag.camera(entry, (rgb.shape[1], rgb.shape[0]))
        assert depth is not None and depth.shape == rgb.shape[:2] and camera.is_rectified
        if not frames:
            _write_calibration(root / DAY, camera.K, (camera.width, camera.height))
        frames.append(KittiFrame(DAY, DRIVE, number))
        _write_image(root, frames[-1], rgb)
        scan = _write_scan(root, frames[-1], lidar_points(depth, camera.K))
        result.append(_returned(depth, scan, read_calibration(root / DAY, 2)))
    lines = ''.join(f'{f.day}/{f.drive} {f.number} l\n' for f in frames)
    (root / 'frames.txt').write_text(lines, encoding='utf-8')
    return result


def lidar_points(depth: NDArray[np.float32], K: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the points (N, 3) [m], in the lidar's frame, of all pixels with depth (h, w)."""
    v, u = np.nonzero(depth > 0)
    # The protocol counts pixels from one.
    rays = np.linalg.inv(K) @ np.stack([u + 1.0, v + 1.0, np.ones(len(u))])
    in_camera = np.linalg.inv(_RECTIFY) @ (rays * depth[v, u])
    return np.linalg.solve(_R, in_camera - _T[:, None]).T


def _returned(
    depth: NDArray[np.float32], scan: Path, calibration: KittiCalibration,
) -> tuple[int, int, float]:
    found, true = lidar_depth(read_scan(scan), calibration), depth > 0
    both = true & (found > 0)
    return int(true.sum()), int(both.sum()), float(np.median(found[both] - depth[both]))


def _write_calibration(day: Path, K: NDArray[np.float64], size: tuple[int, int]) -> None:
    day.mkdir(parents=True, exist_ok=True)
    P = np.hstack([K, np.zeros((3, 1))])
    (day / 'calib_cam_to_cam.txt').write_text(
        f'S_rect_02: {size[0]} {size[1]}\nR_rect_00: {_row(_RECTIFY)}\nP_rect_02: {_row(P)}\n',
        encoding='utf-8')
    (day / 'calib_velo_to_cam.txt').write_text(f'R: {_row(_R)}\nT: {_row(_T)}\n',
                                               encoding='utf-8')


def _write_image(root: Path, frame: KittiFrame, rgb: NDArray[np.uint8]) -> None:
    path = root / f'{frame.name}.png'
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)):
        raise BagError(f"cannot write '{path}'; is the folder writable?")


def _write_scan(root: Path, frame: KittiFrame, points: NDArray[np.float64]) -> Path:
    folder = root / frame.day / frame.drive / 'velodyne_points' / 'data'
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'{frame.number:010d}.bin'
    np.column_stack([points, np.zeros(len(points))]).astype('<f4').tofile(path)
    return path


def _row(values: NDArray[np.float64]) -> str:
    return ' '.join(f'{value:.9e}' for value in values.reshape(-1))


def main() -> None:
    """Write the folder and say what came back."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--bag', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    args = parser.parse_args()
    bag = BagIndex(args.bag, DataConfig())
    pixels, back, ahead = (np.array(column) for column in zip(*write_folder(bag, args.output)))
    bag.close()
    print(f'{len(pixels)} frames: {back.sum()} of {pixels.sum()} pixels with depth came back on '
          f"their pixel; the lidar's depth is {np.median(ahead):.3f} m more (median)")
    print(f'{args.output}: --split {args.output / "frames.txt"}')


if __name__ == '__main__':
    main()
