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

"""What the demo makes of recorded odometry: files that evo reads, the error, a picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from sa4depth_ros.cli import demo_trajectory
from sa4depth_ros.cli.demo_report import summarise, table
from sa4depth_ros.cli.demo_trajectory import trajectory_summary
from sa4depth_ros.cli.trajectory_picture import OURS, TRUTH
from sa4depth_ros.runtime.body_frame import OPTICAL_TO_BODY
from sa4depth_ros.runtime.tum_file import read_tum, write_tum
from walk_bag import walk_poses, write_walk

FRAMES, IMAGE = 12, '/cam/image_raw'
RECORDED = [(1000 + number) * 10**8 for number in range(FRAMES)]
PUBLISHED = [5 * 10**17 + number * 10**8 for number in range(FRAMES)]


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_walk(tmp_path_factory.mktemp('walk') / 'bag', frames=FRAMES)


def leave(output: Path, poses: np.ndarray, loops: int = 1) -> None:
    """Leave in a folder what viewer and player leave: poses in odom at published stamps."""
    odom = [OPTICAL_TO_BODY @ pose for pose in poses] * loops
    stamps = [stamp + loop * 10**10 for loop in range(loops) for stamp in PUBLISHED]
    write_tum(output / 'trajectory.tum', stamps, odom)
    lines = (f'{published} {recorded}\n'
             for published, recorded in zip(stamps, RECORDED * loops))
    (output / 'stamps.txt').write_text(''.join(lines), encoding='utf-8')


def test_path_and_truth_have_the_stamps_of_the_recording(bag: Path, tmp_path: Path) -> None:
    leave(tmp_path, walk_poses(FRAMES), loops=2)
    found = trajectory_summary(tmp_path, bag, IMAGE)
    assert found['odometry_poses'] == FRAMES
    assert found['odometry_length'] == pytest.approx(0.1 * (FRAMES - 1))
    for name in ('trajectory.tum', 'ground_truth.tum'):
        assert read_tum(tmp_path / name)[0] == RECORDED
    np.testing.assert_allclose(read_tum(tmp_path / 'ground_truth.tum')[1], walk_poses(FRAMES),
                               atol=1e-8)
    assert not (tmp_path / 'stamps.txt').exists()


def test_the_error_is_that_of_evo(bag: Path, tmp_path: Path) -> None:
    poses = walk_poses(FRAMES)
    poses[:, :3, 3] *= 1.25
    leave(tmp_path, poses)
    found = trajectory_summary(tmp_path, bag, IMAGE)
    assert found['ate_scale'] == pytest.approx(0.8)
    assert found['ate_scaled_m'] == pytest.approx(0, abs=1e-6)
    places = walk_poses(FRAMES)[:, :3, 3]
    by_hand = 0.25 * np.sqrt(np.mean(np.sum((places - places.mean(0)) ** 2, 1)))
    assert found['ate_m'] == pytest.approx(by_hand, rel=1e-3)
    summary = summarise(tmp_path, found | {
        'pose_node_says': 'tracking', 'odometry_losses': 0, 'odometry_latency_median_ms': 50.0,
        'input': 'x', 'calibration': '', 'recorded_rate': 10.0, 'played_seconds': 1.0})
    said = f'{by_hand:.3f} m, 0.000 m with scale 0.800, of 1.10 m'
    assert said in table(summary, tmp_path)


def test_without_evo_the_truth_is_drawn_from_the_first_pose(
        bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_trajectory, 'find_spec', lambda name: None)
    leave(tmp_path, walk_poses(FRAMES))
    found = trajectory_summary(tmp_path, bag, IMAGE)
    assert 'ate_m' not in found and 'pip install evo' in found['odometry_note']
    assert cv2.imread(str(tmp_path / 'trajectory.png')) is not None


def test_a_recording_without_truth_gives_the_path_alone(tmp_path: Path) -> None:
    bag = write_walk(tmp_path / 'bag', frames=FRAMES, odometry=False)
    leave(tmp_path, walk_poses(FRAMES))
    found = trajectory_summary(tmp_path, bag, IMAGE)
    assert 'no poses of the camera' in found['odometry_note'] and 'ate_m' not in found
    assert not (tmp_path / 'ground_truth.tum').exists()
    assert (tmp_path / 'trajectory.png').is_file()


def test_a_webcam_keeps_its_stamps(tmp_path: Path) -> None:
    write_tum(tmp_path / 'trajectory.tum', PUBLISHED, walk_poses(FRAMES))
    assert trajectory_summary(tmp_path, None, '')['odometry_poses'] == FRAMES
    assert read_tum(tmp_path / 'trajectory.tum')[0] == PUBLISHED


def test_odometry_in_another_unit_is_told_and_drawn_with_scale(bag: Path, tmp_path: Path) -> None:
    poses = walk_poses(FRAMES)
    poses[:, :3, 3] *= 40
    leave(tmp_path, poses)
    (tmp_path / 'viewer.json').write_text('{"odometry_unit": "relative"}', encoding='utf-8')
    found = trajectory_summary(tmp_path, bag, IMAGE)
    assert found['odometry_unit'] == 'relative' and found['ate_scale'] == pytest.approx(1 / 40)
    shown = cv2.imread(str(tmp_path / 'trajectory.png'))[..., ::-1]
    # The truth lies under the odometry, as wide as it.
    ours, truth = (np.argwhere((shown[150:] == color).all(-1))[:, 1] for color in (OURS, TRUTH))
    assert np.ptp(truth) == pytest.approx(np.ptp(ours), abs=12)


def test_without_odometry_there_is_nothing(bag: Path, tmp_path: Path) -> None:
    assert trajectory_summary(tmp_path, bag, IMAGE) == {}
