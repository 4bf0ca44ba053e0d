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

"""What every place must be, whatever its kind: sound, lit, within limits, passable."""

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.free_floor import FreeFloor
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places import KINDS, make_place
from sa4depth_train.worlds.places.halls import HALL_KINDS
from sa4depth_train.worlds.places.rooms import ROOM_KINDS
from sa4depth_train.worlds.places.yards import YARD_KINDS

OURS = ('corridor', *HALL_KINDS, *YARD_KINDS)
MOST_FACES, MOST_TEXTURE, MOST_LIGHTS, MOST_SHADOWS = 60_000, 40e6, 8, 4
BODY = 1.7


def _bytes(place: Place) -> int:
    return sum(material.texture.nbytes for material in place.world.materials.values())


def _free_share(place: Place) -> float:
    """Give the share of the regions that no block between 0.1 m and BODY covers."""
    area = np.array(place.regions)
    low = area[:, [0, 2]].min(0)
    size = np.ceil((area[:, [1, 3]].max(0) - low) / 0.1).astype(int)
    floor, busy = np.zeros(size[::-1], np.uint8), np.zeros(size[::-1], np.uint8)
    for image, boxes in ((floor, area[:, [0, 2, 1, 3]]), (busy, [
            (*block.low[:2], *block.high[:2]) for block in place.world.blocks
            if block.low[2] < BODY and block.high[2] > 0.1])):
        for box in boxes:
            a, b = ((np.array(corner) - low) / 0.1 for corner in (box[:2], box[2:]))
            cv2.rectangle(image, a.astype(int).tolist(), b.astype(int).tolist(), 1, -1)
    return float(((floor > 0) & (busy == 0)).sum() / floor.sum())


@pytest.mark.parametrize('kind', OURS)
@pytest.mark.parametrize('seed', [1, 2])
def test_a_place_is_sound_and_within_its_limits(kind: str, seed: int) -> None:
    """Numbers are finite, faces point at vertices, and the renderer can hold it all."""
    place = make_place(seed, kind, unseen=seed == 2)
    world = place.world
    assert place.kind.rpartition('/')[2] == kind
    assert world.parts.keys() == world.materials.keys()
    for name, mesh in world.parts.items():
        for values in (mesh.vertices, mesh.normals, mesh.uv):
            assert np.isfinite(values).all(), name
        assert mesh.faces.min() >= 0 and mesh.faces.max() < len(mesh.vertices), name
    assert 500 < sum(len(mesh.faces) for mesh in world.parts.values()) < MOST_FACES
    assert _bytes(place) < MOST_TEXTURE
    assert 1 <= len(world.lights) <= MOST_LIGHTS
    assert 1 <= sum(light.shadow for light in world.lights) <= MOST_SHADOWS


@pytest.mark.parametrize('kind', OURS)
@pytest.mark.parametrize('seed', [3])
def test_a_place_can_be_walked(kind: str, seed: int) -> None:
    """A third of the floor at least is free, and there is a way of ten metres."""
    place = make_place(seed, kind)
    assert _free_share(place) > 0.33
    floor = FreeFloor(place, 0.3, BODY)
    way = floor.way(10.0, np.random.default_rng(0))
    assert np.linalg.norm(np.diff(way, axis=0), axis=1).sum() > 9.0
    assert floor.clearance(way).min() >= 0.2


@pytest.mark.parametrize('kind', OURS)
def test_a_seed_decides_everything(kind: str) -> None:
    """Equal seeds give equal worlds; another seed gives another."""
    place, again, other = (make_place(seed, kind) for seed in (5, 5, 6))
    assert place.regions == again.regions and list(place.world.parts) == list(again.world.parts)
    assert place.world.lights == again.world.lights
    for name, mesh in place.world.parts.items():
        assert np.array_equal(mesh.vertices, again.world.parts[name].vertices), name
        assert np.array_equal(place.world.materials[name].texture,
                              again.world.materials[name].texture), name
    assert place.regions != other.regions


@pytest.mark.parametrize(('kind', 'longest', 'ceiling'), [
    ('corridor', (5, 40), (2.2, 4.0)), ('warehouse', (12, 30), (4, 9)),
    ('lobby', (8, 22), (2.5, 7)),
    ('gym', (14, 30), (4, 8)), ('workshop', (8, 20), (3, 7)), ('church', (12, 26), (4, 10)),
    ('street', (14, 35), (np.inf, np.inf)), ('garden', (8, 22), (np.inf, np.inf))])
def test_places_have_sizes_of_real_ones(kind: str, longest: tuple[float, float],
                                        ceiling: tuple[float, float]) -> None:
    """Metres are metres: the longest side of the floor and the height of the ceiling."""
    place = make_place(7, kind)
    area = np.array(place.regions)
    side = max(area[:, 1].max() - area[:, 0].min(), area[:, 3].max() - area[:, 2].min())
    assert longest[0] <= side <= longest[1]
    assert ceiling[0] <= place.ceiling <= ceiling[1]


def test_no_texture_of_training_is_in_the_unseen_places() -> None:
    """The same seed gives another look when it is held out."""
    seen, unseen = (make_place(8, 'corridor', held_out) for held_out in (False, True))
    large = [{material.texture.tobytes() for name, material in place.world.materials.items()
              if material.texture.shape[0] >= 256} for place in (seen, unseen)]
    assert large[0] and large[1] and not large[0] & large[1]


def test_kinds_are_drawn_in_their_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thirds are rooms, and each kind has its own maker."""
    drawn = []
    for name in ('corridor', 'hall', 'room', 'yard'):
        monkeypatch.setattr(f'sa4depth_train.worlds.places.make_{name}',
                            lambda *_, name=name, **__: drawn.append(name))
    for seed in range(400):
        make_place(seed)
    shares = {name: drawn.count(name) / 400 for name in set(drawn)}
    assert shares['room'] == pytest.approx(0.65, abs=0.08)
    assert shares['corridor'] == pytest.approx(0.15, abs=0.06)
    assert shares['hall'] == pytest.approx(0.12, abs=0.06)
    assert shares['yard'] == pytest.approx(0.08, abs=0.05)


def test_kinds_are_named_and_others_refused() -> None:
    """The list of kinds has all, once; a wrong one is told what there is."""
    assert set(KINDS) == {'room', 'corridor', 'hall', 'yard', *ROOM_KINDS, *HALL_KINDS,
                          *YARD_KINDS}
    assert len(set(KINDS)) == len(KINDS)
    with pytest.raises(ConfigError, match='corridor, hall'):
        make_place(0, 'castle')
