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

"""Shapes: outside is outside, sizes are metres, textures run where they should."""

import numpy as np
import pytest
from sa4depth_train.worlds import shapes
from sa4depth_train.worlds.mesh import merged, Mesh

CLOSED = {
    'box': (shapes.box((1.0, 2.0, 0.5)), 1.0),
    'cylinder': (shapes.cylinder(0.5, 2.0, segments=64), np.pi * 0.5),
    'ball': (shapes.ball(1.0, rings=24, segments=48), 4 / 3 * np.pi),
}


def _volume(mesh: Mesh) -> float:
    # Signed: positive only when all faces wind counter-clockwise seen from outside.
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    return float(np.einsum('ij,ij->i', a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize('name', CLOSED)
def test_closed_shapes_wind_outwards_and_hold_their_volume(name: str) -> None:
    """The signed volume is the textbook one."""
    mesh, volume = CLOSED[name]
    assert _volume(mesh) == pytest.approx(volume, rel=0.02)


@pytest.mark.parametrize('mesh', [mesh for mesh, _ in CLOSED.values()] + [
    shapes.panel((0, 0, 0), (2, 0, 0), (0, 0, 1)), shapes.cushion((1.0, 0.6, 0.2)),
    shapes.leaf(0.8, 0.1, lift=1.2, droop=1.0), shapes.turned([(0.2, 1.3), (0.1, 1.6)])])
def test_normals_agree_with_the_winding(mesh: Mesh) -> None:
    """Every face looks where its vertex normals look, and normals are of unit length."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    direction = np.cross(b - a, c - a)
    area = np.linalg.norm(direction, axis=1)
    normal = mesh.normals[mesh.faces].mean(1)
    solid = area > 1e-6
    assert (np.einsum('ij,ij->i', direction, normal)[solid] > 0).all()
    length = np.linalg.norm(mesh.normals, axis=1)
    assert np.allclose(length[length > 0.5], 1.0, atol=1e-6) and (length > 0.5).mean() > 0.9


def test_box_has_the_asked_size_and_its_grain_runs_along_the_asked_axis() -> None:
    """Texture u changes with z on the sides of a post, in metres."""
    mesh = shapes.box((0.1, 0.2, 3.0), (1, 2, 3), grain='z')
    assert np.allclose(np.ptp(mesh.vertices, axis=0), (0.1, 0.2, 3.0))
    assert np.allclose(mesh.vertices.mean(0), (1, 2, 3), atol=0.2)
    side = np.abs(mesh.normals[:, 2]) < 0.5
    assert np.ptp(mesh.uv[side, 0]) == pytest.approx(3.0)


def test_moved_turns_then_shifts() -> None:
    """A quarter turn takes x to y, before the shift."""
    mesh = shapes.panel((0, 0, 0), (1, 0, 0), (0, 1, 0)).moved((5, 0, 0), yaw=np.pi / 2)
    assert np.allclose(mesh.vertices.min(0), (4, 0, 0)) and np.allclose(
        mesh.vertices.max(0), (5, 1, 0))


def test_merged_keeps_every_triangle() -> None:
    """Indices are shifted, not mixed."""
    one, two = shapes.box((1, 1, 1)), shapes.box((1, 1, 1), (5, 0, 0))
    both = merged([one, two])
    assert np.allclose(both.vertices[both.faces[len(one.faces):]], two.vertices[two.faces])
