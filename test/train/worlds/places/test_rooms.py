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

"""Rooms of every kind are the same for the same seed, within limits, and passable."""

from functools import cache

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places.rooms import make_room, ROOM_KINDS

MOST_FACES = 60_000
MOST_TEXTURE = 40e6
REACH = 0.25


@cache
def room_of(kind: str) -> Place:
    return make_room(5, kind)


@pytest.mark.parametrize('kind', ROOM_KINDS)
def test_room_is_within_the_limits_of_a_renderer(kind: str) -> None:
    """Faces, textures and lights are few enough, all numbers finite, faces in range."""
    world = room_of(kind).world
    assert 300 < sum(len(mesh.faces) for mesh in world.parts.values()) <= MOST_FACES
    assert sum(m.texture.nbytes for m in world.materials.values()) <= MOST_TEXTURE
    assert 1 <= len(world.lights) <= 8
    assert sum(light.shadow for light in world.lights) <= 2
    assert world.parts.keys() == world.materials.keys()
    for name, mesh in world.parts.items():
        assert np.isfinite(mesh.vertices).all() and np.isfinite(mesh.uv).all(), name
        assert np.isfinite(mesh.normals).all(), name
        assert mesh.faces.min() >= 0 and mesh.faces.max() < len(mesh.vertices), name


@pytest.mark.parametrize('kind', ROOM_KINDS)
def test_furniture_stands_inside_and_leaves_room_to_walk(kind: str) -> None:
    """What a camera keeps out of is in the room, and at least 1.5 m2 are off everything."""
    place = room_of(kind)
    regions = np.array(place.regions)
    outer = regions[:, 0].min(), regions[:, 1].max(), regions[:, 2].min(), regions[:, 3].max()
    for block in place.world.blocks:
        middle = (block.low + block.high) / 2
        assert outer[0] - 0.1 < middle[0] < outer[1] + 0.1
        assert outer[2] - 0.1 < middle[1] < outer[3] + 0.1
        assert -0.2 < block.low[2] < block.high[2] < place.ceiling + 0.6
    x, y = (a.ravel() for a in np.meshgrid(np.arange(outer[0], outer[1], 0.1),
                                           np.arange(outer[2], outer[3], 0.1)))
    free = np.zeros(len(x), bool)
    for x0, x1, y0, y1 in place.regions:
        free |= (x > x0 + REACH) & (x < x1 - REACH) & (y > y0 + REACH) & (y < y1 - REACH)
    for block in place.world.blocks:
        if block.low[2] < 1.5:
            free &= ~((x > block.low[0] - REACH) & (x < block.high[0] + REACH)
                      & (y > block.low[1] - REACH) & (y < block.high[1] + REACH))
    assert free.sum() * 0.01 > 1.5


def test_seed_decides_everything() -> None:
    """Equal seeds give equal worlds; another seed gives another room."""
    first, again, other = make_room(3, 'living'), make_room(3, 'living'), make_room(4, 'living')
    assert first.regions == again.regions and first.regions != other.regions
    assert first.world.lights == again.world.lights
    assert list(first.world.parts) == list(again.world.parts)
    for name, mesh in first.world.parts.items():
        assert (mesh.vertices == again.world.parts[name].vertices).all()
        assert (mesh.uv == again.world.parts[name].uv).all()
        assert (first.world.materials[name].texture
                == again.world.materials[name].texture).all()


def test_without_a_kind_several_are_drawn() -> None:
    """Four seeds give at least two kinds."""
    kinds = {make_room(seed).kind for seed in range(4)}
    assert len(kinds) >= 2
    assert kinds <= {f'room/{kind}' for kind in ROOM_KINDS}


def test_unknown_kind_is_named() -> None:
    """The error lists what there is."""
    with pytest.raises(ConfigError, match="living.*got 'cellar'"):
        make_room(0, 'cellar')


def test_unseen_textures_are_others() -> None:
    """A room of the test set has other textures on floor and ceiling than its twin."""
    seen, unseen = make_room(3, 'office').world, make_room(3, 'office', unseen=True).world
    shell = [{m.texture.tobytes() for name, m in world.materials.items()
              if name.split()[0] in ('floor', 'ceiling')} for world in (seen, unseen)]
    assert shell[0] and shell[1] and not shell[0] & shell[1]
