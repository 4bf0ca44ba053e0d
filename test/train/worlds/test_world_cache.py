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

"""Rendered worlds on disk: written whole, read back, refused with a reason."""

from pathlib import Path

import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.worlds.world_cache import (
    CachedWorld, finished_world, millimetres, WorldCache, WorldFrames, write_index, write_world)


def made(frames: int = 3) -> WorldFrames:
    """Fill a small world with noise."""
    rng = np.random.default_rng(0)
    return WorldFrames(rng.integers(0, 255, (frames, 6, 8, 3), np.uint8),
                       rng.integers(0, 9000, (frames, 6, 8), np.uint16),
                       np.diag([7.0, 7.0, 1.0]), np.tile(np.eye(4), (frames, 1, 1)),
                       np.arange(frames) / 10)


def entry(folder: str = '00000', frames: int = 3) -> CachedWorld:
    """Describe it."""
    return CachedWorld(folder, 'room', 5, False, 'hand', frames, '')


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Write two equal worlds."""
    worlds = [write_world(tmp_path, made(), entry(name)) for name in ('00000', '00001')]
    write_index(tmp_path, {'seed': 4}, worlds)
    return tmp_path


def test_reads_back_what_was_written(cache: Path) -> None:
    """Every array, the entry, the settings and the counts."""
    read = WorldCache(cache)
    frames = read.load(1)
    for name in ('rgb', 'depth', 'K', 'T_world_camera', 'stamps'):
        assert (getattr(frames, name) == getattr(made(), name)).all()
        assert isinstance(getattr(frames, name), np.memmap)
    assert read.settings == {'seed': 4} and len(read) == 2 and read.frames == 6
    assert read.worlds[0].carrier == 'hand' and read.worlds[0].kind == 'room'
    with pytest.raises(ValueError, match='read-only'):
        frames.rgb[0] = 0


def test_hash_is_of_the_pixels_and_depths(cache: Path) -> None:
    """Equal worlds have equal hashes; one flipped byte of depth is seen."""
    read = WorldCache(cache)
    assert read.worlds[0].sha256 == read.worlds[1].sha256
    assert not read.damaged(0)
    file = cache / '00000' / 'depth.npy'
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert read.damaged(0) and not read.damaged(1)


def test_unfinished_world_is_not_there(tmp_path: Path) -> None:
    """What an interrupted process left behind is no world, and is replaced."""
    part = tmp_path / '00000.part'
    part.mkdir()
    (part / 'world.json').write_text('{}')
    assert finished_world(tmp_path, '00000') is None
    written = write_world(tmp_path, made(), entry())
    assert finished_world(tmp_path, '00000') == written and not part.exists()


def test_refuses_what_is_no_cache(tmp_path: Path) -> None:
    """The message says how to make one."""
    with pytest.raises(BagError, match='sa4depth render-worlds'):
        WorldCache(tmp_path)
    (tmp_path / 'worlds.json').write_text('{"version": 99}')
    with pytest.raises(BagError, match='version 1'):
        WorldCache(tmp_path)


@pytest.mark.parametrize('broken', ['rgb', 'depth', 'K', 'stamps'])
def test_refuses_a_world_with_a_wrong_file(cache: Path, broken: str) -> None:
    """The message names the file."""
    np.save(cache / '00001' / f'{broken}.npy', np.zeros((2, 2)))
    with pytest.raises(BagError, match=f'{broken}.npy'):
        WorldCache(cache).load(1)
    (cache / '00001' / f'{broken}.npy').unlink()
    with pytest.raises(BagError, match=f'{broken}.npy'):
        WorldCache(cache).load(1)


def test_depth_in_millimetres() -> None:
    """1.2344 m is 1234 mm; 65.1 m, NaN, infinity and negative depth are unknown."""
    depth = np.array([1.2344, 65.0, 65.1, np.nan, np.inf, -1.0], np.float32)
    assert millimetres(depth).tolist() == [1234, 65000, 0, 0, 0, 0]
