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

"""Velodyne scans of KITTI's raw data on the pixels of its cameras."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError

Matrix = NDArray[np.float64]
# Beside the camera a point may project anywhere; what is cut here is no pixel of any image.
_FAR_OUTSIDE = 1e6


@dataclass(frozen=True, eq=False)
class KittiCalibration:
    """
    What projects the lidar of one day into one rectified camera.

    ``P`` (3, 4) of the rectified camera; ``lidar_to_image`` (3, 4) takes lidar points
    (forward, left, up, 1) to it; ``size`` (width, height) of its images.
    """

    P: Matrix
    lidar_to_image: Matrix
    size: tuple[int, int]


def read_calibration(day: Path, camera: int) -> KittiCalibration:
    """
    Read ``calib_cam_to_cam.txt`` and ``calib_velo_to_cam.txt`` of a day's folder.

    ``camera`` is 0 to 3. Raises BagError when a file or an entry is missing.
    """
    cameras = read_values(day / 'calib_cam_to_cam.txt')
    lidar = read_values(day / 'calib_velo_to_cam.txt')
    rectify, lidar_to_camera = np.eye(4), np.eye(4)
    # The rectifying rotation is that of camera 0, whose frame the lidar is calibrated to.
    rectify[:3, :3] = _entry(cameras, 'R_rect_00', (3, 3), day)
    lidar_to_camera[:3, :3] = _entry(lidar, 'R', (3, 3), day)
    lidar_to_camera[:3, 3] = _entry(lidar, 'T', (3,), day)
    P = _entry(cameras, f'P_rect_0{camera}', (3, 4), day)
    width, height = _entry(cameras, f'S_rect_0{camera}', (2,), day)
    return KittiCalibration(P, P @ rectify @ lidar_to_camera, (int(width), int(height)))


def read_scan(path: Path) -> NDArray[np.float32]:
    """Read the points (N, 3) [m] of one scan, forward, left and up; BagError if impossible."""
    try:
        values = np.fromfile(path, dtype='<f4')
    except OSError as error:
        raise BagError(f"cannot read the lidar scan '{path}': {error}") from error
    if not values.size or values.size % 4:
        raise BagError(f"the lidar scan '{path}' has {values.size} numbers; expected x, y, z and "
                       'reflectance of each point, unpack the file again')
    return values.reshape(-1, 4)[:, :3]


def lidar_depth(points: NDArray[np.float32], calibration: KittiCalibration) -> NDArray[np.float32]:
    """
    Project a scan (N, 3) into the image: (h, w) metres, the nearest point of each pixel, else 0.

    As all papers since Godard et al. (2017) do, so that figures can be compared: the depth is
    the *lidar's* forward coordinate, about 0.27 m more than the camera's, points behind the
    lidar are left out, and projected coordinates are rounded and lowered by one, as KITTI's
    MATLAB tools count pixels from one.
    """
    width, height = calibration.size
    ahead = points[points[:, 0] >= 0].astype(np.float64)
    projected = np.column_stack([ahead, np.ones(len(ahead))]) @ calibration.lidar_to_image.T
    before = projected[:, 2] > 0
    projected, forward = projected[before], ahead[before, 0]
    pixels = np.round(projected[:, :2] / projected[:, 2:])
    u, v = np.clip(pixels, -_FAR_OUTSIDE, _FAR_OUTSIDE).astype(int).T - 1
    inside = (u >= 0) & (v >= 0) & (u < width) & (v < height)
    u, v, forward = u[inside], v[inside], forward[inside]
    depth = np.zeros((height, width), dtype=np.float32)
    # Of points that fall on one pixel the last one written stays: the nearest.
    order = np.argsort(-forward, kind='stable')
    depth[v[order], u[order]] = forward[order]
    return depth


def read_values(path: Path) -> dict[str, NDArray[np.float64]]:
    """Read ``name: number number ...`` of a calibration file; entries of text are left out."""
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BagError(f"cannot read the calibration '{path}': {error}") from error
    values = {}
    for line in lines:
        name, _, rest = line.partition(':')
        try:
            values[name.strip()] = np.array([float(word) for word in rest.split()])
        except ValueError:
            continue
    return values


def _entry(
    values: dict[str, NDArray[np.float64]], name: str, shape: tuple[int, ...], day: Path,
) -> Matrix:
    found = values.get(name)
    if found is None or found.size != int(np.prod(shape)):
        raise BagError(f"the calibration in '{day}' lacks {name} with {int(np.prod(shape))} "
                       f'numbers; got {"nothing" if found is None else found.size}')
    return found.reshape(shape)
