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

"""The room is the same for the same seed, another for another, and passable."""

import numpy as np
import pytest
from sa4depth_train.worlds.camera_path import camera_mount, drive_through
from sa4depth_train.worlds.room import DEPTH, furnished_room, HEIGHT, WIDTH
from sa4depth_train.worlds.world import World

BODY_RADIUS = 0.25
BODY_HEIGHT = 1.4


def test_seed_decides_everything(room: World) -> None:
    """Equal seeds give equal textures and meshes; another seed gives others."""
    again, other = furnished_room(0), furnished_room(1)
    for name, mesh in room.parts.items():
        assert (mesh.vertices == again.parts[name].vertices).all()
        assert (room.materials[name].texture == again.materials[name].texture).all()
    changed = [name for name in room.parts if name in other.parts and not np.array_equal(
        room.materials[name].texture, other.materials[name].texture)]
    assert len(changed) > 20


def test_every_mesh_has_a_material_and_finite_numbers(room: World) -> None:
    """Nothing is NaN, faces point at vertices."""
    assert room.parts.keys() == room.materials.keys()
    for mesh in room.parts.values():
        assert np.isfinite(mesh.vertices).all() and np.isfinite(mesh.uv).all()
        assert mesh.faces.min() >= 0 and mesh.faces.max() < len(mesh.vertices)


@pytest.mark.parametrize('seed', range(6))
def test_drive_keeps_clear_of_furniture_and_walls(room: World, seed: int) -> None:
    """A body of 25 cm radius passes everywhere."""
    place = drive_through(seed, 200)[:, :2, 3]
    assert (place > BODY_RADIUS).all() and (place < [WIDTH, DEPTH] - np.array(BODY_RADIUS)).all()
    for block in room.blocks:
        if block.low[2] < BODY_HEIGHT:
            gap = np.maximum(block.low[:2] - place, place - block.high[:2])
            assert np.linalg.norm(np.maximum(gap, 0), axis=1).min() > BODY_RADIUS, block


def test_drive_is_smooth_and_never_returns() -> None:
    """Speed and turn change little from frame to frame; distant times are distant places."""
    poses = drive_through(0, 120)
    place = poses[:, :2, 3]
    yaw = np.unwrap(np.arctan2(poses[:, 1, 0], poses[:, 0, 0]))
    assert np.abs(np.diff(place, n=2, axis=0)).max() < 0.004
    assert np.abs(np.diff(yaw, n=2)).max() < np.radians(0.35)
    assert np.linalg.norm(place[60:] - place[0], axis=1).min() > 1.0


def test_camera_looks_forward_and_down_from_its_mast() -> None:
    """Optical z is ahead and a little down, x is to the right, and it is a rotation."""
    T = camera_mount()
    assert np.allclose(T[:3, :3].T @ T[:3, :3], np.eye(3)) and np.linalg.det(T[:3, :3]) > 0
    assert T[0, 2] > 0.95 and -0.2 < T[2, 2] < -0.1
    assert np.allclose(T[:3, 0], (0, -1, 0)) and T[2, 1] < -0.95
    assert 1.0 < T[2, 3] < HEIGHT
