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

"""What one pair of frames says of the scale: known motion against motion that fits the depth."""

import math

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]

LEAST_POINTS = 30
# Motion that turns the rays to the scene by less than this (radians, median) says too little.
LEAST_PARALLAX = math.radians(0.4)
# Directions of travel may differ by this: odometry slips, depth is not perfect.
MOST_DEVIATION = math.radians(25)
MOST_TURN = math.radians(5)
# Metres: encoders and poses are not finer than this.
LEAST_STEP = 0.01


def check_motion(T_known: Matrix, T_estimated: Matrix, depth: float) -> None:
    """
    Refuse a pair of frames whose motion tells no scale, by FrameError.

    Both motions (4, 4) are T_first2second, ``T_known`` in metres, ``T_estimated`` in the unit
    of ``depth``, the median of the scene. Causes: 'still' (no known motion), 'rotation' (next to no
    translation against the depth of the scene), 'direction' and 'turn' (the two disagree).
    """
    known, estimated = T_known[:3, 3], T_estimated[:3, 3]
    step, seen = float(np.linalg.norm(known)), float(np.linalg.norm(estimated))
    if step < LEAST_STEP:
        raise FrameError(f'expected a motion of at least {LEAST_STEP} m between two frames, the '
                         f'reference says {step:.4f} m', 'still')
    if seen < LEAST_PARALLAX * depth:
        raise FrameError(
            'next to no translation is seen, only rotation: it turns the view of the scene by '
            f'{math.degrees(seen / depth):.2f} degrees, at least '
            f'{math.degrees(LEAST_PARALLAX):.2f} are needed', 'rotation')
    deviation = math.acos(max(-1.0, min(1.0, float(known @ estimated) / (step * seen))))
    if deviation > MOST_DEVIATION:
        raise FrameError(
            f'the reference moves another way than the picture: {math.degrees(deviation):.0f} '
            f'degrees apart, at most {math.degrees(MOST_DEVIATION):.0f} are one motion. Is the '
            'transform from its frame to the camera right?', 'direction')
    turn = rotation_angle(T_known[:3, :3].T @ T_estimated[:3, :3])
    if turn > MOST_TURN:
        raise FrameError(f'the reference turns otherwise than the picture, by '
                         f'{math.degrees(turn):.1f} degrees, at most '
                         f'{math.degrees(MOST_TURN):.0f} are one motion', 'turn')


def motion_log_scale(T_known: Matrix, T_estimated: Matrix, depth: float) -> float:
    """
    Give the logarithm of the known translation over the one in the unit of depth.

    Arguments and errors are those of check_motion. Only what lies along the known direction
    counts: noise of the estimate across it would make it longer.
    """
    check_motion(T_known, T_estimated, depth)
    known, estimated = T_known[:3, 3], T_estimated[:3, 3]
    return float(np.log(known @ known / (known @ estimated)))


def points_log_scale(
    first: Points, second: Points, depth: Points, T_known: Matrix, T_estimated: Matrix,
) -> float:
    """
    Give the median logarithm of triangulated depth over the predicted one.

    ``first`` and ``second`` (N, 2) are the same points in two frames, in coordinates x/z, y/z,
    ``depth`` (N,) is predicted for the first. Points are triangulated with the rotation and the
    direction of ``T_estimated`` and the length of ``T_known``, so that the result means the same
    as that of depth_log_scale. Raises FrameError as check_motion, and with cause 'points' when
    too few have parallax.
    """
    check_motion(T_known, T_estimated, float(np.median(depth)))
    translation = T_estimated[:3, 3] / np.linalg.norm(T_estimated[:3, 3])
    inverse, parallax = inverse_depth(first, second, T_estimated[:3, :3], translation)
    good = (parallax > LEAST_PARALLAX / 2) & (inverse > 0)
    if good.sum() < LEAST_POINTS or np.median(parallax) < LEAST_PARALLAX:
        raise FrameError(
            f'expected at least {LEAST_POINTS} points with parallax, got {int(good.sum())} of '
            f'{len(first)}, {math.degrees(float(np.median(parallax))):.2f} degrees in the median, '
            f'at least {math.degrees(LEAST_PARALLAX):.2f} are needed', 'parallax')
    step = float(np.linalg.norm(T_known[:3, 3]))
    return float(np.median(np.log(step / inverse[good]) - np.log(depth[good])))


def inverse_depth(
    first: Points, second: Points, rotation: Matrix, translation: Matrix,
) -> tuple[Points, Points]:
    """
    Triangulate points seen twice: inverse depth (N,) in units of the translation, and parallax.

    Least squares in the second picture: ``second`` x (R ``first`` + rho t) = 0. Parallax is by
    how much (in units of x/z) the point moves, once the rotation is undone.
    """
    turned = _rays(first) @ rotation.T
    seen = _rays(second)
    a, b = np.cross(seen, turned), np.cross(seen, translation[None])
    power = np.maximum(np.einsum('ij,ij->i', b, b), 1e-12)
    inverse = -np.einsum('ij,ij->i', a, b) / power
    undone = turned[:, :2] / turned[:, 2:]
    return inverse, np.linalg.norm(second - undone, axis=1)


def rotation_angle(rotation: Matrix) -> float:
    """Give the angle of a rotation (3, 3) in radians."""
    return math.acos(max(-1.0, min(1.0, (float(np.trace(rotation)) - 1) / 2)))


def _rays(points: Points) -> Points:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)
