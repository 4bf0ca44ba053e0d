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

"""A smooth drive through the room: where the robot is, and so its camera, at every frame."""

from collections.abc import Sequence

import numpy as np

# The camera sits on a mast: 1.25 m high, 0.1 m ahead of base_link, tilted down by 9 degrees.
CAMERA_POSITION = (0.10, 0.0, 1.25)
CAMERA_TILT = np.radians(9.0)
WAYPOINTS = ((5.25, 0.85), (4.75, 1.25), (4.0, 1.75), (3.3, 2.15), (2.85, 2.65), (2.65, 3.15),
             (2.75, 3.55))
GAZES = ((3.2, 4.7), (2.7, 4.6), (1.7, 4.5), (0.5, 3.9), (0.3, 2.7), (0.8, 1.7), (1.7, 0.7))
JITTER = 0.05


def drive_through(seed: int, frames: int) -> np.ndarray:
    """
    Plan the poses of base_link in world, (frames, 4, 4): planar, x along the gaze.

    The robot is holonomic: it drives along one B-spline and looks along another, starts and
    stops gently and never returns to where it was. The seed moves both by some centimetres.
    """
    rng = np.random.default_rng(seed)
    places = np.asarray(WAYPOINTS) + rng.uniform(-JITTER, JITTER, (len(WAYPOINTS), 2))
    gazes = np.asarray(GAZES) + rng.uniform(-JITTER, JITTER, (len(GAZES), 2))
    progress = _eased(np.linspace(0.0, 1.0, frames))
    place, gaze = b_spline(places, progress), b_spline(gazes, progress)
    yaw = np.arctan2(gaze[:, 1] - place[:, 1], gaze[:, 0] - place[:, 0])
    return planar_poses(place, yaw)


def camera_mount(tilt: float = CAMERA_TILT,
                 position: Sequence[float] = CAMERA_POSITION) -> np.ndarray:
    """
    Give the pose (4, 4) of camera_optical (x right, y down, z forward) in base_link.

    ``tilt`` is down, in rad, ``position`` in metres.
    """
    c, s = np.cos(tilt), np.sin(tilt)
    T = np.eye(4)
    # Columns: the optical axes seen from the base (x forward, y left, z up).
    T[:3, :3] = np.array([[0.0, -s, c], [-1.0, 0.0, 0.0], [0.0, -c, -s]])
    T[:3, 3] = position
    return T


def planar_poses(place: np.ndarray, yaw: np.ndarray) -> np.ndarray:
    """Stack poses (n, 4, 4) from places (n, 2) in metres and yaw (n) in rad."""
    poses = np.tile(np.eye(4), (len(yaw), 1, 1))
    poses[:, 0, 0] = poses[:, 1, 1] = np.cos(yaw)
    poses[:, 1, 0] = np.sin(yaw)
    poses[:, 0, 1] = -poses[:, 1, 0]
    poses[:, :2, 3] = place
    return poses


def b_spline(points: Sequence[Sequence[float]] | np.ndarray, progress: np.ndarray) -> np.ndarray:
    """Evaluate a uniform cubic B-spline, clamped at both ends, at progress 0..1: (n, d)."""
    control = np.asarray(points, float)
    control = np.concatenate([2 * control[:1] - control[1:2], control,
                              2 * control[-1:] - control[-2:-1]])
    position = progress * (len(control) - 3)
    index = np.clip(position.astype(int), 0, len(control) - 4)
    t = (position - index)[:, None]
    weights = ((1 - t) ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6,
               (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6, t ** 3 / 6)
    return sum(weight * control[index + k] for k, weight in enumerate(weights))


def _eased(t: np.ndarray) -> np.ndarray:
    # Half way between steady speed and smootherstep: a start from slow, not from standstill.
    return 0.5 * t + 0.5 * t ** 3 * (t * (6 * t - 15) + 10)
