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

"""A training cache of rendered worlds: a few files of arrays per world, and one index."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
import hashlib
import json
from pathlib import Path
import shutil
from typing import Any

import numpy as np
from sa4depth_ros.errors import BagError
from sa4depth_ros.files import write_whole

INDEX = 'worlds.json'
VERSION = 1
LICENCE = 'Apache-2.0'
MAX_MILLIMETRES = 65000
# File -> shape behind the frames (None: as the images are) and type.
_ARRAYS: dict[str, tuple[tuple[int, ...], str]] = {
    'rgb': ((-1, -1, 3), 'uint8'), 'depth': ((-1, -1), 'uint16'),
    'T_world_camera': ((4, 4), 'float64'), 'stamps': ((), 'float64')}


@dataclass(frozen=True)
class CachedWorld:
    """
    What the index says of one world; ``sha256`` is of rgb.npy and depth.npy, one after another.

    ``unseen`` worlds have surfaces that no other world has: they are for testing only.
    """

    folder: str
    kind: str
    seed: int
    unseen: bool
    carrier: str
    frames: int
    sha256: str


@dataclass(frozen=True, eq=False)
class WorldFrames:
    """
    The n frames of one world, in order.

    rgb uint8 (n, h, w, 3); depth uint16 (n, h, w), z-depth in mm, 0 unknown; K float64 (3, 3) of
    these pixels, centres at integers; T_world_camera float64 (n, 4, 4), optical axes, metres;
    stamps float64 (n,), seconds.
    """

    rgb: np.ndarray
    depth: np.ndarray
    K: np.ndarray
    T_world_camera: np.ndarray
    stamps: np.ndarray


class WorldCache:
    """
    Reads a cache; while one is being rendered, ``worlds`` are those finished so far.

    ``settings`` are those it was rendered with; ``worlds`` is a tuple of CachedWorld.
    """

    def __init__(self, path: Path) -> None:
        """Read the index; raises BagError when there is none or it is of another version."""
        self.path = path
        index = read_index(path)
        if index is None:
            raise BagError(f"expected a cache of rendered worlds with {INDEX} in '{path}', found "
                           'none; make one with: sa4depth render-worlds')
        self.settings: dict[str, Any] = index['settings']
        try:
            self.worlds = tuple(CachedWorld(**world) for world in index['worlds'])
        except TypeError as error:
            raise BagError(f'{path / INDEX} does not describe its worlds as version {VERSION} '
                           f'does ({error}); render the cache again') from error

    def __len__(self) -> int:
        """Count the worlds."""
        return len(self.worlds)

    @property
    def frames(self) -> int:
        """Count the frames of all worlds."""
        return sum(world.frames for world in self.worlds)

    @property
    def sha256(self) -> str:
        """One hash of all pixels and depths, in the order of the index."""
        return hashlib.sha256(''.join(w.sha256 for w in self.worlds).encode()).hexdigest()

    def load(self, world: int) -> WorldFrames:
        """Map the files of one world, read-only; raises BagError when they are not whole."""
        entry = self.worlds[world]
        folder = self.path / entry.folder
        arrays = {name: _mapped(folder / f'{name}.npy') for name in (*_ARRAYS, 'K')}
        image = arrays['rgb'].shape[1:3]
        for name, (shape, kind) in _ARRAYS.items():
            behind = (*image, *shape[2:]) if shape[:1] == (-1,) else shape
            _must_be(folder / f'{name}.npy', arrays[name], (entry.frames, *behind), kind)
        _must_be(folder / 'K.npy', arrays['K'], (3, 3), 'float64')
        return WorldFrames(**arrays)

    def damaged(self, world: int) -> bool:
        """Read all pixels of a world again and compare them with its hash."""
        entry = self.worlds[world]
        return _hash(self.path / entry.folder) != entry.sha256


def write_world(path: Path, frames: WorldFrames, entry: CachedWorld) -> CachedWorld:
    """
    Write one world into the cache ``path``: it is there as a whole or not at all.

    Returns the entry with its hash. Raises BagError when it cannot be written.
    """
    target, part = path / entry.folder, path / f'{entry.folder}.part'
    try:
        for old in (part, target):
            shutil.rmtree(old, ignore_errors=True)
        part.mkdir(parents=True)
        for name in (*_ARRAYS, 'K'):
            np.save(part / f'{name}.npy', np.ascontiguousarray(getattr(frames, name)))
        entry = CachedWorld(**{**asdict(entry), 'sha256': _hash(part)})
        (part / 'world.json').write_text(json.dumps(asdict(entry)), encoding='utf-8')
        part.replace(target)
    except OSError as error:
        raise BagError(f'cannot write a rendered world to {target}: {error}') from error
    return entry


def finished_world(path: Path, folder: str) -> CachedWorld | None:
    """Give the entry of a world that write_world has finished, None when it has not."""
    try:
        return CachedWorld(**json.loads((path / folder / 'world.json').read_text('utf-8')))
    except (OSError, ValueError, TypeError):
        return None


def write_index(path: Path, settings: dict[str, Any], worlds: Sequence[CachedWorld]) -> None:
    """Write the index of a cache, in one step. Raises BagError when it cannot be written."""
    content = {'version': VERSION, 'licence': LICENCE, 'settings': settings,
               'worlds': [asdict(world) for world in worlds]}
    try:
        write_whole(path / INDEX, (json.dumps(content, indent=1) + '\n').encode())
    except OSError as error:
        raise BagError(f'cannot write {path / INDEX}: {error}') from error


def read_index(path: Path) -> dict[str, Any] | None:
    """Read the index of a cache, None without one; raises BagError when it cannot be read."""
    try:
        index: dict[str, Any] = json.loads((path / INDEX).read_text(encoding='utf-8'))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BagError(f'cannot read {path / INDEX}: {error}') from error
    if not isinstance(index, dict) or index.get('version') != VERSION:
        raise BagError(f'expected {path / INDEX} of version {VERSION}, got another; render the '
                       'cache again')
    return index


def millimetres(depth: np.ndarray) -> np.ndarray:
    """Convert z-depth in metres to uint16 millimetres; 0 where unknown or beyond 65 m."""
    scaled = np.rint(np.nan_to_num(depth, nan=0.0, posinf=0.0, neginf=0.0) * 1000.0)
    scaled[(scaled > MAX_MILLIMETRES) | (scaled < 0)] = 0
    return scaled.astype(np.uint16)


def _mapped(file: Path) -> np.ndarray:
    try:
        return np.load(file, mmap_mode='r', allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BagError(f'cannot read {file}: {error}. Remove its folder and run sa4depth '
                       'render-worlds again with the same options') from error


def _must_be(file: Path, array: np.ndarray, shape: tuple[int, ...], kind: str) -> None:
    if array.shape != shape or array.dtype != kind:
        raise BagError(f'expected {file} to hold {kind} {shape}, got {array.dtype} {array.shape}; '
                       'remove its folder and run sa4depth render-worlds again with the same '
                       'options')


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in ('rgb', 'depth'):
        with (folder / f'{name}.npy').open('rb') as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
