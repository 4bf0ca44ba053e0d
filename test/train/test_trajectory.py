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

"""Path errors by evo against what can be worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.trajectory import aligned, chain, path_length, trajectory_metrics


def turn(degrees: float, axis: int = 1) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    R = np.eye(3)
    R[i, i] = R[j, j] = c
    R[j, i], R[i, j] = s, -s
    return R


def pose(R: np.ndarray, t) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, t
    return T


def square(step: float = 1.0, side: int = 10) -> np.ndarray:
    """Walk around a square: forward along the camera's z, a quarter turn at each corner."""
    corner = pose(turn(90), (0, 0, step))
    forward = pose(np.eye(3), (0, 0, step))
    return chain([corner if n % side == side - 1 else forward for n in range(4 * side)])


def scaled(poses: np.ndarray, factor: float) -> np.ndarray:
    result = poses.copy()
    result[:, :3, 3] *= factor
    return result


def test_steps_chain_to_the_place_where_they_began() -> None:
    poses = square()
    np.testing.assert_allclose(poses[0], np.eye(4))
    np.testing.assert_allclose(poses[-1], np.eye(4), atol=1e-12)
    np.testing.assert_allclose(poses[10, :3, 3], (0, 0, 10), atol=1e-12)
    assert path_length(poses) == pytest.approx(40)


def test_a_long_chain_of_single_precision_stays_a_rotation() -> None:
    step = pose(turn(3) @ turn(2, 0), (0, 0, 0.1)).astype(np.float32)
    R = chain([step] * 3000)[-1, :3, :3]
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(R) == pytest.approx(1)


def test_a_path_of_twice_the_size_is_right_with_scale_and_wrong_without() -> None:
    truth = square()
    metrics = trajectory_metrics(scaled(truth, 2.0), truth)
    assert metrics['scale'] == pytest.approx(0.5)
    assert metrics['ate_sim3'] == pytest.approx(0, abs=1e-9)
    # Rotations agree, so SE(3) aligns the centroids: each position is off by its distance.
    positions = truth[:, :3, 3]
    by_hand = np.sqrt(np.mean(np.sum((positions - positions.mean(0)) ** 2, axis=1)))
    assert metrics['ate_se3'] == pytest.approx(by_hand)
    for name in ('rpe_translation', 'rpe_rotation', 'drift', 'drift_rotation'):
        assert metrics[name] == pytest.approx(0, abs=1e-5)
    assert metrics['path_length'] == pytest.approx(40)


def test_another_world_frame_changes_nothing() -> None:
    truth = square()
    world = pose(turn(40, 0) @ turn(70, 2), (5, -3, 2))
    metrics = trajectory_metrics(world @ truth, truth)
    assert metrics['ate_se3'] == pytest.approx(0, abs=1e-9)
    assert metrics['scale'] == pytest.approx(1)


def test_errors_of_single_steps() -> None:
    truth = square()
    # Every step veers off by one degree about z, the direction of travel: positions of a
    # straight walk stay the same, and each relative rotation is wrong by exactly that.
    steps = [np.linalg.inv(a) @ b for a, b in pairwise(truth)]
    metrics = trajectory_metrics(chain([s @ pose(turn(1, 2), (0, 0, 0)) for s in steps]), truth)
    assert metrics['rpe_rotation'] == pytest.approx(1.0, rel=1e-3)


def test_the_error_of_a_step_is_relative_to_the_true_step() -> None:
    truth = square(step=0.5)
    steps = [np.linalg.inv(a) @ b for a, b in pairwise(truth)]
    # Steps are too long and too short in turn, by a tenth: the scale over all is right.
    for number, step in enumerate(steps):
        step[:3, 3] *= 1.1 if number % 2 else 0.9
    metrics = trajectory_metrics(chain(steps), truth)
    assert metrics['scale'] == pytest.approx(1, abs=0.01)
    assert metrics['rpe_translation'] == pytest.approx(10, rel=0.05)
    assert metrics['rpe_rotation'] == pytest.approx(0, abs=1e-5)


def test_drift_of_a_path_that_bends() -> None:
    # 400 m along an arc of 90 degrees; the estimate turns 10 degrees more.
    def arc(degrees: float) -> np.ndarray:
        return chain([pose(turn(degrees / 400), (0, 0, 1.0))] * 400)

    truth = arc(90)
    metrics = trajectory_metrics(arc(100), truth)
    assert metrics['drift_rotation'] == pytest.approx(2.5, rel=1e-3)
    assert 0 < metrics['drift'] < 10


def test_drift_by_hand_on_one_segment_length() -> None:
    # 121 m: of KITTI's segments only those of 100 m fit. Each step goes 2 % to the side; one
    # corner makes the alignment unique.
    forward, corner = pose(np.eye(3), (0, 0, 1.0)), pose(turn(90), (0, 0, 1.0))
    truth = chain([forward] * 115 + [corner] + [forward] * 5)
    veer = pose(np.eye(3), (0.02, 0, 1.0))
    estimated = chain([veer] * 115 + [pose(turn(90), (0.02, 0, 1.0))] + [veer] * 5)
    fitted = aligned(estimated, truth, scale=True)
    scale = path_length(fitted) / path_length(estimated)
    errors = []
    for i in range(len(truth) - 100):
        true = (np.linalg.inv(truth[i]) @ truth[i + 100])[:3, 3]
        found = scale * (np.linalg.inv(estimated[i]) @ estimated[i + 100])[:3, 3]
        errors.append(np.linalg.norm(true - found))
    metrics = trajectory_metrics(estimated, truth)
    assert metrics['drift'] == pytest.approx(np.mean(errors), rel=1e-6)
    assert metrics['drift_rotation'] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(('estimated', 'truth'), [
    (square()[:2], square()[:2]),
    (np.stack([np.eye(4)] * 5), square()[5:10]),
    (square()[:8], square()[:8]),
], ids=('two poses', 'no motion', 'one straight line'))
def test_what_cannot_be_aligned_is_no_number(estimated, truth) -> None:
    metrics = trajectory_metrics(estimated, truth)
    assert aligned(estimated, truth, scale=True) is None
    assert np.isnan([metrics[name] for name in ('scale', 'ate_sim3', 'ate_se3', 'drift')]).all()
    assert metrics['path_length'] == pytest.approx(len(truth) - 1)


def test_paths_of_different_length_are_refused() -> None:
    with pytest.raises(ConfigError, match='one pose per frame'):
        trajectory_metrics(square()[:5], square())
