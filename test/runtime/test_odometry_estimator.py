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

"""The odometry on the shipped recording with its exact depth, and on what goes wrong."""

from dataclasses import replace

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError, FrameError, ModelError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.odometry_estimator import OdometryEstimator, OdometrySettings
from shipped_walk import angle, distance


def _black(given):
    return replace(given, rgb=np.zeros_like(given.rgb))


def _at(given, seconds):
    return replace(given, seconds=seconds)


def test_exact_depth_gives_the_path_within_a_percent(estimator, walk, truth) -> None:
    results = [estimator.update(given) for given in walk]
    assert [r.state for r in results] == ['initialising', *['tracking'] * (len(walk) - 1)]
    length = np.linalg.norm(np.diff(truth[:, :3, 3], axis=0), axis=1).sum()
    assert length > 1
    errors = [distance(r.T_camera2odom, pose) for r, pose in zip(results, truth)]
    assert max(errors) < 0.01 * length
    assert max(angle(r.T_camera2odom, pose) for r, pose in zip(results, truth)) < 0.3
    assert all(r.is_keyframe for r in results[:1])
    assert 1 < sum(r.is_keyframe for r in results) < len(walk)
    assert min(r.inlier_ratio for r in results[1:]) > 0.3


def test_the_twist_is_the_velocity_of_the_camera(estimator, walk, truth) -> None:
    results = [estimator.update(given) for given in walk]
    found, expected = [], []
    for i in range(1, len(walk)):
        step = np.linalg.inv(truth[i - 1]) @ truth[i]
        expected.append(step[:3, 3] / (walk[i].seconds - walk[i - 1].seconds))
        found.append(results[i].twist[:3])
    speed = np.linalg.norm(expected, axis=1).mean()
    assert np.median(np.linalg.norm(np.subtract(found, expected), axis=1)) < 0.06 * speed


def test_a_camera_at_rest_does_not_drift(estimator, walk) -> None:
    for given in walk[:4]:
        moving = estimator.update(given)
    rng = np.random.default_rng(0)
    poses = []
    for step in range(25):
        noise = rng.normal(0, 3, walk[3].rgb.shape)
        rgb = np.clip(walk[3].rgb + noise, 0, 255).astype(np.uint8)
        result = estimator.update(
            _at(replace(walk[3], rgb=rgb), walk[3].seconds + 0.1 * (step + 1)))
        assert result.state == 'tracking'
        assert result.is_stationary
        assert not result.twist.any()
        poses.append(result.T_camera2odom)
    np.testing.assert_array_equal(poses, [moving.T_camera2odom] * len(poses))
    assert not estimator.update(_at(walk[8], walk[3].seconds + 3)).is_stationary


def test_a_black_frame_is_passed_over(estimator, walk, truth) -> None:
    for given in walk[:6]:
        before = estimator.update(given)
    lost = estimator.update(_black(walk[6]))
    assert lost.state == 'lost'
    assert 'texture' in lost.reason
    np.testing.assert_array_equal(lost.T_camera2odom, before.T_camera2odom)
    assert np.trace(lost.pose_covariance) > np.trace(before.pose_covariance)
    after = estimator.update(walk[7])
    assert after.state == 'tracking'
    assert distance(after.T_camera2odom, truth[7]) < 0.02


def test_after_a_long_loss_it_goes_on_without_a_jump(estimator, walk, truth) -> None:
    for given in walk[:6]:
        before = estimator.update(given)
    for step in range(1, 25):
        lost = estimator.update(_at(_black(walk[6]), walk[5].seconds + 0.1 * step))
        assert lost.state == 'lost'
        np.testing.assert_array_equal(lost.T_camera2odom, before.T_camera2odom)
    later = walk[5].seconds + 3
    first = estimator.update(_at(walk[20], later))
    assert first.state == 'initialising'
    np.testing.assert_array_equal(first.T_camera2odom, before.T_camera2odom)
    second = estimator.update(_at(walk[21], later + 0.1))
    assert second.state == 'tracking'
    step = np.linalg.inv(truth[20]) @ truth[21]
    assert distance(second.T_camera2odom, before.T_camera2odom @ step) < 0.01
    assert np.sqrt(second.pose_covariance[0, 0]) > 1


@pytest.mark.parametrize('change', ['stamp', 'size', 'unit'])
def test_a_new_start_does_not_jump(estimator, walk, truth, change) -> None:
    for given in walk[:5]:
        before = estimator.update(given)
    given = walk[20]
    if change == 'stamp':
        given = _at(given, walk[0].seconds - 100)
    elif change == 'unit':
        given = replace(given, unit='relative')
    else:
        rgb, camera = given.rgb[:-40], replace(given.camera, height=given.camera.height - 40)
        given = replace(given, rgb=rgb, depth=given.depth[:-40], camera=camera)
    result = estimator.update(given)
    assert result.state == 'initialising'
    assert result.unit == given.unit
    np.testing.assert_array_equal(result.T_camera2odom, before.T_camera2odom)
    if change == 'stamp':
        after = estimator.update(_at(walk[21], given.seconds + 0.1))
        assert after.state == 'tracking'
        step = np.linalg.inv(truth[20]) @ truth[21]
        assert distance(after.T_camera2odom, before.T_camera2odom @ step) < 0.01


@pytest.mark.parametrize('depth', [0.0, np.nan, np.inf, -1.0])
def test_without_depth_it_waits(estimator, walk, depth) -> None:
    blind = replace(walk[0], depth=np.full_like(walk[0].depth, depth))
    result = estimator.update(blind)
    assert result.state == 'initialising'
    assert 'depth' in result.reason
    assert not result.is_keyframe
    assert np.isfinite(result.pose_covariance).all()
    assert estimator.update(walk[1]).is_keyframe
    assert estimator.update(walk[2]).state == 'tracking'


def test_it_recovers_in_the_middle_of_anything(estimator, walk) -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, walk[0].rgb.shape, np.uint8)
    series = [*walk[:3], *[replace(walk[3], rgb=noise)] * 2, _black(walk[4]),
              replace(walk[5], depth=np.full_like(walk[5].depth, np.nan)), *walk[20:25]]
    for number, given in enumerate(series):
        result = estimator.update(_at(given, 0.3 * number))
        for values in (result.T_camera2odom, result.twist, result.pose_covariance,
                       result.twist_covariance):
            assert np.isfinite(values).all()
        assert np.linalg.eigvalsh(result.pose_covariance).min() >= -1e-12
    assert result.state == 'tracking'


def _nees(result, pose):
    error = result.T_camera2odom[:3, 3] - pose[:3, 3]
    return error @ np.linalg.solve(result.pose_covariance[:3, :3], error) / 3


@pytest.mark.parametrize('factor', [0.85, 1.2])
def test_covariances_know_of_a_scale_that_is_wrong_everywhere(
    estimator, walk, truth, factor,
) -> None:
    wrong = [replace(given, depth=np.float32(factor) * given.depth, is_predicted=True)
             for given in walk]
    found = {}
    for sigma in (0.0, abs(factor - 1)):
        estimator.reset()
        estimator.settings = OdometrySettings(predicted_scale_sigma=sigma)
        found[sigma > 0] = [estimator.update(given) for given in wrong]
    results = found[True]
    assert _nees(found[False][-1], truth[-1]) > 3
    assert max(_nees(result, pose) for result, pose in zip(results[10:], truth[10:])) < 1
    # Sure of itself to the sides it stays, and of its path: only the covariance has changed.
    np.testing.assert_array_equal(results[-1].T_camera2odom, found[False][-1].T_camera2odom)
    added = results[-1].pose_covariance - found[False][-1].pose_covariance
    assert np.linalg.matrix_rank(added, tol=1e-9) == 1
    speed = results[-1].twist[:3] @ results[-1].twist[:3]
    along = (results[-1].twist_covariance - found[False][-1].twist_covariance).trace()
    assert along == pytest.approx((factor - 1) ** 2 * speed)


@pytest.mark.parametrize('kind', [{'is_predicted': False}, {'unit': 'relative'}])
def test_measured_and_relative_depth_have_no_common_scale_to_doubt(
    estimator, walk, kind,
) -> None:
    covariances = []
    for sigma in (0.0, 0.5):
        estimator.reset()
        estimator.settings = OdometrySettings(predicted_scale_sigma=sigma)
        for given in walk[:8]:
            result = estimator.update(replace(given, **{'is_predicted': True, **kind}))
        covariances.append(result.pose_covariance)
    np.testing.assert_array_equal(*covariances)


def test_lose_and_reset(estimator, walk) -> None:
    for given in walk[:5]:
        estimator.update(given)
    lost = estimator.lose('no image for 3 s')
    assert (lost.state, lost.reason) == ('lost', 'no image for 3 s')
    assert lost.T_camera2odom[:3, 3].any()
    estimator.reset()
    np.testing.assert_array_equal(estimator.update(walk[5]).T_camera2odom, np.eye(4))


def test_lost_before_the_first_frame_has_numbers_all_the_same(estimator) -> None:
    lost = estimator.lose('no image for 3 s')
    assert lost.state == 'lost'
    for values in (lost.T_camera2odom, lost.pose_covariance, lost.twist_covariance):
        assert np.isfinite(values).all()


def test_depth_on_the_pixels_of_another_camera(estimator, walk, truth) -> None:
    """Half as large, with a principal point of its own."""
    for given in walk[:8]:
        K = given.camera.K.copy()
        K[:2] /= 2
        K[:2, 2] = (K[:2, 2] * 2 + 0.5) / 2 - 0.5 - [8, 6]
        depth = np.ascontiguousarray(given.depth[12::2, 16::2])
        other = CameraModel.from_calibration(
            width=depth.shape[1], height=depth.shape[0], K=K.ravel())
        result = estimator.update(replace(given, depth=depth, depth_camera=other))
    assert result.state == 'tracking'
    assert distance(result.T_camera2odom, truth[7]) < 0.02


def test_posenet_may_give_the_first_guess(estimator, walk, truth) -> None:
    assert estimator.has_guess
    estimator.settings = OdometrySettings(initial_guess='posenet')
    for given in walk[:6]:
        result = estimator.update(given)
    assert result.timings['guess'] > 0
    assert distance(result.T_camera2odom, truth[5]) < 0.02


WRONG = {
    'size': lambda g: replace(g, rgb=g.rgb[:8, :8]),
    'depth': lambda g: replace(g, depth=g.depth.astype(np.float64)),
    'camera_info_size': lambda g: replace(g, rgb=np.ascontiguousarray(g.rgb[:100])),
    'depth_info_size': lambda g: replace(g, depth=g.depth[:100], depth_camera=g.camera),
    'depth_shape': lambda g: replace(g, depth=g.depth[:100]),
    'stamp': lambda g: replace(g, seconds=float('nan'))}


@pytest.mark.parametrize('cause', WRONG)
def test_input_that_cannot_be_is_refused_and_changes_nothing(estimator, walk, cause) -> None:
    for given in walk[:3]:
        estimator.update(given)
    with pytest.raises(FrameError) as caught:
        estimator.update(WRONG[cause](walk[3]))
    assert caught.value.cause == cause
    assert estimator.update(walk[4]).state == 'tracking'


def test_what_cannot_be_set_or_loaded_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match='initial_guess'):
        OdometrySettings(initial_guess='luck')
    with pytest.raises(ModelError, match='sa4depth export'):
        OdometryEstimator(tmp_path / 'none.onnx')
