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

"""Small folders in the official layouts of public benchmarks, with truth that is known."""

from dataclasses import dataclass, field
import json
from pathlib import Path

import cv2
import numpy as np

DAY = '2011_09_26'
DRIVE = f'{DAY}_drive_0005_sync'
# Extrinsics like those of KITTI: axes turned, the lidar above and behind the camera.
LIDAR_TO_CAMERA = np.array([[0.0, -1.0, 0.0, 0.02], [0.0, 0.0, -1.0, -0.08],
                            [1.0, 0.0, 0.0, -0.27], [0.0, 0.0, 0.0, 1.0]])


@dataclass
class Raw:
    """A folder of KITTI raw data: ``K`` of its camera, lidar ``scans`` by frame number."""

    root: Path
    K: np.ndarray
    size: tuple[int, int]
    baseline: float = 0.06
    scans: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def drive(self) -> Path:
        return self.root / DAY / DRIVE

    def write_calibration(self) -> None:
        self.drive.mkdir(parents=True, exist_ok=True)
        P = np.hstack([self.K, self.K[:, :1] * self.baseline])
        (self.root / DAY / 'calib_cam_to_cam.txt').write_text(
            'calib_time: 09-Jan-2012 13:57:47\ncorner_dist: 9.950000e-02\n'
            f'S_rect_02: {self.size[0]:e} {self.size[1]:e}\n'
            f'R_rect_00: {_numbers(np.eye(3))}\nP_rect_02: {_numbers(P)}\n', encoding='utf-8')
        (self.root / DAY / 'calib_velo_to_cam.txt').write_text(
            f'calib_time: 15-Mar-2012 11:37:16\nR: {_numbers(LIDAR_TO_CAMERA[:3, :3])}\n'
            f'T: {_numbers(LIDAR_TO_CAMERA[:3, 3])}\n', encoding='utf-8')

    def write_frame(self, number: int, rgb: np.ndarray, points: np.ndarray | None) -> None:
        """Write an image and a scan of ``points`` (N, 3) in the lidar's frame."""
        image = self.drive / 'image_02' / 'data' / f'{number:010d}.png'
        image.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(image), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        if points is None:
            return
        scan = self.drive / 'velodyne_points' / 'data' / f'{number:010d}.bin'
        scan.parent.mkdir(parents=True, exist_ok=True)
        self.scans[number] = points
        np.column_stack([points, np.full(len(points), 0.5)]).astype('<f4').tofile(scan)

    def write_improved(self, number: int, depth: np.ndarray, part: str = 'val') -> None:
        path = (self.root / part / DRIVE / 'proj_depth' / 'groundtruth' / 'image_02'
                / f'{number:010d}.png')
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.round(depth * 256).astype(np.uint16))

    def points_at(self, u: np.ndarray, v: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Give lidar points (N, 3) that the reader puts at pixels u, v, z ahead of the camera."""
        # The reader counts pixels from one, as KITTI's tools do.
        rays = np.linalg.inv(self.K) @ np.stack([u + 1, v + 1, np.ones_like(u)])
        points = np.vstack([rays * z, np.ones_like(z)])
        points[0] -= self.baseline
        return (np.linalg.inv(LIDAR_TO_CAMERA) @ points)[:3].T


def write_odometry(root: Path, name: str, images: list[np.ndarray], poses: np.ndarray,
                   K: np.ndarray, baseline: float = 0.06) -> None:
    """Write a sequence of the odometry benchmark; ``poses`` are of the left grey camera."""
    folder = root / 'sequences' / name
    (folder / 'image_2').mkdir(parents=True)
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / 'image_2' / f'{number:06d}.png'), image)
    P2 = np.hstack([K, K[:, :1] * baseline])
    (folder / 'calib.txt').write_text(
        f'P0: {_numbers(np.hstack([K, np.zeros((3, 1))]))}\nP2: {_numbers(P2)}\n',
        encoding='utf-8')
    (folder / 'times.txt').write_text(
        ''.join(f'{0.1 * n:e}\n' for n in range(len(images))), encoding='utf-8')
    (root / 'poses').mkdir(exist_ok=True)
    (root / 'poses' / f'{name}.txt').write_text(
        ''.join(f'{_numbers(pose[:3])}\n' for pose in poses), encoding='utf-8')


def write_nyuv2(root: Path, images: np.ndarray, depths: np.ndarray, test: list[int]) -> None:
    """Write the labelled data set: ``images`` (N, 480, 640, 3), ``depths`` (N, 480, 640)."""
    import h5py
    from scipy.io import savemat
    with h5py.File(root / 'nyu_depth_v2_labeled.mat', 'w') as file:
        file['images'] = images.transpose(0, 3, 2, 1)
        file['depths'] = depths.transpose(0, 2, 1).astype(np.float32)
    savemat(root / 'splits.mat', {'testNdxs': np.array(test)[:, None], 'trainNdxs': [[1]]})


def write_cityscapes(root: Path, name: str, rgb: np.ndarray, disparity: np.ndarray) -> None:
    """Write one test frame, ``disparity`` (1024, 2048) in pixels, 0 where unknown."""
    city = name.partition('_')[0]
    stored = np.where(disparity > 0, np.round(disparity * 256) + 1, 0).astype(np.uint16)
    for kind, picture in (('leftImg8bit', rgb[..., ::-1]), ('disparity', stored)):
        folder = root / kind / 'test' / city
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f'{name}_{kind}.png'), picture)
    folder = root / 'camera' / 'test' / city
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f'{name}_camera.json').write_text(json.dumps({
        'extrinsic': {'baseline': 0.2, 'pitch': 0.03}, 'intrinsic': {
            'fx': 2260.0, 'fy': 2250.0, 'u0': 1096.0, 'v0': 513.0}}), encoding='utf-8')


def write_make3d(root: Path, name: str, rgb: np.ndarray, grid: np.ndarray) -> None:
    """Write one test frame; ``grid`` (55, 305) metres."""
    from scipy.io import savemat
    for folder in ('Test134', 'Gridlaserdata'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / 'Test134' / f'img-{name}.jpg'), rgb[..., ::-1],
                [cv2.IMWRITE_JPEG_QUALITY, 100])
    position = np.zeros((55, 305, 4))
    position[..., 3] = grid
    savemat(root / 'Gridlaserdata' / f'depth_sph_corr-{name}.mat', {'Position3DGrid': position})


def _numbers(values: np.ndarray) -> str:
    return ' '.join(f'{value:.12e}' for value in np.asarray(values).reshape(-1))
