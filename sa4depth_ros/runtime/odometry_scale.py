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

"""The scale of one frame's depth against another's, when the motion between them is known."""

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.odometry_frame import OdometryFrame
from sa4depth_ros.runtime.rigid_motion import Matrix

_EVERY = 4
_LEAST_POINTS = 100
_ROUNDS = 8


def moved_pixels(
    frame: OdometryFrame, motions: list[Matrix], every: int = 8,
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """
    Give where each of ``motions`` (4, 4) from ``frame`` puts its pixels, and their depth before.

    Of each ``every``-th row and column those with depth, M in all: per motion (3, M) of u, v, z;
    u and v mean nothing where z is not positive. Depth is (M,).
    """
    rows, columns = np.mgrid[every // 2:frame.depth.shape[0]:every,
                             every // 2:frame.depth.shape[1]:every]
    depth = frame.depth[rows, columns].astype(np.float64)
    known = depth > 0
    pixels = np.stack((columns[known], rows[known], np.ones(known.sum())))
    points = np.linalg.solve(frame.K, pixels) * depth[known]
    moved = []
    for T in motions:
        there = frame.K @ (T[:3, :3] @ points + T[:3, 3:])
        there[:2] /= np.where(there[2] > 0, there[2], 1.0)
        moved.append(there)
    return moved, depth[known]


def flow_between(frame: OdometryFrame, T_a: Matrix, T_b: Matrix) -> float:
    """Give how far apart two motions (4, 4) put the pixels of ``frame``, median, in pixels."""
    (a, b), _ = moved_pixels(frame, [T_a, T_b])
    ahead = (a[2] > 0) & (b[2] > 0)
    if not ahead.any():
        return float('inf')
    return float(np.median(np.hypot(*(a[:2] - b[:2])[:, ahead])))


def log_scale(target: OdometryFrame, source: OdometryFrame, T_target2source: Matrix) -> float:
    """
    Give the logarithm of what the source's depth lacks to agree with the target's; 0 if unknown.

    Networks predict far things too near (depth goes like the true one to the power of 0.6 or
    so), therefore what comes nearer seems to change its scale. So the logarithm of the ratio is
    fitted, robustly, as a line over the logarithm of each point's own change of depth; its value
    where depth does not change is the scale.
    """
    (there,), before = moved_pixels(target, [T_target2source], _EVERY)
    u, v, z = there
    height, width = source.depth.shape
    inside = (z > 0) & (u > 0) & (u < width - 1) & (v > 0) & (v < height - 1)
    u, v, z, before = u[inside], v[inside], z[inside], before[inside]
    found = source.depth[np.rint(v).astype(int), np.rint(u).astype(int)]
    known = found > 0
    if known.sum() < _LEAST_POINTS:
        return 0.0
    ratio = np.log(z[known] / found[known])
    return _intercept(np.log(before[known] / z[known]), ratio)


def _intercept(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Fit y = a + b x with Cauchy weights and give a."""
    weight = np.ones_like(x)
    a = b = 0.0
    for _ in range(_ROUNDS):
        total = weight.sum()
        mean_x, mean_y = (weight @ x) / total, (weight @ y) / total
        spread = weight @ (x - mean_x) ** 2
        # Where no point's depth changes there is no slope to be found.
        b = (weight @ ((x - mean_x) * (y - mean_y))) / (spread + 1e-4 * total)
        a = mean_y - b * mean_x
        residual = y - a - b * x
        scale = 1.48 * np.median(np.abs(residual)) + 1e-4
        weight = 1 / (1 + (residual / scale) ** 2)
    return float(a)
