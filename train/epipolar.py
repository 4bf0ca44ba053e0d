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

"""Motion between two pictures that fits followed points best, up to its length."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]

_ITERATIONS = 20
_DONE = 1e-8


def refined_motion(
    T: Matrix, first: Points, second: Points, noise: float,
) -> tuple[Matrix, float]:
    """
    Give T_first2second (4, 4) with a translation of length 1, refined, and its cost.

    Levenberg-Marquardt on the Sampson distances of points (N, 2), in x/z and y/z, over
    rotation and direction; Cauchy loss beyond ``noise``.
    """
    R, t = T[:3, :3], _direction(T[:3, 3])
    products = (_rays(second)[:, :, None] * _rays(first)[:, None]).reshape(-1, 9)
    scale = _weights(R, t, first, second) / noise
    r, damping = scale * (products @ (_cross(t) @ R).ravel()), 1e-3
    for _ in range(_ITERATIONS):
        J = scale[:, None] * (products @ np.stack([D.ravel() for D in _derivatives(R, t)], 1))
        w = 1 / (1 + r ** 2)
        H = J.T @ (w[:, None] * J)
        step = -np.linalg.solve(H + np.diag(damping * H.diagonal() + 1e-9), J.T @ (w * r))
        R_new, t_new = _moved(R, t, step)
        scale_new = _weights(R_new, t_new, first, second) / noise
        r_new = scale_new * (products @ (_cross(t_new) @ R_new).ravel())
        if _cost(r_new) >= _cost(r):
            damping *= 10
            continue
        R, t, r, scale, damping = R_new, t_new, r_new, scale_new, damping / 10
        if np.abs(step).max() < _DONE:
            break
    refined = np.eye(4)
    refined[:3, :3], refined[:3, 3] = R, t
    return refined, _cost(r)


def in_front(T: Matrix, first: Points, second: Points) -> Matrix:
    """Turn the translation of ``T`` (4, 4) round where most points would lie behind."""
    turned, seen = _rays(first) @ T[:3, :3].T, _rays(second)
    # second x (R first + rho t) = 0
    towards = np.cross(seen, turned), np.cross(seen, T[None, :3, 3])
    if np.median((towards[0] * towards[1]).sum(1)) <= 0:
        return T
    other = T.copy()
    other[:3, 3] *= -1
    return other


def _weights(R: Matrix, t: Matrix, first: Points, second: Points) -> Points:
    """Give one over the gradient of the epipolar constraint: the Sampson distance needs it."""
    E = _cross(t) @ R
    line, back = _rays(first) @ E.T, _rays(second) @ E
    power = (line[:, :2] ** 2).sum(1) + (back[:, :2] ** 2).sum(1)
    return 1 / np.sqrt(np.maximum(power, 1e-18))


def _derivatives(R: Matrix, t: Matrix) -> Iterator[Matrix]:
    for axis in np.eye(3):
        yield _cross(t) @ _cross(axis) @ R
    for sideways in _tangents(t):
        yield _cross(sideways) @ R


def _moved(R: Matrix, t: Matrix, step: Matrix) -> tuple[Matrix, Matrix]:
    turn = cv2.Rodrigues(step[:3])[0]
    return turn @ R, _direction(t + step[3:] @ _tangents(t))


def _tangents(t: Matrix) -> Matrix:
    """Two directions (2, 3) at right angles to ``t`` (3,) and to each other."""
    return np.linalg.svd(t[None])[2][1:]


def _cost(residuals: Points) -> float:
    return float(np.log1p(residuals ** 2).sum())


def _direction(t: Matrix) -> Matrix:
    length = float(np.linalg.norm(t))
    return t / length if length > 0 else np.array([0.0, 0.0, 1.0])


def _cross(v: Matrix) -> Matrix:
    return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])


def _rays(points: Points) -> Points:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)
