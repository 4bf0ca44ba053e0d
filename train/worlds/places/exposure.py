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

"""Light scaled as an automatic exposure would, from what the surfaces of a world give back."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sa4depth_train.worlds.mesh import merged, Mesh
from sa4depth_train.worlds.world import Light, WorldBuilder

Color = tuple[float, float, float]
Region = tuple[float, float, float, float]
SAMPLES = 500
# Faces are sampled by patches of this area [m2], so many at most.
PATCH, MOST_PATCHES = 4.0, 32
# A patch counts up to this area [m2], and as far as this from where a camera may be [m].
LARGEST, FARTHEST = 12.0, 3.0


def exposed_world(builder: WorldBuilder, regions: Sequence[Region], ambient: Color,
                  target: float) -> tuple[list[Light], Color]:
    """Scale lights and ambient light so that surfaces near the regions show ``target`` (0..1)."""
    points, normals, paint = _samples(builder, regions)
    light = np.tile(np.asarray(ambient), (len(points), 1))
    for lamp in builder.lights:
        light += _received(lamp, points, normals)[:, None] * lamp.color
    seen = light * paint
    gain = 1.0
    for _ in range(4):
        gain *= target / max(float(np.minimum(gain * seen, 1.0).mean()), 0.02)
    # An exposure also spares the lights: few surfaces may be white all over.
    gain = min(gain, 0.95 / max(float(np.quantile(seen, 0.88)), 0.02))
    gain = float(np.clip(gain, 0.3, 4.0))
    return ([replace(lamp, color=_times(lamp.color, gain)) for lamp in builder.lights],
            _times(ambient, gain))


def _samples(builder: WorldBuilder, regions: Sequence[Region],
             ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    area = np.array(regions)
    low = np.array([area[:, 0].min(), area[:, 2].min()]) - FARTHEST
    high = np.array([area[:, 1].max(), area[:, 3].max()]) + FARTHEST
    rng = np.random.default_rng(0)
    found = []
    for name, meshes in builder.meshes.items():
        material = builder.materials[name]
        if material.glow > 0:
            continue
        tone = material.texture[::16, ::16].reshape(-1, 3).mean(0) / 255
        places, ways, areas = _faces(merged(meshes), rng)
        found.append((places, ways, areas, np.tile(tone, (len(places), 1))))
    points, normals, sizes, paint = (np.concatenate(column) for column in zip(*found))
    near = ((points[:, :2] > low) & (points[:, :2] < high)).all(1)
    weight = np.minimum(sizes, LARGEST) * near
    chosen = rng.choice(len(points), SAMPLES, p=weight / weight.sum())
    return points[chosen], normals[chosen], paint[chosen]


def _faces(mesh: Mesh,
           rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    # A large face is known by many points: parts of it may be near, lit, or neither.
    count = np.clip(np.ceil(area / PATCH), 1, MOST_PATCHES).astype(int)
    face = np.repeat(np.arange(len(area)), count)
    share = rng.dirichlet((1.0, 1.0, 1.0), len(face))
    points = sum(share[:, k, None] * corner[face] for k, corner in enumerate((a, b, c)))
    return points, mesh.normals[mesh.faces[face, 0]], (area / count)[face]


def _received(lamp: Light, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Give the share (n) of a lamp's light that points get, as the renderer has it."""
    axis = np.asarray(lamp.direction) / np.linalg.norm(lamp.direction)
    if lamp.directional:
        return np.maximum(-normals @ axis, 0.0)
    to_lamp = np.asarray(lamp.position) - points
    away = np.linalg.norm(to_lamp, axis=1)
    to_lamp /= np.maximum(away, 1e-6)[:, None]
    inside = -to_lamp @ axis
    cone = np.where(inside >= np.cos(np.radians(lamp.cutoff)), inside, 0.0)
    fall = cone if lamp.cutoff < 90 else np.ones_like(cone)
    # A lamp far away is the sun behind a window: it draws but a spot on the floor.
    seen = 0.0 if away.min() > 20 else 1.0
    return seen * np.maximum((to_lamp * normals).sum(1), 0.0) * fall / (
        1.0 + (away / lamp.reach) ** 2)


def _times(color: Color, gain: float) -> Color:
    red, green, blue = (float(value * gain) for value in color)
    return red, green, blue
