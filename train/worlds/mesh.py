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

"""Triangle meshes with normals and texture coordinates: what a world is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Vector = Sequence[float] | np.ndarray


@dataclass(frozen=True, eq=False)
class Mesh:
    """
    Triangles in metres; front faces wind counter-clockwise seen from outside.

    vertices, normals (n, 3) float; uv (n, 2) float, in metres on tiled materials and 0..1 on
    pictures; faces (m, 3) int. Vertices are not shared between smooth groups.
    """

    vertices: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    faces: np.ndarray

    def moved(self, offset: Vector = (0, 0, 0), *, yaw: float = 0.0,
              pitch: float = 0.0) -> 'Mesh':
        """Return the mesh pitched about y, then turned about z [rad], then shifted [m]."""
        R = _rotation_z(yaw) @ _rotation_y(pitch)
        return Mesh(self.vertices @ R.T + np.asarray(offset, float), self.normals @ R.T,
                    self.uv, self.faces)

    def double_sided(self) -> 'Mesh':
        """Return the mesh with a second, inverted skin, for leaves and other thin things."""
        back = Mesh(self.vertices, -self.normals, self.uv, self.faces[:, ::-1])
        return merged([self, back])


def merged(meshes: Sequence[Mesh]) -> Mesh:
    """Join meshes into one; at least one is needed."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]),
                np.concatenate([mesh.normals for mesh in meshes]),
                np.concatenate([mesh.uv for mesh in meshes]),
                np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts)]))


def _rotation_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _rotation_y(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
