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

"""Views from near: before what stands in a place, at arm's length, never inside of it."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.near_views import near_poses
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.shots import near_shots
from sa4depth_train.worlds.world import Block, World

TABLE = np.array([[2.0, 1.5, 0.0], [3.4, 2.3, 0.75]])
SHELF = np.array([[0.0, 3.6, 0.0], [2.0, 4.0, 2.1]])
BOXES = np.array([TABLE, SHELF])


def _place(*boxes: np.ndarray) -> Place:
    blocks = tuple(Block(low, high) for low, high in boxes)
    world = World({}, {}, (), blocks, (0.5, 0.5, 0.5), ((0, 0, 0), (0, 0, 0)))
    return Place('room', world, ((0.0, 6.0, 0.0, 4.0),), 2.6)


@pytest.mark.parametrize('seed', range(6))
def test_the_camera_stays_in_the_room_and_out_of_things(seed: int) -> None:
    """It keeps 0.2 m from every block; over a table it may lean."""
    eyes = near_poses(_place(*BOXES), 100, 10.0, np.random.default_rng(seed))[:, :3, 3]
    assert (eyes > [0.2, 0.2, 0.4]).all() and (eyes < [5.8, 3.8, 2.3]).all()
    off = np.maximum(BOXES[:, 0] - eyes[:, None], eyes[:, None] - BOXES[:, 1]).clip(0)
    assert (np.linalg.norm(off, axis=2) >= 0.2).all()


@pytest.mark.parametrize('seed', range(6))
def test_it_looks_down_at_a_table_from_near(seed: int) -> None:
    """The eye is 0.3 to 0.9 m above the top, within 1.5 m of it, and looks down at it."""
    T = near_poses(_place(TABLE), 100, 10.0, np.random.default_rng(seed))
    eye, gaze = T[:, :3, 3], T[:, :3, 2]
    above = eye[:, 2] - TABLE[1, 2]
    assert above.min() > 0.2 and above.max() < 1.0
    off = np.linalg.norm(np.maximum(TABLE[0] - eye, eye - TABLE[1]).clip(0), axis=1)
    assert off.max() < 1.5
    towards = TABLE.mean(0) - eye
    assert np.median((towards * gaze).sum(1)) > 0
    assert -0.85 < np.median(gaze[:, 2]) < -0.05


def test_it_moves_slowly() -> None:
    """Half a metre a second at most, and not at all fast about itself."""
    T = near_poses(_place(*BOXES), 200, 20.0, np.random.default_rng(3))
    assert np.linalg.norm(np.diff(T[:, :3, 3], axis=0), axis=1).max() * 20 < 0.8
    cosine = (T[:-1, :3, 2] * T[1:, :3, 2]).sum(1)
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() * 20 < 45


def test_an_empty_place_is_refused() -> None:
    """Where nothing stands, nothing can be looked at from near."""
    with pytest.raises(ConfigError, match='near'):
        near_poses(_place(), 10, 10.0, np.random.default_rng(0))


def test_shots_from_near_go_from_thing_to_thing() -> None:
    """Twice the frames, equal for equal seeds, in the order of their stamps."""
    place = _place(*BOXES)
    one, two = (near_shots(place, 20, np.random.default_rng(4)) for _ in range(2))
    assert len(one) == 40 and one.turning.shape == (40, 3)
    assert (one.poses == two.poses).all() and (np.diff(one.stamps) > 0).all()
    assert np.linalg.norm(np.diff(one.poses[:, :3, 3], axis=0), axis=1).max() > 0.3
