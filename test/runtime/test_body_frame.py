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

"""Pose, twist and covariances of a base, against motions that are really carried out."""

import numpy as np
import pytest
from sa4depth_ros.runtime.body_frame import (
    adjoint, BodyFrame, BodyMotion, OPTICAL_TO_BODY, quaternion)
from sa4depth_ros.runtime.rigid_motion import inverse

STEP = 1e-6


def _rotation(vector):
    """Give the rotation by a vector, as the limit of many small turns."""
    small = np.eye(3) + _skew(np.asarray(vector) / 2**20)
    for _ in range(20):
        small = small @ small
    u, _, v = np.linalg.svd(small)
    return u @ v


def _skew(v):
    return np.array([np.cross(v, axis) for axis in np.eye(3)]).T


def _motion(translation, turn):
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = _rotation(turn), translation
    return T


def _random(seed):
    random = np.random.default_rng(seed)
    return _motion(random.normal(size=3), random.normal(size=3))


def _vector_of(R):
    """Give the rotation vector of a small rotation."""
    return np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]]) / 2


def _covariance(seed):
    A = np.random.default_rng(seed).normal(size=(6, 6))
    return A @ A.T


# x forward of a camera that looks ahead, 0.3 m before and 0.5 m above the base.
MOUNTED = np.array([
    [0.0, 0.0, 1.0, 0.3], [-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.5], [0, 0, 0, 1.0]])


def _moved(frame, T):
    return frame.motion(T, np.eye(6), np.zeros(6), np.eye(6))


def test_a_camera_alone_looks_along_x_of_a_level_odom() -> None:
    frame = BodyFrame.of_camera()
    ahead, right, down = (np.eye(4) for _ in range(3))
    ahead[2, 3] = right[0, 3] = down[1, 3] = 1.0
    for T, expected in ((ahead, (1, 0, 0)), (right, (0, -1, 0)), (down, (0, 0, -1))):
        np.testing.assert_allclose(_moved(frame, T).T_child2odom[:3, 3], expected, atol=1e-12)
    start = _moved(frame, np.eye(4)).T_child2odom
    np.testing.assert_allclose(start, OPTICAL_TO_BODY, atol=1e-12)


def test_the_base_starts_at_the_origin_and_drives_with_its_camera() -> None:
    frame = BodyFrame.of_base(MOUNTED, MOUNTED)
    np.testing.assert_allclose(_moved(frame, np.eye(4)).T_child2odom, np.eye(4), atol=1e-12)
    ahead = np.eye(4)
    ahead[2, 3] = 2.0
    np.testing.assert_allclose(
        _moved(frame, ahead).T_child2odom[:3, 3], (2.0, 0, 0), atol=1e-12)


def test_a_base_that_turns_on_the_spot_stays_there() -> None:
    """Its camera runs on a circle of 0.3 m; the base's origin does not move."""
    turned_base = _motion((0, 0, 0), (0, 0, 0.7))
    camera = inverse(MOUNTED) @ turned_base @ MOUNTED
    assert np.linalg.norm(camera[:3, 3]) > 0.1
    pose = _moved(BodyFrame.of_base(MOUNTED, MOUNTED), camera).T_child2odom
    np.testing.assert_allclose(pose, turned_base, atol=1e-12)


@pytest.mark.parametrize('seed', range(5))
def test_the_twist_is_that_of_a_body_that_really_moves(seed) -> None:
    """Carry the optical frame along its twist for a moment and see how the child moved."""
    T_optical2child, T_now = _random(seed), _random(100 + seed)
    twist = np.random.default_rng(seed).normal(size=6)
    later = T_now @ _motion(STEP * twist[:3], STEP * twist[3:])
    frame = BodyFrame.of_base(T_optical2child, _random(7))
    before, after = (_moved(frame, T).T_child2odom for T in (T_now, later))
    step = np.linalg.inv(before) @ after
    measured = np.concatenate([step[:3, 3], _vector_of(step[:3, :3])]) / STEP
    motion = frame.motion(T_now, np.eye(6), twist, np.eye(6))
    np.testing.assert_allclose(motion.twist, measured, atol=1e-4)


@pytest.mark.parametrize('seed', range(5))
def test_covariances_are_those_of_disturbed_motions(seed) -> None:
    """Disturb one number after the other and see how the child's pose and twist follow."""
    T_optical2child, T_now, frame_seed = _random(seed), _random(100 + seed), _random(200 + seed)
    frame = BodyFrame.of_base(T_optical2child, frame_seed)
    here = _moved(frame, T_now).T_child2odom
    columns = []
    for axis in np.eye(6):
        disturbed = T_now.copy()
        disturbed[:3, 3] += STEP * axis[:3]
        disturbed[:3, :3] = _rotation(STEP * axis[3:]) @ T_now[:3, :3]
        there = _moved(frame, disturbed).T_child2odom
        columns.append(np.concatenate([
            there[:3, 3] - here[:3, 3], _vector_of(there[:3, :3] @ here[:3, :3].T)]) / STEP)
    J = np.array(columns).T
    given, twist_given = _covariance(seed), _covariance(50 + seed)
    motion = frame.motion(T_now, given, np.zeros(6), twist_given)
    np.testing.assert_allclose(motion.pose_covariance, J @ given @ J.T, rtol=1e-3, atol=1e-3)
    twists = np.array([frame.motion(T_now, given, axis, given).twist for axis in np.eye(6)]).T
    np.testing.assert_allclose(motion.twist_covariance, twists @ twist_given @ twists.T)
    np.testing.assert_array_equal(motion.pose_covariance, motion.pose_covariance.T)


def test_a_camera_far_off_the_base_makes_the_base_uncertain() -> None:
    """One degree of the camera's turn is 17 mm at 1 m, across the lever arm only."""
    far = _motion((1.0, 0, 0), (0, 0, 0))
    covariance = np.diag([0, 0, 0, 0, 0, np.radians(1)**2])
    frame = BodyFrame.of_base(far, np.eye(4))
    motion = frame.motion(np.eye(4), covariance, np.zeros(6), covariance)
    deviations = np.sqrt(np.diag(motion.pose_covariance))
    np.testing.assert_allclose(deviations[:3], (0, np.radians(1), 0), atol=1e-12)


def test_a_joint_that_moved_moves_the_base_and_not_the_camera() -> None:
    """A camera that is panned by its joint, and sees itself turn, leaves the base where it is."""
    panned = _motion((0, 0, 0), (0, 0, 0.5)) @ MOUNTED
    camera = inverse(MOUNTED) @ panned
    pose = _moved(BodyFrame.of_base(panned, MOUNTED), camera).T_child2odom
    np.testing.assert_allclose(pose, np.eye(4), atol=1e-12)


@pytest.mark.parametrize('turn', [
    (0, 0, 0), (np.pi, 0, 0), (0, np.pi, 0), (0, 0, np.pi), (0.1, -0.2, 0.3), (2.5, -1.0, 0.4)])
def test_quaternions_rotate_as_their_matrix_does(turn) -> None:
    R = _rotation(turn)
    x, y, z, w = quaternion(R)
    assert np.hypot.reduce([x, y, z, w]) == pytest.approx(1)
    assert w >= 0
    v, u = np.array([0.3, -1.0, 2.0]), np.array([x, y, z])
    rotated = v + 2 * np.cross(u, np.cross(u, v) + w * v)
    np.testing.assert_allclose(rotated, R @ v, atol=1e-9)


def test_inverse_and_adjoint_undo_each_other() -> None:
    T = _random(3)
    np.testing.assert_allclose(inverse(T) @ T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(adjoint(inverse(T)) @ adjoint(T), np.eye(6), atol=1e-12)


def test_numbers_that_are_none_are_noticed() -> None:
    good = BodyMotion(np.eye(4), np.eye(6), np.zeros(6), np.eye(6))
    assert good.is_finite
    assert not BodyMotion(np.eye(4), np.eye(6), np.full(6, np.nan), np.eye(6)).is_finite
    assert not BodyMotion(np.eye(4), np.full((6, 6), np.inf), np.zeros(6), np.eye(6)).is_finite


def test_what_is_lost_claims_nothing() -> None:
    motion = BodyFrame.of_camera().motion(_random(1), _covariance(1), np.ones(6), _covariance(2))
    held, null = motion.held(), BodyMotion.null()
    np.testing.assert_array_equal(held.T_child2odom, motion.T_child2odom)
    np.testing.assert_array_equal(held.pose_covariance, motion.pose_covariance)
    np.testing.assert_array_equal(null.T_child2odom, np.eye(4))
    assert (np.diag(null.pose_covariance) == 9999).all()
    for lost in (held, null):
        assert not lost.twist.any()
        assert (np.diag(lost.twist_covariance) == 9999).all()
