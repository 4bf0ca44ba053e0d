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

"""Decoded frames in files that all processes of a machine map into memory."""

import atexit
from functools import lru_cache
import hashlib
import json
import logging
import math
import os
from pathlib import Path
import shutil
import tempfile
from typing import Any

import numpy as np
from sa4depth_ros.files import write_whole
from sa4depth_train.bag_index import storage_files
from sa4depth_train.frame import Frame

# Part of every key: raise it when frames of the same bag and settings come out differently.
VERSION = 1
_MIB = 2**20
_HEAD = np.dtype([('magic', 'S8'), ('height', '<i4'), ('width', '<i4'), ('has_depth', '<i4'),
                  ('has_seen', '<i4'), ('K', '<f8', (3, 3))])
_MAGIC = b'sa4frame'


class FrameCache:
    """
    The decoded frames of one bag, one file each.

    A file is written under another name and then renamed, so that no process ever maps half a
    frame. Pages that are read stay in the system's file cache, once for all processes.
    """

    def __init__(self, folder: Path, frames: int, room: float) -> None:
        """Keep some of ``frames`` frames in ``folder``, together at most ``room`` bytes."""
        self.folder = folder
        self._frames = frames
        self._room = room
        self._writes = room > 0

    def load(self, number: int, name: str) -> Frame | None:
        """Give a frame, read-only, None when it is not there."""
        try:
            data = np.memmap(self._path(number), np.uint8, 'r')
        except (OSError, ValueError):
            return None
        return _unpacked(np.asarray(data), name)

    def store(self, number: int, frame: Frame) -> None:
        """Keep a frame if its turn comes before the room is used up; else do nothing."""
        parts = _packed(frame)
        if not self._writes or not self._fits(number, sum(part.nbytes for part in parts)):
            return
        try:
            write_whole(self._path(number), b''.join(part.tobytes() for part in parts))
        except OSError as error:
            self._writes = False
            logging.getLogger(__name__).warning(
                'decoded frames are no longer kept: %s. Free some space or choose another '
                'data.cache_dir', error)

    def _fits(self, number: int, size: int) -> bool:
        # Every n-th frame, known from its number alone: processes need not agree on anything.
        share = min(1.0, self._room / (self._frames * size))
        return math.floor((number + 1) * share) > math.floor(number * share)

    def _path(self, number: int) -> Path:
        return self.folder / f'{number:06d}.frame'


def cache_key(bag: Path, settings: dict[str, Any]) -> str:
    """
    Name the frames that ``settings`` (plain values) make of a bag.

    Bags grow to hundreds of gigabytes: of each file only name, size, time and both ends are
    looked at, not every byte.
    """
    digest = hashlib.sha256(json.dumps([VERSION, settings], sort_keys=True).encode())
    for path in storage_files(bag):
        status = path.stat()
        digest.update(f'{path.name} {status.st_size} {status.st_mtime_ns} '.encode())
        with path.open('rb') as file:
            digest.update(file.read(_MIB))
            file.seek(max(0, status.st_size - _MIB))
            digest.update(file.read(_MIB))
    return f'{bag.stem}-{digest.hexdigest()[:24]}'


def cache_root(folder: str) -> Path:
    """Give the folder for all caches, '' means one that is deleted when the process ends."""
    return Path(folder).expanduser() if folder else _temporary()


@lru_cache(maxsize=1)
def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix='sa4depth_frames_'))
    owner = os.getpid()

    def remove() -> None:
        # A forked worker that ends must not take the others' frames with it.
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def _packed(frame: Frame) -> list[np.ndarray]:
    height, width = frame.rgb.shape[:2]
    has_depth, has_seen = bool(frame.depth.any()), frame.seen is not None
    head = np.array((_MAGIC, height, width, has_depth, has_seen, frame.K), _HEAD)
    parts = [head, *([frame.depth] if has_depth else ()), frame.rgb]
    return [*parts, frame.seen] if frame.seen is not None else parts


def _unpacked(data: np.ndarray, name: str) -> Frame | None:
    if len(data) < _HEAD.itemsize:
        return None
    head = data[:_HEAD.itemsize].view(_HEAD)[0]
    height, width = int(head['height']), int(head['width'])
    pixels = height * width
    sizes = [4 * pixels * int(head['has_depth']), 3 * pixels, pixels * int(head['has_seen'])]
    if head['magic'] != _MAGIC or len(data) != _HEAD.itemsize + sum(sizes):
        return None
    depth, rgb, seen = np.split(data[_HEAD.itemsize:], np.cumsum(sizes[:-1]))
    metres = depth.view('<f4') if sizes[0] else np.zeros(pixels, np.float32)
    return Frame(rgb.reshape(height, width, 3), metres.reshape(height, width), head['K'].copy(),
                 seen.view(bool).reshape(height, width) if sizes[2] else None, name)
