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

"""The frames of rendered worlds for training and for measuring."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.camera_model import scaled_intrinsics
from sa4depth_ros.runtime.preprocess import FrameGeometry, resize
from sa4depth_train.bag_index import unique_name
from sa4depth_train.data_config import DataConfig
from sa4depth_train.frame import Frame
from sa4depth_train.worlds.world_cache import WorldCache

# As with frames of bags: this much larger than the network input at most.
_DETAIL = 1.25


class RenderedFrames:
    """
    The frames of several caches of worlds.

    ``train_of`` has one scene per world; worlds with ``unseen`` surfaces are not in it but make
    up the part of ``heldout`` that has the name of their cache.
    """

    def __init__(
        self, caches: Sequence[Path], config: DataConfig, network_size: tuple[int, int],
    ) -> None:
        """Read the indices; ``network_size`` is (width, height). Raises BagError."""
        self._config = config
        self._network_size = network_size
        self.train_of: dict[str, list[int]] = {}
        self.heldout: dict[str, list[int]] = {}
        self._worlds: list[tuple[WorldCache, int]] = []
        counts: list[int] = []
        for cache in map(WorldCache, caches):
            self._add(cache, counts)
        self._starts = list(accumulate(counts, initial=0))

    def _add(self, cache: WorldCache, counts: list[int]) -> None:
        name, measured = unique_name(cache.path.name, self.heldout), []
        first = sum(counts)
        for number, world in enumerate(cache.worlds):
            indices = list(range(first, first + world.frames))
            first += world.frames
            counts.append(world.frames)
            self._worlds.append((cache, number))
            if world.unseen:
                measured += indices
            else:
                scene = unique_name(f'{name}/{world.folder}', self.train_of)
                self.train_of[scene] = indices
        if measured:
            self.heldout[name] = measured

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> Frame:
        """Give a frame, no larger than training can use."""
        place = bisect_right(self._starts, index) - 1
        cache, world = self._worlds[place]
        number = index - self._starts[place]
        arrays = cache.load(world)
        depth = arrays.depth[number].astype(np.float32)
        depth *= np.float32(1e-3)
        depth[(depth < self._config.min_depth) | (depth > self._config.max_depth)] = 0
        name = f'{cache.path.name}/{cache.worlds[world].folder} frame {number}'
        return self._shrunk(np.asarray(arrays.rgb[number]), depth, np.array(arrays.K), name)

    def _shrunk(
        self, rgb: NDArray[np.uint8], depth: NDArray[np.float32], K: NDArray[np.float64],
        name: str,
    ) -> Frame:
        height, width = depth.shape
        geometry = FrameGeometry((width, height), self._network_size, None)
        scale = _DETAIL * max(geometry.ratios)
        if scale < 1:
            size = (round(width * scale), round(height * scale))
            rgb = resize(rgb, size)
            depth = cv2.resize(  # type: ignore[assignment]
                depth, size, interpolation=cv2.INTER_NEAREST)
            K = scaled_intrinsics(K, (size[0] / width, size[1] / height))
        return Frame(rgb, depth, K, None, name, rendered=True)
