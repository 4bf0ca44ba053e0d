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

"""KITTI's folders, its lidar in the image, and what is said about a folder that is another."""

from made_benchmarks import DAY, DRIVE, LIDAR_TO_CAMERA, Raw
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.protocols.catalog import open_depth_set
from sa4depth_train.protocols.kitti_lidar import lidar_depth, read_calibration, read_scan

SIZE = (40, 24)
K = np.array([[30.0, 0, 19.0], [0, 30.0, 11.0], [0, 0, 1]])


@pytest.fixture
def raw(tmp_path) -> Raw:
    raw = Raw(tmp_path, K, SIZE)
    raw.write_calibration()
    return raw


@pytest.fixture
def split(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text(''.join(f'{DAY}/{DRIVE} {n} l\n' for n in (3, 7)), encoding='utf-8')
    return path


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)


def slow_depth_map(points: np.ndarray, P: np.ndarray) -> np.ndarray:
    """Project point by point, as the evaluation code of the papers is described to do."""
    depth = np.zeros(SIZE[::-1])
    for x, y, z in points:
        if x < 0:
            continue
        seen = P @ LIDAR_TO_CAMERA @ (x, y, z, 1)
        if seen[2] <= 0:
            continue
        u, v = round(seen[0] / seen[2]) - 1, round(seen[1] / seen[2]) - 1
        if 0 <= u < SIZE[0] and 0 <= v < SIZE[1] and (depth[v, u] == 0 or x < depth[v, u]):
            depth[v, u] = x
    return depth


def test_a_scan_projects_as_point_by_point(raw) -> None:
    rng = np.random.default_rng(1)
    # All around the car: behind it, beside it, and many points on the same pixels.
    points = rng.uniform((-20, -8, -3), (40, 8, 3), (4000, 3)).astype(np.float32)
    P = np.hstack([K, K[:, :1] * raw.baseline])
    expected = slow_depth_map(points.astype(np.float64), P)
    found = lidar_depth(points, read_calibration(raw.root / DAY, 2))
    assert (expected > 0).sum() > 200
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_depth_is_the_forward_coordinate_of_the_lidar(raw) -> None:
    points = raw.points_at(np.array([5.0, 30.0]), np.array([6.0, 20.0]), np.array([10.0, 4.0]))
    found = lidar_depth(points.astype(np.float32), read_calibration(raw.root / DAY, 2))
    assert found[6, 5] == pytest.approx(10.27, rel=1e-5)
    assert found[20, 30] == pytest.approx(4.27, rel=1e-5)
    assert (found > 0).sum() == 2


def test_frames_of_a_list_with_their_scans(raw, split) -> None:
    for number in (3, 7):
        raw.write_frame(number, picture(number), raw.points_at(
            np.array([8.0]), np.array([9.0]), np.array([5.0 + number])))
    found = open_depth_set('kitti_eigen', raw.root, split)
    assert found.protocol.crop == 'garg' and len(found.names) == 2
    sample = found.read(1)
    np.testing.assert_array_equal(sample.rgb, picture(7))
    np.testing.assert_allclose(sample.camera.P, K)
    assert sample.target[9, 8] == pytest.approx(12.27, rel=1e-5)
    assert np.count_nonzero(sample.target) == 1


def test_improved_depth_where_there_is_any(raw, split) -> None:
    for number in (3, 7):
        raw.write_frame(number, picture(), None)
    depth = np.zeros(SIZE[::-1])
    depth[10, 11:13] = 0.5, 63.25
    raw.write_improved(7, depth, 'train')
    found = open_depth_set('kitti_eigen_improved', raw.root, split)
    assert list(found.names) == [f'{DAY}/{DRIVE}/image_02/data/0000000007']
    assert found.notes == ('1 of 2 frames have no improved depth.',)
    np.testing.assert_array_equal(found.read(0).target, depth)
    np.testing.assert_allclose(found.read(0).camera.K, K)


def test_a_missing_file_says_where_to_get_it_and_how_the_folder_must_look(raw, split) -> None:
    raw.write_frame(3, picture(), np.ones((1, 3)))
    with pytest.raises(BagError) as caught:
        open_depth_set('kitti_eigen', raw.root, split)
    for part in ('0000000007.png', '1 of 2 images', DRIVE, 'cvlibs.net', 'ROOT/2011_09_26/calib'):
        assert part in str(caught.value)
    raw.write_frame(7, picture(), None)
    with pytest.raises(BagError, match=r'velodyne_points/data/0000000007\.bin is not there'):
        open_depth_set('kitti_eigen', raw.root, split)
    with pytest.raises(BagError, match='improved depth of any frame is not there(.|\n)*annotated'):
        open_depth_set('kitti_eigen_improved', raw.root, split)
    with pytest.raises(BagError, match='of 697 images in all'):
        open_depth_set('kitti_eigen', raw.root)
    with pytest.raises(BagError, match='is no folder(.|\n)*The folder must look so'):
        open_depth_set('kitti_eigen', raw.root / 'nowhere')


def test_damaged_files_are_named(raw, split) -> None:
    for number in (3, 7):
        raw.write_frame(number, picture(), np.ones((1, 3)))
    scan = raw.drive / 'velodyne_points' / 'data' / '0000000003.bin'
    scan.write_bytes(b'12345678')
    with pytest.raises(BagError, match='has 2 numbers'):
        read_scan(scan)
    calibration = raw.root / DAY / 'calib_cam_to_cam.txt'
    text = calibration.read_text(encoding='utf-8')
    calibration.write_text(text.replace('P_rect_02', 'P_rect_01'), encoding='utf-8')
    with pytest.raises(BagError, match='lacks P_rect_02 with 12 numbers; got nothing'):
        open_depth_set('kitti_eigen', raw.root, split).read(1)
    calibration.write_text(text.replace(f'{SIZE[0]:e}', '41'), encoding='utf-8')
    with pytest.raises(BagError, match='is 40x24, its calibration is for 41x24'):
        open_depth_set('kitti_eigen', raw.root, split).read(1)
