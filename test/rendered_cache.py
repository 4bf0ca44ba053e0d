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

"""A small cache of worlds as `sa4depth render-worlds` leaves it, of smooth invented pictures."""

from pathlib import Path

import numpy as np
from sa4depth_train.worlds.world_cache import CachedWorld, WorldFrames, write_index, write_world

WIDTH, HEIGHT = 96, 64
K = np.array([[80.0, 0, 47], [0, 80, 31], [0, 0, 1]])


def write_cache(
    path: Path, worlds: int = 3, frames: int = 4, unseen: int = 0, scale: int = 1,
) -> Path:
    """Write ``worlds`` to train on and ``unseen`` ones; in world n depth is n + 1 metres."""
    entries = [_write(path, number, frames, unseen=number >= worlds, scale=scale)
               for number in range(worlds + unseen)]
    write_index(path, {'seed': 7}, entries)
    return path


def _write(path: Path, number: int, frames: int, *, unseen: bool, scale: int) -> CachedWorld:
    size = (frames, HEIGHT * scale, WIDTH * scale)
    shade = np.linspace(40, 200, size[2], dtype=np.float32)
    rgb = np.broadcast_to(shade[:, None], (*size, 3)) - 10.0 * number
    rgb = rgb + np.arange(frames)[:, None, None, None]
    depth = np.full(size, 1000 * (number + 1), np.uint16)
    depth[:, :2] = 0
    matrix = K.copy()
    matrix[:2] *= scale
    matrix[:2, 2] += (scale - 1) / 2
    poses = np.tile(np.eye(4), (frames, 1, 1))
    arrays = WorldFrames(rgb.astype(np.uint8), depth, matrix, poses, 0.2 * np.arange(frames))
    return write_world(path, arrays, CachedWorld(
        f'{number:05d}', 'room', number, unseen, 'hand', frames, ''))
