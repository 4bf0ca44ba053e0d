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

"""How bright a room looks: lamps and daylight scaled as an automatic exposure would."""

from dataclasses import replace

import numpy as np
from sa4depth_train.worlds.places.plan import FloorPlan
from sa4depth_train.worlds.world import Light, WorldBuilder

Color = tuple[float, float, float]
# About this share of a surface sees a lamp that throws shadows.
_SEEN = 0.75


def exposed(builder: WorldBuilder, plan: FloorPlan, ambient: Color,
            target: float) -> tuple[list[Light], Color]:
    """Scale lights and ambient so that walls, floor and ceiling have a mean of ``target`` 0..1."""
    points, normals, paint = _samples(builder, plan)
    light = np.tile(np.asarray(ambient), (len(points), 1))
    for lamp in builder.lights:
        light += _received(lamp, points, normals)[:, None] * lamp.color
    seen = np.minimum(light * paint, 1.0)
    gain = target / max(float(seen.mean()), 0.02)
    gain = target / max(float(np.minimum(gain * light * paint, 1.0).mean()) / gain, 0.02)
    scaled = [replace(lamp, color=_times(lamp.color, gain)) for lamp in builder.lights]
    return scaled, _times(ambient, gain)


def _samples(builder: WorldBuilder,
             plan: FloorPlan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points, normals, paint = [], [], []
    paints: dict[str, list[np.ndarray]] = {name.split()[0]: [] for name in builder.meshes}
    for name in builder.meshes:
        texture = builder.materials[name].texture
        paints[name.split()[0]].append(texture[::16, ::16].reshape(-1, 3).mean(0) / 255)
    means = {role: np.mean(paints[role], 0) for role in ('wall', 'floor')}
    for line in plan.walls:
        for share in (0.15, 0.4, 0.65, 0.9):
            for height in (0.25, 0.6):
                points.append((*line.point(share * line.length), height * plan.height))
                normals.append((*line.inward, 0.0))
                paint.append(means['wall'])
    for x in (0.2, 0.5, 0.8):
        for y in (0.2, 0.5, 0.8):
            points.append((x * plan.size[0], y * plan.size[1], 0.0))
            normals.append((0.0, 0.0, 1.0))
            paint.append(means['floor'])
    return np.array(points), np.array(normals), np.array(paint)


def _received(lamp: Light, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Give the share (n) of a lamp's light that points get, as the renderer has it."""
    to_lamp = np.asarray(lamp.position) - points
    away = np.linalg.norm(to_lamp, axis=1)
    to_lamp /= np.maximum(away, 1e-6)[:, None]
    facing = np.maximum((to_lamp * normals).sum(1), 0.0)
    axis = np.asarray(lamp.direction) / np.linalg.norm(lamp.direction)
    inside = -to_lamp @ axis
    cone = inside >= np.cos(np.radians(lamp.cutoff))
    fall = np.where(cone, inside, 0.0) / (1.0 + (away / lamp.reach) ** 2)
    # The sun only draws the window on the floor.
    return facing * fall * (0.0 if away.min() > 15 else _SEEN if lamp.shadow else 1.0)


def _times(color: Color, gain: float) -> Color:
    r, g, b = (float(value * gain) for value in color)
    return r, g, b
