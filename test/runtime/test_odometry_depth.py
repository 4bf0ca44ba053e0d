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

"""Predicted depth that is wrong, seen from another place: it becomes right, or stays as it was."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from sa4depth_ros.runtime.odometry_depth import corrected, inverse_depth, layers
from sa4depth_ros.runtime.odometry_estimator import OdometryEstimator, OdometrySettings
from sa4depth_ros.runtime.rigid_motion import motion_of
from shipped_walk import frames

K = np.array([[200.0, 0, 127.5], [0, 200, 95.5], [0, 0, 1]])
SHAPE = (192, 256)
DEPTH = 2.0
INNER = (slice(16, -16), slice(24, -24))
SIDEWAYS = motion_of(np.array([-0.06, 0, 0, 0, 0, 0]))


@pytest.fixture(scope='module')
def wall():
    """Give the picture of a wall at DEPTH for each T_target2source."""
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.uniform(0, 255, (*SHAPE, 3)).astype(np.float32), (0, 0), 2)
    texture = np.clip(128 + 6 * (texture - texture.mean()), 0, 255)

    def look(T):
        plane = T.copy()[:3]
        H = K @ (plane[:, :3] + plane[:, 3:] @ np.array([[0, 0, 1 / DEPTH]])) @ np.linalg.inv(K)
        return cv2.warpPerspective(texture, H, SHAPE[::-1]).astype(np.uint8)
    return look


def _error(depth):
    return float(np.median(np.abs(depth[INNER] / DEPTH - 1)))


def _guess(factor, depth=DEPTH):
    return inverse_depth(np.full(SHAPE, factor * depth, np.float32))


@pytest.mark.parametrize('factor', [0.8, 0.9, 1.0, 1.15, 1.25])
@pytest.mark.parametrize('light', [(1.0, 0.0), (0.6, 30.0)])
@pytest.mark.parametrize('T', [
    SIDEWAYS, motion_of(np.array([0.02, 0.05, -0.1, 0.01, -0.02, 0.03]))], ids=['side', 'all'])
def test_wrong_depth_becomes_right_whatever_the_light(wall, factor, light, T) -> None:
    other = (light[0] * wall(T) + light[1]).astype(np.uint8)
    before = _guess(factor)
    after = corrected(before, layers(wall(np.eye(4))), layers(other), T, K)
    assert _error(after.depth) < max(0.03, 0.35 * abs(factor - 1))
    assert (after.variance <= before.variance).all()
    assert np.median(after.variance[INNER] / before.variance[INNER]) < 0.3


def test_it_does_not_depend_on_the_unit_of_length(wall) -> None:
    far = SIDEWAYS.copy()
    far[:3, 3] *= 1000
    pair = layers(wall(np.eye(4))), layers(wall(SIDEWAYS))
    near = corrected(_guess(1.15), *pair, SIDEWAYS, K).depth
    np.testing.assert_allclose(
        corrected(_guess(1.15, 1000 * DEPTH), *pair, far, K).depth, 1000 * near, rtol=1e-3)


@pytest.mark.parametrize('case', ['no texture', 'no motion', 'another picture'])
def test_nothing_changes_where_nothing_is_seen(wall, case) -> None:
    rng = np.random.default_rng(1)
    first, T = wall(np.eye(4)), SIDEWAYS
    second = wall(T)
    if case == 'no texture':
        first = second = np.full_like(first, 100)
    elif case == 'no motion':
        second, T = first, np.eye(4)
    else:
        second = rng.integers(0, 255, first.shape, np.uint8)
    before = _guess(1.2)
    after = corrected(before, layers(first), layers(second), T, K)
    changed = np.abs(after.value / before.value - 1) > 1e-3
    assert changed.mean() < (0.05 if case == 'another picture' else 1e-9)


def test_unknown_depth_stays_unknown_and_all_is_finite(wall) -> None:
    depth = np.full(SHAPE, 1.1 * DEPTH, np.float32)
    depth[50:90, 60:160] = 0
    known = inverse_depth(depth)
    for T in (SIDEWAYS, motion_of(np.array([0, 0, -3.0, 0, 0, 0])),
              motion_of(np.array([0, 0, 0, 0, 3.0, 0]))):
        after = corrected(known, layers(wall(np.eye(4))), layers(wall(SIDEWAYS)), T, K)
        assert np.isfinite(after.value).all()
        assert np.isfinite(after.variance).all()
        np.testing.assert_array_equal(after.depth == 0, depth == 0)
        assert (after.value >= 0).all()


@pytest.fixture(scope='module')
def estimator():
    made = OdometryEstimator(threads=1)
    yield made
    made.close()


def _path(estimator, walk, **settings):
    estimator.settings = OdometrySettings(**settings)
    estimator.reset()
    return np.stack([estimator.update(given).T_camera2odom for given in walk])


def _bent(given):
    """Give depth as a network might: a quarter too near on the right, too far on the left."""
    slope = np.linspace(1.25, 0.75, given.depth.shape[1], dtype=np.float32)
    return replace(given, depth=given.depth * slope, is_predicted=True)


def test_bent_depth_of_a_network_misleads_less(estimator) -> None:
    walk = [_bent(given) for given, _ in frames()]
    truth = np.stack([pose for _, pose in frames()])
    truth = np.linalg.inv(truth[0]) @ truth

    def turn(poses):
        between = poses[:, :3, :3].transpose(0, 2, 1) @ truth[:, :3, :3]
        cosine = (np.trace(between, axis1=1, axis2=2) - 1) / 2
        return np.degrees(np.arccos(np.clip(cosine, -1, 1))).max()

    corrected_path, plain = (_path(estimator, walk, refine_depth=on) for on in (True, False))
    assert turn(corrected_path) < 0.8 * turn(plain)


def test_measured_depth_is_left_alone(estimator) -> None:
    walk = [given for given, _ in frames(12)]
    on, off = (_path(estimator, walk, refine_depth=each) for each in (True, False))
    np.testing.assert_array_equal(on, off)
    predicted = [replace(given, is_predicted=True) for given in walk]
    assert not np.array_equal(_path(estimator, predicted, refine_depth=True), off)
    # But for that, kinds of depth differ by how far the alignment trusts them.
    assert not np.array_equal(_path(estimator, predicted), off)
    trusted = OdometrySettings().measured_depth_sigma
    np.testing.assert_array_equal(
        _path(estimator, predicted, predicted_depth_sigma=trusted,
              predicted_relief_sigma=trusted), off)
