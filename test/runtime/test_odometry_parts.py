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

"""Movement of the picture, and covariances, against simulated ones."""

import numpy as np
import pytest
from sa4depth_ros.runtime.motion_engines import Alignment
from sa4depth_ros.runtime.odometry_covariance import (
    composed, is_determined, motion_covariance, of_scale, while_lost)
from sa4depth_ros.runtime.odometry_frame import flow_between, OdometryFrame
from sa4depth_ros.runtime.rigid_motion import motion_of, twist_of

K = np.array([[200.0, 0, 127.5], [0, 200, 95.5], [0, 0, 1]])
SHAPE = (192, 256)


def _frame(depth):
    image = np.zeros((*SHAPE, 3), np.uint8)
    return OdometryFrame(image, depth.astype(np.float32), np.ones(SHAPE, np.float32), K, 0.0, {})


def test_flow_is_that_of_pixels() -> None:
    plane = _frame(np.full(SHAPE, 2.0))
    side = motion_of(np.array([0.02, 0, 0, 0, 0, 0]))
    assert flow_between(plane, np.eye(4), side) == pytest.approx(0.02 / 2 * 200)
    assert flow_between(_frame(np.zeros(SHAPE)), np.eye(4), side) == np.inf


def _alignment(information, variance=0.01, T=None):
    return Alignment(np.eye(4) if T is None else T, information, variance, 1.0, 1.0, 1.0, 1.0,
                     0.5, failed=False)


def test_what_no_residual_tells_is_uncertain_but_finite() -> None:
    blind = np.diag([1e6, 1e6, 0, 1e6, 1e6, 1e6])
    covariance = motion_covariance(_alignment(blind), is_predicted=False)
    assert np.isfinite(covariance).all()
    assert covariance[2, 2] > 100 * covariance[0, 0]
    assert not is_determined(_alignment(blind), 2.0)
    assert is_determined(_alignment(1e6 * np.eye(6)), 2.0)
    assert not is_determined(_alignment(np.full((6, 6), np.nan)), 2.0)


def test_predicted_depth_adds_uncertainty_along_the_motion() -> None:
    T = motion_of(np.array([0, 0, 2.0, 0, 0, 0]))
    sure, unsure = (motion_covariance(_alignment(1e8 * np.eye(6), T=T), is_predicted=p)
                    for p in (False, True))
    added = unsure - sure
    assert added[2, 2] > 0.001
    assert np.count_nonzero(np.abs(added) > 1e-12) == 1


def test_a_common_scale_is_uncertain_along_the_way_alone() -> None:
    way = np.array([3.0, -4.0, 0.0])
    added = of_scale(way, 0.1)
    assert way @ added[:3, :3] @ way / 25 == pytest.approx(0.5 ** 2)
    np.testing.assert_allclose(added[:3, :3] @ [4, 3, 0], 0, atol=1e-12)
    np.testing.assert_allclose(added[:3, :3] @ [0, 0, 1], 0, atol=1e-12)
    assert not added[3:].any()
    assert not added[:, 3:].any()


def test_covariances_compose_as_samples_do() -> None:
    """Disturb keyframe and motion at random and compare with the spread of the result."""
    rng = np.random.default_rng(2)
    T_keyframe = motion_of(np.array([1.0, 2, 3, 0.3, -0.2, 0.9]))
    T_motion = motion_of(np.array([0.5, 0.2, -1.0, 0.1, 0.4, -0.2]))
    A, B = (rng.normal(size=(6, 6)) * 2e-3 for _ in range(2))
    pose = T_keyframe @ np.linalg.inv(T_motion)
    samples = []
    for _ in range(4000):
        a, b = A @ rng.normal(size=6), B @ rng.normal(size=6)
        keyframe = T_keyframe.copy()
        keyframe[:3, :3] = motion_of(np.r_[0, 0, 0, a[3:]])[:3, :3] @ keyframe[:3, :3]
        keyframe[:3, 3] += a[:3]
        found = keyframe @ np.linalg.inv(motion_of(b) @ T_motion)
        turn = np.eye(4)
        turn[:3, :3] = found[:3, :3] @ pose[:3, :3].T
        samples.append(np.r_[found[:3, 3] - pose[:3, 3], twist_of(turn)[3:]])
    expected = composed(A @ A.T, pose[:3, 3] - T_keyframe[:3, 3], pose[:3, :3], B @ B.T)
    sampled = np.cov(np.transpose(samples))
    assert np.abs(sampled - expected).max() < 0.1 * np.abs(expected).max()


def test_uncertainty_grows_while_lost_but_not_without_end() -> None:
    start = 0.01 * np.eye(6)
    traces = [np.trace(while_lost(start, seconds)) for seconds in (0.0, 1.0, 5.0, np.inf)]
    assert traces == sorted(traces)
    assert traces[0] == np.trace(start)
    assert np.isfinite(traces).all()
