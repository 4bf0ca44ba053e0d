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
from sa4depth_ros.runtime.scale import common_log_scale

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
# Radians by which the rotation of a reference may be wrong (standard deviation).
TURN_NOISE = math.radians(0.3)
# Pixels from its epipolar line that a point may be, and the share of points that must be so near.
_MOST_RESIDUAL = 2.0
_LEAST_AGREEING = 0.6
_STEP = 1e-6


def check_motion(T_known: Matrix, T_estimated: Matrix, depth: float) -> None:
    """
    Refuse a pair of frames whose motion tells no scale, by FrameError.

    Both motions (4, 4) are T_first2second, ``T_known`` in metres, ``T_estimated`` in the unit
    of ``depth``, the median of the scene. Causes: 'still' (no known motion), 'rotation' (next to
    no translation against the depth of the scene), 'direction' and 'turn' (the two disagree).
    """
    known, estimated = T_known[:3, 3], T_estimated[:3, 3]
    step, seen = float(np.linalg.norm(known)), float(np.linalg.norm(estimated))
    _check_step(step)
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
    first: Points, second: Points, depth: Points, T_known: Matrix, pixel: float,
) -> float:
    """
    Give the median logarithm of triangulated depth over the predicted one.

    ``first`` and ``second`` (N, 2) are the same points in two frames, in coordinates x/z, y/z,
    of which a ``pixel`` is so large; ``depth`` (N,) is predicted for the first, NaN unknown.
    Points are triangulated with ``T_known`` (4, 4), T_first2second in metres; its rotation is
    corrected a little by the points, its direction has to fit them. So errors of the predicted
    depth do not bend the motion, and the result means the same as that of depth_log_scale.
    Raises FrameError with cause 'still', 'tracks', 'direction', 'rotation', 'overlap' or 'shape'.
    """
    step = float(np.linalg.norm(T_known[:3, 3]))
    _check_step(step)
    if len(first) < LEAST_POINTS:
        raise FrameError(f'expected at least {LEAST_POINTS} points followed from frame to frame, '
                         f'got {len(first)}: too little texture, blur, or too fast', 'tracks')
    direction = T_known[:3, 3] / step
    rotation, residuals = fitted_rotation(T_known[:3, :3], direction, first, second, pixel)
    inverse, parallax = inverse_depth(first, second, rotation, direction)
    good = np.abs(residuals) < _MOST_RESIDUAL
    moved = float(np.median(parallax[good])) if good.any() else 0.0
    if good.any() and moved < LEAST_PARALLAX:
        raise FrameError(
            'next to no translation is seen, only rotation: it turns the view of the scene by '
            f'{math.degrees(moved):.2f} degrees, at least {math.degrees(LEAST_PARALLAX):.2f} are '
            'needed', 'rotation')
    good &= inverse > 0
    if good.mean() < _LEAST_AGREEING:
        raise FrameError(
            f'only {good.mean():.0%} of {len(first)} followed points move as the reference says, '
            f'at least {_LEAST_AGREEING:.0%} are needed. Is the transform from its frame to the '
            'camera right, and are both clocks the same?', 'direction')
    good &= np.isfinite(depth) & (depth > 0)
    if good.sum() < LEAST_POINTS:
        raise FrameError(f'the model has depth at only {int(good.sum())} followed points, at '
                         f'least {LEAST_POINTS} are needed', 'overlap')
    return common_log_scale(np.log(step / inverse[good]) - np.log(depth[good]))


def fitted_rotation(
    rotation: Matrix, direction: Matrix, first: Points, second: Points, pixel: float,
) -> tuple[Matrix, Points]:
    """
    Correct ``rotation`` (3, 3) so that points (N, 2) fit a motion along ``direction`` (3,).

    By robust least squares of their distance from the epipolar lines, with the given rotation
    known to within TURN_NOISE. Gives it with the distances (N,) in units of a ``pixel``.
    """
    change = np.zeros(3)

    def distances(turn: Matrix) -> Points:
        return _epipolar(_rotation(turn) @ rotation, direction, first, second) / pixel

    for _ in range(12):
        residuals = distances(change)
        weights = 1 / (1 + residuals ** 2)
        J = np.stack([(distances(change + _STEP * unit) - residuals) / _STEP
                      for unit in np.eye(3)], axis=1)
        H = J.T @ (weights[:, None] * J) + np.eye(3) / TURN_NOISE ** 2
        change = change - np.linalg.solve(
            H, J.T @ (weights * residuals) + change / TURN_NOISE ** 2)
    return _rotation(change) @ rotation, distances(change)


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


def _check_step(step: float) -> None:
    if step < LEAST_STEP:
        raise FrameError(f'expected a motion of at least {LEAST_STEP} m between two frames, the '
                         f'reference says {step:.4f} m', 'still')


def _epipolar(rotation: Matrix, direction: Matrix, first: Points, second: Points) -> Points:
    """Sampson distance (N,), in units of x/z."""
    E = _cross(direction) @ rotation
    a, b = _rays(first), _rays(second)
    line, back = a @ E.T, b @ E
    norm = np.sqrt((line[:, :2] ** 2).sum(1) + (back[:, :2] ** 2).sum(1))
    return np.einsum('ij,ij->i', b, line) / np.maximum(norm, 1e-12)


def _rotation(turn: Matrix) -> Matrix:
    """Rotation (3, 3) about an axis by its length (Rodrigues)."""
    angle = float(np.linalg.norm(turn))
    if angle < 1e-12:
        return np.eye(3)
    axis = _cross(turn / angle)
    return np.eye(3) + math.sin(angle) * axis + (1 - math.cos(angle)) * axis @ axis


def _cross(v: Matrix) -> Matrix:
    return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])


def _rays(points: Points) -> Points:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)
