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

"""Plants, things on tables and games: of true size, made in a moment, of few faces."""

from collections.abc import Callable

import numpy as np
import pytest
from sa4depth_train.worlds.materials import Materials
from sa4depth_train.worlds.mesh import merged
from sa4depth_train.worlds.places.desk_things import DESK_THINGS
from sa4depth_train.worlds.places.greenery import kicker_table
from sa4depth_train.worlds.places.household_things import KITCHEN_THINGS, TOOLS, TOYS
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.plants import dense_plant, grown, hanging_plant, Leaves
from sa4depth_train.worlds.world import WorldBuilder

SMALL = tuple(dict.fromkeys((*DESK_THINGS, *KITCHEN_THINGS, *TOYS, *TOOLS)))


@pytest.fixture(scope='module')
def builder() -> WorldBuilder:
    return WorldBuilder()


@pytest.fixture(scope='module')
def palette(builder: WorldBuilder) -> Palette:
    rng = np.random.default_rng(0)
    return Palette(builder, Materials(rng), rng)


@pytest.mark.parametrize('make', SMALL, ids=lambda make: make.__name__)
def test_small_things_have_their_true_size(make: Callable, palette: Palette) -> None:
    """They stand on z = 0, from the size of a pen to that of a coffee machine."""
    for seed in range(5):
        mesh = merged([part for _, part in make(np.random.default_rng(seed), palette)])
        size = np.ptp(mesh.vertices, axis=0)
        assert abs(mesh.vertices[:, 2].min()) < 0.015
        assert 0.04 < size.max() < 0.75 and len(mesh.faces) < 1200
        assert np.isfinite(mesh.normals).all()


@pytest.mark.parametrize('seed', range(10))
def test_dense_plants_are_as_high_as_they_say(seed: int, palette: Palette) -> None:
    """0.5 to 2.3 m, of some hundred leaves."""
    piece = dense_plant(np.random.default_rng(seed), palette)
    points = np.concatenate([mesh.vertices for _, mesh in piece.parts])
    assert points[:, 2].min() > -0.6 and 0.35 < points[:, 2].max() < 2.8
    assert 500 < sum(len(mesh.faces) for _, mesh in piece.parts) < 7000


def test_leaves_are_dark(builder: WorldBuilder, palette: Palette) -> None:
    """Most pot plants swallow the light."""
    names = {palette.pick('foliage') for _ in range(20)}
    assert 1 < len(names) <= 3
    assert min(builder.materials[name].texture.mean() for name in names) < 80


def test_hanging_plants_hang_below_their_hook(palette: Palette) -> None:
    """Pot and shoots are below z = 0."""
    parts = hanging_plant(np.random.default_rng(1), palette)
    points = np.concatenate([mesh.vertices for _, mesh in parts])
    assert points[:, 2].max() < 0.01 and -2.0 < points[:, 2].min() < -0.3


def test_leaves_grow_from_their_roots_the_way_they_are_told() -> None:
    """A straight level leaf of 1 m along y ends there; both sides are seen."""
    like = Leaves('sword', (1.0, 1.0), 0.05, (0.0, 0.0), (0.0, 0.0))
    root, yaw = np.array([[1.0, 2.0, 3.0]]), np.array([np.pi / 2])
    mesh = grown(np.random.default_rng(0), like, root, yaw)
    np.testing.assert_allclose(mesh.vertices[:, 1].max(), 3.0)
    np.testing.assert_allclose(mesh.vertices[:, 2], 3.0, atol=1e-9)
    assert len(mesh.faces) == 12 and mesh.normals[:, 2].min() < 0 < mesh.normals[:, 2].max()


def test_table_football_is_one(palette: Palette) -> None:
    """As long, wide and high as real ones, with 22 players."""
    piece = kicker_table(np.random.default_rng(0), palette)
    points = np.concatenate([mesh.vertices for _, mesh in piece.parts])
    assert np.allclose(np.ptp(points, axis=0), (1.35, 1.45, 0.9), atol=0.12)
    players = [mesh for _, mesh in piece.parts if np.isclose(np.ptp(mesh.vertices[:, 2]), 0.1)]
    assert len(players) == 22
