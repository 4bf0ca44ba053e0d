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

"""Small things stay on their tops; one room has few materials."""

import numpy as np
import pytest
from sa4depth_train.worlds.places.clutter import DESK, EVERYWHERE, FLOOR, KITCHEN, spread
from sa4depth_train.worlds.places.palette import CELLS, Palette, VARIETY
from sa4depth_train.worlds.places.solids import Surface
from sa4depth_train.worlds.world import Material, WorldBuilder


class Grey:
    """Gives grey surfaces for every role."""

    def pick(self, role: str) -> Material:
        return Material(np.full((16, 16, 3), 128, np.uint8), (1.0, 1.0))


@pytest.fixture
def palette() -> Palette:
    return Palette(WorldBuilder(), Grey(), np.random.default_rng(0))


@pytest.mark.parametrize('makers', [EVERYWHERE, DESK, KITCHEN, FLOOR])
def test_things_stay_on_the_top_and_below_the_next_board(palette: Palette, makers: tuple) -> None:
    """No vertex is below the top, above the space or far over the edge."""
    top = Surface(-0.8, 0.8, -0.4, 0.4, 0.75, 0.35)
    parts = spread(np.random.default_rng(3), palette, top, makers, 14.0)
    assert parts
    points = np.concatenate([mesh.vertices for _, mesh in parts])
    assert points[:, 2].min() > top.z - 0.01
    assert points[:, 2].max() <= top.z + top.space + 1e-6
    assert np.abs(points[:, 0]).max() < 0.8 + 0.1 and np.abs(points[:, 1]).max() < 0.4 + 0.1


def test_density_decides_how_many() -> None:
    """An empty top stays empty."""
    rng = np.random.default_rng(3)
    palette = Palette(WorldBuilder(), Grey(), rng)
    assert spread(rng, palette, Surface(0, 1, 0, 1, 0.7), EVERYWHERE, 0.0) == []


def test_a_role_has_few_materials(palette: Palette) -> None:
    """However often one asks, there are no more than a room has; all are registered."""
    names = {palette.pick('fabric') for _ in range(60)}
    assert 2 <= len(names) <= VARIETY['fabric']


def test_packet_shows_one_print_on_every_side(palette: Palette) -> None:
    """The texture coordinates of a packet stay within one cell of the print sheet."""
    name, mesh = palette.packet((0.2, 0.1, 0.3))
    assert name == 'labels'
    cells = np.floor(mesh.uv * CELLS)
    assert (cells == cells[0]).all()
    assert np.allclose(np.ptp(mesh.uv.reshape(6, 4, 2), axis=1), 0.94 / CELLS)
