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

"""Wheel odometry as a real robot would report it: smooth, a little wrong, drifting."""

from dataclasses import dataclass

import cv2
import numpy as np
from sa4depth_train.worlds.camera_path import planar_poses

# The wheels are 0.5 % larger than believed; each step errs by 1 % of its length and by
# 0.3 degrees a metre plus 0.4 % of its turn (standard deviations).
SCALE = 1.005
STEP_NOISE = 0.01
TURN_NOISE_PER_METRE = np.radians(0.3)
TURN_NOISE = 0.004


@dataclass(frozen=True, eq=False)
class Odometry:
    """
    Poses of base_link in ``odom`` (n, 4, 4), which is base_link at the first frame.

    velocity (n, 6): linear in m/s and angular in rad/s, x, y, z, in base_link (REP 105).
    deviation (n, 6): standard deviations of the position [m] and the angles [rad] so far.
    """

    poses: np.ndarray
    velocity: np.ndarray
    deviation: np.ndarray


def wheel_odometry(poses: np.ndarray, rate: float, seed: int) -> Odometry:
    """Integrate noisy steps of the true planar poses (n, 4, 4) taken at ``rate`` Hz."""
    steps, turns = _steps(poses)
    rng = np.random.default_rng((seed, 1))
    length = np.linalg.norm(steps, axis=1)
    step_noise = STEP_NOISE * length
    turn_noise = TURN_NOISE_PER_METRE * length + TURN_NOISE * np.abs(turns)
    measured = steps * SCALE + rng.standard_normal(steps.shape) * step_noise[:, None]
    turned = turns + rng.standard_normal(len(turns)) * turn_noise
    yaw = np.concatenate([[0.0], np.cumsum(turned)])
    heading = yaw[:-1]
    shift = np.stack([np.cos(heading) * measured[:, 0] - np.sin(heading) * measured[:, 1],
                      np.sin(heading) * measured[:, 0] + np.cos(heading) * measured[:, 1]], 1)
    place = np.concatenate([np.zeros((1, 2)), np.cumsum(shift, 0)])
    return Odometry(planar_poses(place, yaw), _all_six(_velocity(measured, turned, rate)),
                    _all_six(_deviation(length, step_noise, turn_noise)))


def carried_odometry(poses: np.ndarray, rate: float, seed: int) -> Odometry:
    """
    Integrate noisy steps of poses (n, 4, 4) that move freely, taken at ``rate`` Hz.

    As a visual-inertial odometry reports it, with the errors of wheels in all directions.
    """
    relative = np.linalg.inv(poses[:-1]) @ poses[1:]
    turns = np.array([cv2.Rodrigues(step[:3, :3])[0].ravel() for step in relative]).reshape(-1, 3)
    steps = relative[:, :3, 3]
    rng = np.random.default_rng((seed, 1))
    length = np.linalg.norm(steps, axis=1)
    step_noise = STEP_NOISE * length
    turn_noise = TURN_NOISE_PER_METRE * length + TURN_NOISE * np.linalg.norm(turns, axis=1)
    measured = steps * SCALE + rng.standard_normal(steps.shape) * step_noise[:, None]
    turned = turns + rng.standard_normal(turns.shape) * turn_noise[:, None]
    path = np.tile(np.eye(4), (len(poses), 1, 1))
    for index, (step, turn) in enumerate(zip(measured, turned)):
        moved = np.eye(4)
        moved[:3, :3], moved[:3, 3] = cv2.Rodrigues(turn)[0], step
        path[index + 1] = path[index] @ moved
    x, _, yaw = _deviation(length, step_noise, turn_noise).T
    velocity = np.hstack([measured, turned]) * rate
    return Odometry(path, np.concatenate([velocity[:1], velocity]),
                    np.stack([x, x, x, yaw, yaw, yaw], 1))


def _all_six(planar: np.ndarray) -> np.ndarray:
    six = np.zeros((len(planar), 6))
    six[:, [0, 1, 5]] = planar
    return six


def _steps(poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    relative = np.linalg.inv(poses[:-1]) @ poses[1:]
    return relative[:, :2, 3], np.arctan2(relative[:, 1, 0], relative[:, 0, 0])


def _velocity(steps: np.ndarray, turns: np.ndarray, rate: float) -> np.ndarray:
    # A message reports the step that ends at it; the first repeats its neighbour's.
    velocity = np.concatenate([steps, turns[:, None]], 1) * rate
    return np.concatenate([velocity[:1], velocity]) if len(velocity) else np.zeros((1, 3))


def _deviation(length: np.ndarray, step_noise: np.ndarray,
               turn_noise: np.ndarray) -> np.ndarray:
    # Rough and honest: a scale error along the way, plus sideways drift from the heading.
    way = np.cumsum(length)
    yaw = np.sqrt(np.cumsum(turn_noise ** 2))
    place = np.sqrt(np.cumsum(step_noise ** 2) + ((SCALE - 1) * way) ** 2 + (yaw * way) ** 2)
    grown = np.stack([place, place, yaw], 1)
    return np.concatenate([np.zeros((1, 3)), grown]) + 1e-6
