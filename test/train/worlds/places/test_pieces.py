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

"""Pieces that stand in halls and yards: real sizes, on the floor, seen from outside."""

from collections.abc import Callable

import numpy as np
import pytest
from sa4depth_train.worlds.mesh import merged, Mesh
from sa4depth_train.worlds.places import fixtures, furnishing, goods, hall_pieces, trees, vehicles
from sa4depth_train.worlds.places.site import Site
from sa4depth_train.worlds.world import Parts

# Maker: its least and greatest size along x, y, z [m].
SIZES: dict[str, tuple[Callable[[Site], Parts], tuple[float, ...], tuple[float, ...]]] = {
    'car': (vehicles.car, (3.4, 1.6, 1.35), (6.5, 2.7, 2.7)),
    'bicycle': (vehicles.bicycle, (1.6, 0.5, 0.9), (1.9, 0.7, 1.1)),
    'forklift': (goods.forklift, (2.0, 1.0, 2.0), (3.2, 1.4, 2.5)),
    'pallets': (goods.pallets, (1.1, 0.7, 0.25), (1.4, 1.0, 2.1)),
    'barrels': (goods.barrels, (0.5, 0.5, 0.8), (3.2, 0.9, 0.95)),
    'workbench': (goods.workbench, (1.3, 0.6, 0.9), (3.2, 1.1, 1.4)),
    'ladder': (goods.step_ladder, (0.6, 0.4, 1.2), (1.8, 0.7, 2.7)),
    'counter': (hall_pieces.counter, (2.0, 0.7, 1.0), (4.8, 1.5, 1.4)),
    'bench': (furnishing.bench, (1.0, 0.3, 0.4), (2.1, 0.7, 0.95)),
    'lockers': (furnishing.locker_row, (0.5, 0.4, 1.6), (3.3, 0.6, 2.1)),
    'trolley': (furnishing.trolley, (0.5, 0.3, 0.7), (1.4, 0.8, 1.4)),
    'tree': (trees.tree, (0.4, 0.4, 2.0), (14.0, 14.0, 14.0)),
    'bush': (trees.bush, (0.3, 0.3, 0.2), (4.5, 4.5, 2.6)),
    'extinguisher': (fixtures.extinguisher, (0.1, 0.1, 0.3), (0.3, 0.3, 1.9)),
    'radiator': (fixtures.radiator, (0.5, 0.05, 0.4), (2.0, 0.2, 0.95)),
}


def _whole(parts: Parts) -> Mesh:
    return merged([mesh for _, mesh in parts])


@pytest.mark.parametrize('name', SIZES)
@pytest.mark.parametrize('seed', range(4))
def test_pieces_have_the_size_of_real_ones(name: str, seed: int) -> None:
    """A car is as long as a car, and stands on the ground."""
    make, least, greatest = SIZES[name]
    mesh = _whole(make(Site(np.random.default_rng(seed), unseen=False)))
    size = np.ptp(mesh.vertices, axis=0)
    assert (size >= least).all() and (size <= greatest).all(), size
    assert mesh.vertices[:, 2].min() > -0.12


@pytest.mark.parametrize('name', SIZES)
def test_normals_agree_with_the_winding(name: str) -> None:
    """Faces that the renderer culls are those that light takes for turned away."""
    mesh = _whole(SIZES[name][0](Site(np.random.default_rng(9), unseen=False)))
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    direction = np.cross(b - a, c - a)
    solid = np.linalg.norm(direction, axis=1) > 1e-6
    agree = np.einsum('ij,ij->i', direction, mesh.normals[mesh.faces].mean(1))[solid] > 0
    assert agree.mean() > 0.985


@pytest.mark.parametrize('seed', range(5))
def test_the_skin_of_a_car_faces_outwards(seed: int) -> None:
    """Body and glass together turn their backs to a point inside."""
    parts = vehicles.car(Site(np.random.default_rng(seed), unseen=False))
    skin = _whole(parts[:2])
    a, b, c = (skin.vertices[skin.faces[:, i]] for i in range(3))
    direction, middle = np.cross(b - a, c - a), (a + b + c) / 3
    inside = np.array([0.0, 0.0, 0.6])
    outwards = np.einsum('ij,ij->i', direction, middle - inside) > 0
    area = np.linalg.norm(direction, axis=1)
    assert area[outwards].sum() / area.sum() > 0.97


def test_a_hedge_is_as_long_and_high_as_asked() -> None:
    """Its ends are cut straight, its top is uneven by a few centimetres."""
    mesh = _whole(trees.hedge(Site(np.random.default_rng(0), unseen=False), 6.0, 1.5))
    assert np.ptp(mesh.vertices[:, 0]) == pytest.approx(6.0)
    assert mesh.vertices[:, 2].max() == pytest.approx(1.5, rel=0.15)
    top = np.abs(mesh.vertices[:, 2] - 1.5) < 0.1
    assert (mesh.normals[top, 2] > 0.5).mean() > 0.3


def test_stairs_lead_up_to_their_landing() -> None:
    """Steps are 14 to 20 cm high and the landing is where it was asked for."""
    parts = hall_pieces.stairs(Site(np.random.default_rng(0), unseen=False), 2.0, 1.5)
    stone = parts[0][0]
    levels = np.unique(np.concatenate([
        mesh.vertices[:, 2] for name, mesh in parts if name == stone]).round(4))
    levels = levels[(levels >= 0) & (levels <= 2.0)]
    steps = np.diff(levels[levels != 1.75])
    assert levels.max() == pytest.approx(2.0)
    assert steps.min() > 0.02 and steps.max() < 0.2
