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

"""Camera paths: off the furniture, smooth, as lively as their carrier, the same every time."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.carriers import draw_carrier
from sa4depth_train.worlds.free_floor import FreeFloor
from sa4depth_train.worlds.paths import camera_path, poses_looking
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.world import Block, World

RATE = 10.0
NAMES = ('robot', 'hand', 'drone')
# An L of two rectangles that touch, with a cupboard, a low table and a lamp below the ceiling.
REGIONS = ((0.0, 5.0, 0.0, 3.0), (5.0, 7.0, 0.0, 6.0))
CUPBOARD, TABLE = (2.0, 3.0, 1.0, 1.6, 0.0, 2.0), (5.6, 6.2, 2.0, 3.0, 0.0, 0.7)
LAMP = (1.0, 1.3, 1.4, 1.7, 2.3, 2.6)


def l_shaped(*boxes: tuple[float, ...], regions: tuple = REGIONS) -> Place:
    """Make a place without anything to see."""
    blocks = tuple(Block(np.array(box[0::2]), np.array(box[1::2])) for box in boxes)
    world = World({}, {}, (), blocks, (0.5, 0.5, 0.5), ((0, 0, 0), (0, 0, 0)))
    return Place('room', world, regions, 2.6)


def outside(points: np.ndarray, regions: tuple) -> np.ndarray:
    """Tell which points (n, 2) are in no region."""
    return ~np.any([(points[:, 0] >= x0) & (points[:, 0] <= x1) & (points[:, 1] >= y0)
                    & (points[:, 1] <= y1) for x0, x1, y0, y1 in regions], axis=0)


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('seed', range(6))
def test_keeps_off_everything(name: str, seed: int) -> None:
    """A quarter of a metre around every camera is free: of borders, and of what is as high."""
    place, rng = l_shaped(CUPBOARD, TABLE, LAMP), np.random.default_rng(seed)
    T = camera_path(place, 300, RATE, rng, draw_carrier(place, rng, name))
    around = 0.249 * np.stack([np.cos(np.arange(0, 6.3, 0.1)), np.sin(np.arange(0, 6.3, 0.1))], 1)
    points = (T[:, None, :2, 3] + around).reshape(-1, 2)
    heights = np.repeat(T[:, 2, 3], len(around))
    assert not outside(points, REGIONS).any()
    for box in (CUPBOARD, TABLE, LAMP):
        inside = ((points[:, 0] > box[0]) & (points[:, 0] < box[1]) & (points[:, 1] > box[2])
                  & (points[:, 1] < box[3]) & (heights > box[4]) & (heights < box[5]))
        assert not inside.any()
    assert T[:, 2, 3].min() > 0.1 and T[:, 2, 3].max() < 2.4


@pytest.mark.parametrize('name', NAMES)
def test_moves_and_turns_as_carried_cameras_do(name: str) -> None:
    """Over many paths: centimetres and degrees a frame, some rotation on the spot, some stops."""
    place, steps, turns = l_shaped(CUPBOARD, TABLE), [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        T = camera_path(place, 200, RATE, rng, draw_carrier(place, rng, name))
        R, t = T[:, :3, :3], T[:, :3, 3]
        np.testing.assert_allclose(R @ R.transpose(0, 2, 1), np.tile(np.eye(3), (200, 1, 1)),
                                   atol=1e-9)
        assert np.allclose(np.linalg.det(R), 1) and np.allclose(T[:, 3], [0, 0, 0, 1])
        assert np.abs(np.diff(t, n=2, axis=0)).max() < 0.05
        steps.append(np.linalg.norm(np.diff(t, axis=0), axis=1))
        cosine = (np.trace(R[:-1].transpose(0, 2, 1) @ R[1:], axis1=1, axis2=2) - 1) / 2
        turns.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    step, turn = np.concatenate(steps), np.concatenate(turns)
    assert 0.01 < np.median(step) < 0.1 and step.max() < 0.2
    assert 0.8 < np.median(turn) < 6.0 and turn.max() < 11.0
    assert ((step < 0.01) & (turn > 1.0)).mean() > 0.03


def test_carriers_differ() -> None:
    """A robot keeps its height and level; hands and drones tilt; drones change height most."""
    place = l_shaped()
    spread, roll = {}, {}
    for name in NAMES:
        paths = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            paths.append(camera_path(place, 300, RATE, rng, draw_carrier(place, rng, name)))
        spread[name] = np.mean([np.ptp(T[:, 2, 3]) for T in paths])
        roll[name] = max(np.abs(np.degrees(np.arcsin(T[:, 2, 0]))).max() for T in paths)
    assert spread['robot'] == 0 and roll['robot'] < 0.5
    assert spread['drone'] > spread['hand'] > 0.1
    assert 3 < roll['hand'] < 25


def test_a_seed_gives_one_path() -> None:
    """Equal generators give equal paths, others do not."""
    place = l_shaped(CUPBOARD)
    a, b, c = (camera_path(place, 50, RATE, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert (a == b).all() and not np.allclose(a, c)


def test_way_leads_from_room_to_room() -> None:
    """Long ways cross the line where two regions touch."""
    floor = FreeFloor(l_shaped(CUPBOARD), 1.2, 1.5)
    way = floor.way(60.0, np.random.default_rng(0))
    assert len(way) > 60 / 0.05
    assert 45 < np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
    assert (way[:, 0] < 4).any() and (way[:, 1] > 4).any()
    assert floor.clearance(way).min() >= 0.25


def test_sight_ends_at_the_border_and_counts_things() -> None:
    """From (1, 2) the floor of the L reaches 6 m along x, over 0.6 m of table; 1 m back."""
    floor = FreeFloor(l_shaped(TABLE), 1.2, 1.5)
    reach, things = floor.sight(np.array([1.0, 2.2]), np.array([0.0, np.pi, np.pi / 2]))
    assert reach == pytest.approx([6.0, 1.0, 0.8], abs=0.11)
    assert things == pytest.approx([0.6, 0.0, 0.0], abs=0.11)


@pytest.mark.parametrize(('regions', 'said'), [((), 'region'), (((0, 0.4, 0, 9),), 'furniture')])
def test_refuses_a_place_without_floor(regions: tuple, said: str) -> None:
    """The message says what to change."""
    with pytest.raises(ConfigError, match=said):
        camera_path(l_shaped(regions=regions), 10, RATE, np.random.default_rng(0))


def test_angles_mean_what_they_say() -> None:
    """Yaw 90 degrees looks along y, pitch is up, roll lifts the left side of the picture."""
    angles = [np.array([value]) for value in (np.pi / 2, 0.3, 0.2)]
    R = poses_looking(np.zeros((1, 3)), *angles)[0, :3, :3]
    assert R[:, 2] == pytest.approx([0, np.cos(0.3), np.sin(0.3)])
    assert R[2, 0] < 0 and R[2, 1] < 0
