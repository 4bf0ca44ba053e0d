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

"""KITTI's sequences, and t_err and r_err against a plain version and against evo."""

from itertools import pairwise

from made_benchmarks import write_odometry
import numpy as np
import pytest
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_train.protocols.kitti_errors import kitti_errors
from sa4depth_train.protocols.kitti_odometry import open_kitti_sequence
from sa4depth_train.trajectory import chain, KITTI_SEGMENTS

K = np.array([[30.0, 0, 19.0], [0, 28.0, 11.0], [0, 0, 1]])


def turn(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, s, 0], [0, 1, 0, 0], [-s, 0, c, 0], [0, 0, 0, 1.0]])


def step(length: float, degrees: float = 0.0) -> np.ndarray:
    T = turn(degrees)
    T[2, 3] = length
    return T


def wander(seed: int, count: int = 600) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return chain([step(*pair) for pair in zip(rng.uniform(0.5, 1.6, count),
                                              rng.normal(0.1, 0.8, count))])


def shaken(truth: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return chain([np.linalg.inv(a) @ b @ step(rng.normal(0, 0.05), rng.normal(0, 0.1))
                  for a, b in pairwise(truth)])


def plain_errors(estimated: np.ndarray, truth: np.ndarray) -> tuple[float, float, int]:
    """Count segments one by one, from the description of the benchmark."""
    distances = [0.0]
    for a, b in pairwise(truth):
        distances.append(distances[-1] + np.linalg.norm(b[:3, 3] - a[:3, 3]))
    errors = []
    for first in range(0, len(truth), 10):
        for length in (100, 200, 300, 400, 500, 600, 700, 800):
            last = next((n for n in range(first, len(truth))
                         if distances[n] > distances[first] + length), None)
            if last is None:
                continue
            moved = [np.linalg.inv(poses[first]) @ poses[last] for poses in (estimated, truth)]
            error = np.linalg.inv(moved[0]) @ moved[1]
            angle = np.arccos(np.clip((np.trace(error[:3, :3]) - 1) / 2, -1, 1))
            errors.append((np.linalg.norm(error[:3, 3]) / length, angle / length))
    t, r = np.mean(errors, axis=0)
    return t * 100, np.degrees(r) * 100, len(errors)


def test_errors_are_those_of_counting_segments_one_by_one() -> None:
    truth = wander(0)
    estimated = shaken(truth, 1)
    found = kitti_errors(estimated, truth)
    assert (found['t_err'], found['r_err'], found['segments']) == pytest.approx(
        plain_errors(estimated, truth))
    assert found['segments'] > 50


def test_errors_by_hand() -> None:
    # 151 steps of exactly 1 m: a segment of 100 m ends 101 frames later. It starts at frame 0,
    # 10, 20, 30, 40, 50. Every step is 2 % too long and turns 0.01 degrees too far.
    truth = chain([step(1.0)] * 151)
    longer = kitti_errors(chain([step(1.02)] * 151), truth)
    assert longer == pytest.approx({'t_err': 101 * 2 / 100, 'r_err': 0, 'segments': 6}, abs=1e-6)
    turned = kitti_errors(chain([step(1.0, 0.01)] * 151), truth)
    assert turned['r_err'] == pytest.approx(101 * 0.01, rel=1e-6)


def test_errors_of_one_length_agree_with_evo() -> None:
    from evo.core.metrics import PoseRelation, RPE, Unit
    from evo.core.trajectory import PosePath3D
    # Equal steps, so that evo's pairs, a fixed number of frames apart, are KITTI's segments.
    rng = np.random.default_rng(2)
    truth = chain([step(0.9, angle) for angle in rng.normal(0, 1, 160)])
    estimated = shaken(truth, 3)
    errors = []
    for relation in (PoseRelation.translation_part, PoseRelation.rotation_angle_deg):
        metric = RPE(relation, delta=112, delta_unit=Unit.frames, all_pairs=True)
        metric.process_data((PosePath3D(poses_se3=list(truth)),
                             PosePath3D(poses_se3=list(estimated))))
        errors.append(np.mean(metric.error[::10]))
    found = kitti_errors(estimated, truth)
    assert 0.9 * 111 < KITTI_SEGMENTS[0] < 0.9 * 112
    assert (found['t_err'], found['r_err']) == pytest.approx(errors, rel=1e-6)


def test_another_world_changes_nothing_and_a_short_path_has_no_errors() -> None:
    truth = wander(4, 200)
    estimated = shaken(truth, 5)
    world = turn(70)
    world[:3, 3] = 5, 6, 7
    assert kitti_errors(world @ estimated, truth) == pytest.approx(kitti_errors(estimated, truth))
    short = kitti_errors(truth[:50], truth[:50])
    assert np.isnan(short['t_err']) and short['segments'] == 0
    with pytest.raises(ConfigError, match='one pose per frame'):
        kitti_errors(truth[:5], truth)


def test_poses_are_carried_to_the_colour_camera(tmp_path) -> None:
    grey = np.stack([np.eye(4), step(2.0, 90), step(5.0, 30)])
    images = [np.full((24, 40, 3), 10 * n, np.uint8) for n in range(3)]
    write_odometry(tmp_path, '09', images, grey, K, baseline=0.06)
    found = open_kitti_sequence(tmp_path, '09')
    assert [path.name for path in found.images] == ['000000.png', '000001.png', '000002.png']
    np.testing.assert_allclose(found.K, K)
    np.testing.assert_allclose(found.seconds, (0, 0.1, 0.2))
    # A point at x of the grey camera is at x + 0.06 of the colour one, 6 cm to its left.
    point = np.array([1.0, 2.0, 3.0, 1.0])
    in_color = point + (0.06, 0, 0, 0)
    np.testing.assert_allclose(found.poses @ in_color, grey @ point, atol=1e-9)


def test_a_sequence_that_does_not_fit_is_refused(tmp_path) -> None:
    images = [np.zeros((24, 40, 3), np.uint8)] * 3
    write_odometry(tmp_path, '09', images, np.stack([np.eye(4)] * 3), K)
    with pytest.raises(BagError, match=r'sequences/10/image_2(.|\n)*ROOT/poses/09.txt'):
        open_kitti_sequence(tmp_path, '10')
    poses = tmp_path / 'poses' / '09.txt'
    text = poses.read_text(encoding='utf-8')
    poses.write_text(text.split('\n')[0], encoding='utf-8')
    with pytest.raises(BagError, match='3 images, 1 poses and 3 times'):
        open_kitti_sequence(tmp_path, '09')
    poses.write_text('1 2 3\n', encoding='utf-8')
    with pytest.raises(BagError, match='has 3 numbers a line; expected 12'):
        open_kitti_sequence(tmp_path, '09')
    poses.unlink()
    with pytest.raises(BagError, match=r'poses/09\.txt is not there'):
        open_kitti_sequence(tmp_path, '09')
