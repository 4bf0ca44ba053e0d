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

"""What the lamps of a world mean to the shaders: numbers, and the matrices of shadow maps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.world import Light, World

Matrix = NDArray[np.float64]
MAX_LIGHTS = 8
MAX_SHADOWS = 4
# A shadow map cannot look further aside than this from the axis of its lamp.
_WIDEST = np.radians(80.0)
_NEAR = 0.05


def ordered_lights(world: World) -> list[Light]:
    """Give the lights, those with a shadow first; ConfigError when there are too many."""
    lights = sorted(world.lights, key=lambda light: not light.shadow)
    shadows = sum(light.shadow for light in lights)
    if len(lights) > MAX_LIGHTS or shadows > MAX_SHADOWS:
        raise ConfigError(f'a world may have {MAX_LIGHTS} lights, {MAX_SHADOWS} of them with '
                          f'shadows; this one has {len(lights)} and {shadows}')
    return lights


def light_uniforms(lights: Sequence[Light]) -> dict[str, bytes]:
    """Give the arrays of the surface shader by their names."""
    place, axis, color = (np.zeros((max(1, len(lights)), 4), np.float32) for _ in range(3))
    for row, light in enumerate(lights):
        place[row, :3] = light.position
        axis[row] = *_unit(light.direction), np.cos(np.radians(light.cutoff))
        color[row] = *light.color, 1.0 / light.reach ** 2
    return {'light_place': place.tobytes(), 'light_axis': axis.tobytes(),
            'light_color': color.tobytes()}


def shadow_matrix(light: Light, points: Matrix) -> Matrix:
    """
    Give the matrix (4, 4) from the world to the clip space of a lamp's shadow map.

    ``points`` (n, 3) is everything that throws or gets a shadow.
    """
    axis = _unit(light.direction)
    side = _unit(np.cross(axis, (0.0, 1.0, 0.0) if abs(axis[2]) > 0.9 else (0.0, 0.0, 1.0)))
    R = np.stack([side, np.cross(axis, side), axis])
    view = np.eye(4)
    view[:3, :3] = R
    if light.directional:
        return _box(points @ R.T) @ view
    view[:3, 3] = -R @ np.asarray(light.position)
    far = float(max(1.0, ((points - light.position) @ axis).max() * 1.01))
    return _cone(min(np.radians(light.cutoff), _WIDEST), far) @ view


def _box(seen: Matrix) -> Matrix:
    low, high = seen.min(0) - 0.01, seen.max(0) + 0.01
    matrix = np.diag([*(2.0 / (high - low)), 1.0])
    matrix[:3, 3] = -(high + low) / (high - low)
    return matrix


def _cone(angle: float, far: float) -> Matrix:
    matrix = np.zeros((4, 4))
    matrix[0, 0] = matrix[1, 1] = 1.0 / np.tan(angle)
    matrix[2, 2] = (far + _NEAR) / (far - _NEAR)
    matrix[2, 3] = -2.0 * far * _NEAR / (far - _NEAR)
    matrix[3, 2] = 1.0
    return matrix


def _unit(vector: Sequence[float] | Matrix) -> Matrix:
    v = np.asarray(vector, float)
    return v / np.linalg.norm(v)
