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

"""Which pictures are taken in a place: apart from each other, or as a video."""

import numpy as np
import pytest
from sa4depth_train.worlds.carriers import Carrier, draw_carrier
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.shots import spaced, spaced_shots, video_shots
from sa4depth_train.worlds.world import World


@pytest.fixture
def place() -> Place:
    """Make an empty room of 6 m by 4 m."""
    world = World({}, {}, (), (), (0.5, 0.5, 0.5), ((0, 0, 0), (0, 0, 0)))
    return Place('room', world, ((0.0, 6.0, 0.0, 4.0),), 2.6)


@pytest.fixture
def hand(place: Place) -> Carrier:
    """Take the camera in the hand."""
    return draw_carrier(place, np.random.default_rng(0), 'hand')


def test_spaced_shots_are_apart(place: Place, hand: Carrier) -> None:
    """Each is 0.3 to 0.5 m or 10 to 20 degrees from the one before, and hardly more."""
    shots = spaced_shots(place, hand, 20, np.random.default_rng(1))
    assert len(shots) == 40
    relative = np.linalg.inv(shots.poses[:-1]) @ shots.poses[1:]
    moved = np.linalg.norm(relative[:, :3, 3], axis=1)
    cosine = (np.trace(relative[:, :3, :3], axis1=1, axis2=2) - 1) / 2
    turned = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    assert ((moved >= 0.3) | (turned >= 10)).all()
    assert moved.max() < 0.7 and turned.max() < 32
    assert (np.diff(shots.stamps) > 0.09).all()


def test_spaced_chooses_by_distance_or_angle() -> None:
    """Steps of 0.1 m: every third for 0.25 m; standing still: none but the first."""
    poses = np.tile(np.eye(4), (10, 1, 1))
    poses[:, 0, 3] = 0.1 * np.arange(10)
    assert spaced(poses, 0.25, 1.0).tolist() == [0, 3, 6, 9]
    assert spaced(np.tile(np.eye(4), (10, 1, 1)), 0.25, 1.0).tolist() == [0]


def test_slow_carriers_get_a_longer_path(place: Place) -> None:
    """One that only creeps still gives all its pictures."""
    creeping = Carrier('robot', 0.4, 0.4, 0.06, 0.06, (0.0, 0.0), 0.0, 0.0, level=True)
    assert len(spaced_shots(place, creeping, 10, np.random.default_rng(0))) == 20


def test_turning_is_that_of_the_video(place: Place, hand: Carrier) -> None:
    """Poses and turning rates agree: a step is the mean rate times its time."""
    shots = video_shots(place, hand, 100, 20.0, np.random.default_rng(2))
    assert len(shots) == 100 and np.allclose(np.diff(shots.stamps), 0.05)
    R = shots.poses[:, :3, :3]
    for index in (10, 40, 70):
        step = R[index - 1].T @ R[index + 1]
        axis = np.array([step[2, 1] - step[1, 2], step[0, 2] - step[2, 0],
                         step[1, 0] - step[0, 1]]) / 2
        np.testing.assert_allclose(shots.turning[index] * 0.1, axis, atol=1e-3)


def test_equal_seeds_give_equal_shots(place: Place, hand: Carrier) -> None:
    """Also after the path had to be planned anew."""
    one, two = (spaced_shots(place, hand, 15, np.random.default_rng(5)) for _ in range(2))
    assert (one.poses == two.poses).all() and (one.turning == two.turning).all()
