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

"""Small shapes: faces wind as their normals say, textures are in metres."""

import numpy as np
import pytest
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.solids import (
    rod, round_body, sheet, slab, soft, stretched, tilted, tube)
from sa4depth_train.worlds.shapes import box

GRID = np.stack([*np.meshgrid(np.linspace(0, 2, 5), np.linspace(0, 1, 4)), np.zeros((4, 5))], -1)
SHAPES = {'slab': slab((1.0, 2.0, 3.0), (4, 5, 6)), 'soft': soft((1.0, 0.6, 0.4)),
          'tube': tube([(0, 0, 0), (0, 0, 1), (0.5, 0, 1.5)], 0.05), 'sheet': sheet(GRID),
          'rod': rod(0.1, 0.5), 'stretched': stretched(rod(0.1, 0.5), (2, 1, 1)),
          'tilted': tilted(slab((1, 1, 1)), 0.4),
          'round_body': round_body([(0, 0), (0.1, 0), (0.2, 0.5), (0, 0.5)])}


def winding(mesh: Mesh) -> np.ndarray:
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    geometric = np.cross(b - a, c - a)
    area = np.linalg.norm(geometric, axis=1)
    real = area > 1e-9
    return ((geometric * mesh.normals[mesh.faces].mean(1)).sum(1) / np.maximum(area, 1e-9))[real]


@pytest.mark.parametrize('name', list(SHAPES))
def test_faces_wind_as_their_normals_say(name: str) -> None:
    """Seen from where the normal points, every face is counter-clockwise."""
    assert (winding(SHAPES[name]) > 0.5).all()


@pytest.mark.parametrize('grain', ['x', 'y', 'z'])
def test_slab_is_a_box_of_twelve_faces(grain: str) -> None:
    """It fills the same space as ``box`` and runs its texture the same way, in metres."""
    size, centre = (0.7, 0.2, 0.5), (1.0, 2.0, 3.0)
    mesh, model = slab(size, centre, grain=grain), box(size, centre, grain=grain)
    assert len(mesh.faces) == 12
    assert np.allclose(mesh.vertices.min(0), model.vertices.min(0))
    assert np.allclose(mesh.vertices.max(0), model.vertices.max(0))
    assert np.allclose(np.ptp(mesh.uv.reshape(6, 4, 2), axis=1).max(0), np.ptp(model.uv, axis=0))


def test_tube_keeps_its_radius() -> None:
    """On a straight line every vertex is one radius away."""
    mesh = tube([(0, 0, 0), (0, 0, 1), (0, 0, 2)], 0.05)
    assert np.allclose(np.linalg.norm(mesh.vertices[:, :2], axis=1), 0.05)


def test_soft_fills_its_box() -> None:
    """The superellipsoid touches all six sides."""
    mesh = soft((1.0, 0.6, 0.4), (1, 2, 3))
    assert np.allclose(np.ptp(mesh.vertices, axis=0), (1.0, 0.6, 0.4), atol=1e-6)
    assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-6)
