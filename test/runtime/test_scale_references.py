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

"""The scale of single frames: against depth, points, distances and motion."""

import math

import numpy as np
import pytest
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.scale_depth import (
    depth_log_scale, distance_log_scale, project_points)
from sa4depth_ros.runtime.scale_motion import (
    fitted_rotation, motion_log_scale, points_log_scale, rotation_angle)

K = np.array([[100.0, 0, 49.5], [0, 100.0, 29.5], [0, 0, 1]])
PIXEL = 0.005


def refused(cause, function, *arguments):
    with pytest.raises(FrameError) as error:
        function(*arguments)
    assert error.value.cause == cause, error.value
    return str(error.value)


def test_depth_against_depth() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(1, 5, (60, 100)).astype(np.float32)
    guess = truth / 1.7 * np.exp(0.2 * rng.standard_normal(truth.shape)).astype(np.float32)
    truth[:20], guess[:, 80:] = 0, np.nan
    guess[30:35] *= 20
    assert math.exp(depth_log_scale(guess, truth)) == pytest.approx(1.7, rel=0.05)
    assert 'got 0' in refused('overlap', depth_log_scale, guess, np.zeros_like(truth))
    assert 'varies by' in refused('shape', depth_log_scale, guess, 1 / guess**2)
    refused('size', depth_log_scale, guess, truth[:30])


def test_points_fall_where_the_camera_sees_them() -> None:
    # The lidar sits 10 cm above the camera and looks the same way.
    T = np.eye(4)
    T[1, 3] = 0.1
    points = np.array([[0, -0.1, 2], [1, -0.1, 4], [0, 0, -2], [9, 0, 1], [np.nan, 0, 2]])
    depth = project_points(points, T, K, (100, 60))
    assert np.count_nonzero(depth) == 2
    assert depth[30, 50] == 2
    assert depth[30, 74] == 4
    assert depth.shape == (60, 100)


def test_points_behind_an_edge_are_left_out() -> None:
    points = np.array([[0, 0, 1.0], [0.0101, 0, 1.0], [0.02, 0.02, 3.0], [1, 0, 3.0]])
    depth = project_points(points, np.eye(4), K, (100, 60))
    assert np.unique(depth).tolist() == [0, 1, 3]
    assert np.count_nonzero(depth == 3) == 1


def test_a_distance_is_straight_or_along_the_axis() -> None:
    depth = np.full((60, 100), 1.5, np.float32)
    depth[:, :10] = np.nan
    corner = (80, 50, 3, 3)
    ray = np.linalg.norm([(81 - 49.5) / 100, (51 - 29.5) / 100, 1])
    assert distance_log_scale(depth, corner, 3 * ray, K) == pytest.approx(math.log(2))
    assert distance_log_scale(depth, corner, 3, None) == pytest.approx(math.log(2))
    assert '100x60' in refused('overlap', distance_log_scale, depth, (99, 0, 2, 1), 3, K)
    assert 'no depth at x 2' in refused('overlap', distance_log_scale, depth, (2, 2, 3, 3), 3, K)


def scene(shift, turn=0.0, noise=0.3, count=300):
    """Give points (x/z, y/z) in two frames half a pixel exact, noisy depth, and the motion."""
    rng = np.random.default_rng(2)
    z = rng.uniform(2, 6, count)
    first = np.stack([rng.uniform(-0.5, 0.5, count), rng.uniform(-0.3, 0.3, count)], axis=1)
    T = np.eye(4)
    T[:3, :3] = [[math.cos(turn), 0, math.sin(turn)], [0, 1, 0],
                 [-math.sin(turn), 0, math.cos(turn)]]
    T[:3, 3] = shift
    places = np.concatenate([first, np.ones((count, 1))], axis=1) * z[:, None]
    seen = places @ T[:3, :3].T + T[:3, 3]
    second = seen[:, :2] / seen[:, 2:] + 0.3 * PIXEL * rng.standard_normal((count, 2))
    return first, second, z * np.exp(noise * rng.standard_normal(count)), T


@pytest.mark.parametrize('shift', [(0.4, 0, 0), (0, 0, -0.6), (0.3, 0.1, -0.3)])
@pytest.mark.parametrize('turn', [0.0, 0.15])
def test_points_and_known_motion(shift, turn) -> None:
    first, second, depth, T = scene(shift, turn)
    depth[::7] = np.nan
    second[::10] += 0.1
    value = points_log_scale(first, second, depth / 2.2, T, PIXEL)
    # The median of 250 ratios that scatter by 30 %: its error is 2.4 %.
    assert math.exp(value) == pytest.approx(2.2, rel=0.06)


def test_the_points_correct_a_wrong_rotation() -> None:
    first, second, _, T = scene((0.3, 0.1, -0.3), 0.1)
    wrong = scene((0.3, 0.1, -0.3), 0.1 + math.radians(0.4))[3][:3, :3]
    direction = T[:3, 3] / np.linalg.norm(T[:3, 3])
    rotation, residuals = fitted_rotation(wrong, direction, first, second, PIXEL)
    assert rotation_angle(wrong.T @ T[:3, :3]) == pytest.approx(math.radians(0.4))
    assert rotation_angle(rotation.T @ T[:3, :3]) < math.radians(0.1)
    assert np.median(np.abs(residuals)) < 0.5


def test_motion_that_tells_nothing_is_refused() -> None:
    first, second, depth, T = scene((0.4, 0, 0))
    still, turned = scene((0.001, 0, 0)), scene((0, 0, 0), 0.1)
    assert '0.0010 m' in refused('still', points_log_scale, *still, PIXEL)
    claims = turned[3].copy()
    claims[0, 3] = 0.3
    assert 'only rotation' in refused(
        'rotation', points_log_scale, *turned[:3], claims, PIXEL)
    for wrong in ((0, 0.4, 0), (-0.4, 0, 0)):
        claims = T.copy()
        claims[:3, 3] = wrong
        assert 'move as the reference says' in refused(
            'direction', points_log_scale, first, second, depth, claims, PIXEL)
    assert 'got 20' in refused(
        'tracks', points_log_scale, first[:20], second[:20], depth[:20], T, PIXEL)
    assert 'at only 0' in refused(
        'overlap', points_log_scale, first, second, depth * np.nan, T, PIXEL)
    assert 'varies by' in refused(
        'shape', points_log_scale, first, second, np.exp(5 * np.sin(9 * depth)), T, PIXEL)


def test_motion_against_motion() -> None:
    T = scene((0.3, 0, -0.3), 0.1)[3]
    mine = T.copy()
    mine[:3, 3] /= 2.2
    # What is across the known direction does not count.
    mine[:3, 3] += (0, 0.02, 0)
    assert math.exp(motion_log_scale(T, mine, 2.0)) == pytest.approx(2.2)
    assert 'only rotation' in refused('rotation', motion_log_scale, T, mine, 2000.0)
    assert 'degrees apart' in refused('direction', motion_log_scale, T, np.linalg.inv(mine), 2.0)
    mine[:3, :3] = np.eye(3)
    assert 'turns otherwise' in refused('turn', motion_log_scale, T, mine, 2.0)
    assert '0.0000 m' in refused('still', motion_log_scale, np.eye(4), mine, 2.0)
