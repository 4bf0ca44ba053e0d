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

"""Walls: around any union of rectangles, and with holes where they were asked for."""

import numpy as np
import pytest
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.site import outline, Region, Site, Wall
from sa4depth_train.worlds.places.walls import Dress, Hole, raise_wall

LAYOUTS: dict[str, tuple[list[Region], float, int]] = {
    # regions, the area of their union, the number of its walls
    'rectangle': ([(0.0, 4.0, 0.0, 2.0)], 8.0, 4),
    'L': ([(0.0, 6.0, 0.0, 2.0), (4.0, 6.0, 0.0, 5.0)], 18.0, 6),
    'cross': ([(0.0, 9.0, 0.0, 2.0), (4.0, 6.0, -3.0, 5.0)], 30.0, 12),
}


def _end(wall: Wall) -> np.ndarray:
    return np.array([wall.x + wall.length * np.cos(wall.yaw),
                     wall.y + wall.length * np.sin(wall.yaw)])


@pytest.mark.parametrize('name', LAYOUTS)
def test_walls_close_around_the_floor(name: str) -> None:
    """They are as many as there are sides, and enclose the union, the room on their right."""
    regions, area, count = LAYOUTS[name]
    walls = outline(regions)
    assert len(walls) == count
    starts = np.array([(wall.x, wall.y) for wall in walls])
    ends = np.array([_end(wall) for wall in walls])
    assert all(np.abs(starts - end).sum(1).min() < 1e-9 for end in ends)
    enclosed = 0.5 * (ends[:, 0] * starts[:, 1] - starts[:, 0] * ends[:, 1]).sum()
    assert enclosed == pytest.approx(area)


def _covers(meshes: list[Mesh], s: float, z: float) -> bool:
    return any(mesh.vertices[:, 0].min() <= s <= mesh.vertices[:, 0].max()
               and mesh.vertices[:, 2].min() <= z <= mesh.vertices[:, 2].max()
               for mesh in meshes if np.ptp(mesh.vertices[:, 1]) < 1e-9
               and abs(mesh.vertices[0, 1]) < 0.002)


@pytest.mark.parametrize('kind', ['door', 'open', 'window', 'niche', 'gate'])
def test_a_wall_is_whole_but_for_its_hole(kind: str) -> None:
    """The wall's plane is covered all around the hole, and free within it."""
    site = Site(np.random.default_rng(0), unseen=False)
    dress = Dress('paint', 'dado', 'frame', ('leaf',), 'pane', split=1.2)
    low = 0.9 if kind == 'window' else 0.0
    free = raise_wall(site, Wall(0.0, 0.0, 0.0, 5.0), 3.0, dress,
                      [Hole(2.0, 3.0, low, 2.1, kind, 0.2)])
    assert free == [(0.0, 2.0), (3.0, 5.0)]
    meshes = site.builder.meshes['paint'] + site.builder.meshes['dado']
    for s in np.linspace(0.01, 4.99, 40):
        for z in np.linspace(0.01, 2.99, 31):
            inside = 2.02 < s < 2.98 and low + 0.02 < z < 2.08
            outside = not (1.98 < s < 3.02 and low - 0.02 < z < 2.12)
            if inside or outside:
                assert _covers(meshes, float(s), float(z)) == outside, (s, z)


@pytest.mark.parametrize('seed', [193, 384, 489])
def test_a_cupboard_may_be_as_wide_as_the_room_beyond(seed: int) -> None:
    """Rounding must not leave it less than no room to stand (these seeds drew such a one)."""
    site = Site(np.random.default_rng(seed), unseen=False)
    dress = Dress('paint', 'dado', 'frame', ('leaf',), 'pane', split=1.2)
    free = raise_wall(site, Wall(0.0, 0.0, 0.0, 5.0), 3.0, dress,
                      [Hole(2.0, 2.6, 0.0, 2.1, 'open', 0.2)])
    assert free == [(0.0, 2.0), (2.6, 5.0)]


def test_things_hang_before_a_wall_whichever_way_it_runs() -> None:
    """A piece that faces -y ends up on the room's side of all four walls."""
    for wall in outline([(0.0, 4.0, 0.0, 3.0)]):
        site = Site(np.random.default_rng(0), unseen=False)
        board = Mesh(np.array([(-0.1, -0.05, 1.0), (0.1, -0.05, 1.0), (0.1, -0.05, 1.2)]),
                     np.tile([0.0, -1.0, 0.0], (3, 1)), np.zeros((3, 2)), np.array([[0, 1, 2]]))
        site.hang(wall, [('colors', board)], wall.length / 2)
        (hung,) = site.builder.meshes['colors']
        x, y, _ = hung.vertices.mean(0)
        assert 0 < x < 4 and 0 < y < 3
        to_middle = np.array([2.0, 1.5]) - (x, y)
        assert hung.normals[0, :2] @ to_middle > 0
