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

"""Wheel odometry starts at the origin, drifts a little and says how much."""

import cv2
import numpy as np
from sa4depth_train.worlds.camera_path import drive_through, planar_poses
from sa4depth_train.worlds.odometry import carried_odometry, SCALE, wheel_odometry


def test_drift_is_small_and_within_what_it_admits() -> None:
    """Position error stays within three admitted deviations, for several seeds."""
    for seed in range(5):
        true = drive_through(seed, 120)
        odometry = wheel_odometry(true, 15.0, seed)
        wanted = np.linalg.inv(true[0]) @ true
        error = np.linalg.norm(odometry.poses[:, :2, 3] - wanted[:, :2, 3], axis=1)
        assert np.allclose(odometry.poses[0], np.eye(4))
        assert 0.002 < error[-1] < 0.2
        assert (error[10:] < 3 * np.hypot(*odometry.deviation[10:, :2].T)).all()


def test_velocity_is_in_the_body_frame() -> None:
    """A robot that drives along its own x while facing north reports vx, no vy."""
    steps = np.arange(20) * 0.1
    poses = planar_poses(np.stack([0 * steps, steps], 1), np.full(20, np.pi / 2))
    odometry = wheel_odometry(poses, 10.0, 0)
    assert np.allclose(odometry.velocity[:, 0], SCALE, atol=0.06)
    assert np.abs(odometry.velocity[:, 1:]).max() < 0.06


def test_standing_still_stays_exactly_there() -> None:
    """No motion, no noise."""
    odometry = wheel_odometry(np.tile(np.eye(4), (10, 1, 1)), 10.0, 3)
    assert np.allclose(odometry.poses, np.eye(4)) and np.allclose(odometry.velocity, 0)


def test_free_motion_drifts_little_in_all_directions() -> None:
    """A climbing, tilting spiral: errors are small, not zero, and within three deviations."""
    angle = np.linspace(0, 4, 80)
    true = np.tile(np.eye(4), (80, 1, 1))
    for pose, a in zip(true, angle):
        pose[:3, :3] = cv2.Rodrigues(np.array([0.2 * np.sin(a), 0.3, a]))[0]
        pose[:3, 3] = np.cos(a), np.sin(a), 0.4 * a
    for seed in range(4):
        odometry = carried_odometry(true, 10.0, seed)
        error = odometry.poses[:, :3, 3] - (np.linalg.inv(true[0]) @ true)[:, :3, 3]
        assert (odometry.poses[0] == np.eye(4)).all() and odometry.velocity.shape == (80, 6)
        assert 0.002 < np.abs(error[-1]).max() < 0.2
        assert (np.linalg.norm(error[10:], axis=1)
                < 3 * np.linalg.norm(odometry.deviation[10:, :3], axis=1)).all()
    # Steps of 4/79 rad on a circle of 1 m that climbs: 1.077 m/rad, ten times a second.
    speed = np.linalg.norm(odometry.velocity[:, :3], axis=1)
    assert abs(np.median(speed) / (1.077 * 40 / 79 * SCALE) - 1) < 0.01
