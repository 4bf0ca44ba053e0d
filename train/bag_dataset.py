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

"""The frames of bags as training uses them: decoded, rectified, shrunk."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError, FrameError
from sa4depth_ros.runtime.camera_model import CameraModel, scaled_intrinsics
from sa4depth_ros.runtime.preprocess import FrameGeometry, resize
from sa4depth_ros.runtime.registered_depth import on_rectified_pixels
from sa4depth_train.bag_index import BagIndex, FrameEntry, unique_name
from sa4depth_train.bag_lidar import BagLidar
from sa4depth_train.data_config import DataConfig
from sa4depth_train.frame import Frame
from sa4depth_train.frame_cache import cache_key, cache_root, FrameCache

# Frames are kept this much larger than the network input, so that zooming in stays sharp.
_DETAIL = 1.25
_DECIDES_PIXELS = ('image_topic', 'camera_info_topic', 'depth_topic', 'max_time_difference',
                   'min_depth', 'max_depth')


class BagFrames:
    """The frames of several bags, decoded, rectified and shrunk, with a cache."""

    def __init__(
        self, bags: Sequence[Path], config: DataConfig, network_size: tuple[int, int],
        need: Literal['depth', 'nothing'] = 'depth', heldout_bags: Sequence[Path] = (),
    ) -> None:
        """
        Index ``bags``; ``network_size`` is (width, height) of the network input.

        Frames without what they ``need`` are left out; BagError when a bag has none left.
        ``train_of`` and ``heldout`` hold, per bag, indices in order of time; of
        ``heldout_bags`` all frames are held out.
        """
        self._config = config
        self._network_size = network_size
        self.bags = [BagIndex(path, config, need_depth=need == 'depth')
                     for path in (*bags, *heldout_bags)]
        self._lidars = {bag.path: BagLidar(bag.reader, bag.topics.depth, bag.camera_frame)
                        for bag in self.bags if bag.has_lidar and bag.topics.depth}
        self._entries: list[_Place] = []
        self.train_of: dict[str, list[int]] = {}
        self.heldout: dict[str, list[int]] = {}
        for number, bag in enumerate(self.bags):
            self._add(bag, need, config.holdout if number < len(bags) else 1.0)
        self._caches = self._make_caches(need)
        self._geometries: dict[tuple[Any, ...], FrameGeometry] = {}

    def _make_caches(self, need: str) -> dict[Path, FrameCache]:
        config, counts = self._config, Counter(place.bag.path for place in self._entries)
        values = asdict(config)
        settings = {key: values[key] for key in _DECIDES_PIXELS} | {
            'size': list(self._network_size), 'detail': _DETAIL, 'need': need}
        if config.lidar_topic:
            settings['lidar_topic'] = config.lidar_topic
        room = config.cache_mb * 2**20 / len(self._entries)
        return {path: FrameCache(cache_root(config.cache_dir) / cache_key(path, settings), count,
                                 room * count)
                for path, count in counts.items()}

    def _add(self, bag: BagIndex, need: str, holdout: float) -> None:
        # A tail in time, not a random choice: neighbouring frames are nearly the same. Counted
        # in images, so that it is the part that `sa4depth evaluate --from` measures.
        end = len(bag.frames) - round(len(bag.frames) * holdout)
        numbers = [number for number, frame in enumerate(bag.frames)
                   if frame.depth is not None or need == 'nothing']
        frames = [bag.frames[number] for number in numbers]
        if not frames:
            raise BagError(f"bag '{bag.path}' has no depth topic, which supervised training "
                           f'needs; it has {bag.topics}')
        first = len(self._entries)
        self._entries += [_Place(bag, frame, number) for number, frame in enumerate(frames)]
        kept = sum(number < end for number in numbers)
        name = unique_name(bag.name, self.heldout)
        self.train_of[name] = list(range(first, first + kept))
        self.heldout[name] = list(range(first + kept, len(self._entries)))

    @property
    def train(self) -> list[int]:
        """All indices to train on, bag after bag."""
        return [index for indices in self.train_of.values() for index in indices]

    def __len__(self) -> int:
        return len(self._entries)

    def stamp(self, index: int) -> float:
        """Give the time of a frame's image in seconds."""
        return self._entries[index].frame.image.stamp * 1e-9

    def entry(self, index: int) -> tuple[BagIndex, FrameEntry]:
        """Give the bag of a frame and its place in it."""
        bag, entry, _ = self._entries[index]
        return bag, entry

    def place(self, index: int) -> tuple[FrameCache, int]:
        """Give the cache of a frame's bag and the frame's number in it."""
        bag, _, number = self._entries[index]
        return self._caches[bag.path], number

    def __getitem__(self, index: int) -> Frame:
        """Give a frame, from the cache if it is there."""
        bag, entry, number = self._entries[index]
        name = f'{bag.name} frame {number} (stamp {entry.image.stamp * 1e-9:.3f})'
        cache = self._caches[bag.path]
        frame = cache.load(number, name)
        if frame is None:
            frame = self._decode(bag, entry, name)
            cache.store(number, frame)
        return frame

    def _decode(self, bag: BagIndex, entry: FrameEntry, name: str) -> Frame:
        rgb = bag.read_image(entry)
        geometry = self._geometry(bag.camera(entry, (rgb.shape[1], rgb.shape[0])))
        depth = self._depth(bag, entry, geometry, name)
        depth[(depth < self._config.min_depth) | (depth > self._config.max_depth)] = 0
        return _shrunk(geometry.rectify(rgb), depth, geometry, name)

    def _depth(
        self, bag: BagIndex, entry: FrameEntry, geometry: FrameGeometry, name: str,
    ) -> NDArray[np.float32]:
        """Give depth on rectified pixels, that of lidar points already of the shrunk size."""
        if bag.path in self._lidars and entry.depth is not None:
            assert geometry.camera is not None
            return self._lidars[bag.path].depth(
                entry.image.stamp, geometry.camera, _shrunk_size(geometry))
        depth = bag.read_depth(entry)
        if depth is None:
            return np.zeros((geometry.image_size[1], geometry.image_size[0]), np.float32)
        return rectified_depth(depth, geometry, name)

    def _geometry(self, camera: CameraModel) -> FrameGeometry:
        # Its remap tables take longer to make than to use.
        if camera.key not in self._geometries:
            self._geometries[camera.key] = FrameGeometry(
                (camera.width, camera.height), self._network_size, camera)
        return self._geometries[camera.key]


class _Place(NamedTuple):
    """Where a frame is, and its number among the frames of its bag in use."""

    bag: BagIndex
    frame: FrameEntry
    number: int


def rectified_depth(
    depth: NDArray[np.float32], geometry: FrameGeometry, name: str,
) -> NDArray[np.float32]:
    """
    Give registered depth (rows, columns) of any size the pixels of the rectified image.

    BagError, which begins with ``name``, when its shape is not the image's.
    """
    try:
        return on_rectified_pixels(depth, geometry)
    except FrameError as error:
        raise BagError(f'{name}: {error}') from error


def _shrunk(
    rgb: NDArray[np.uint8], depth: NDArray[np.float32], geometry: FrameGeometry, name: str,
) -> Frame:
    """Make a frame of rectified pixels, no larger than training can use."""
    assert geometry.camera is not None
    width, height = geometry.image_size
    size = _shrunk_size(geometry)
    shrinks = size != (width, height)
    ratios = (size[0] / width, size[1] / height)
    seen = None
    if geometry.needs_remap:
        white = geometry.rectify(np.full((height, width, 3), 255, np.uint8))
        seen = resize(white, size)[..., 0] == 255 if shrinks else white[..., 0] == 255
    if shrinks:
        rgb = resize(rgb, size)
    if depth.shape != size[::-1]:
        depth = cv2.resize(  # type: ignore[assignment]
            depth, size, interpolation=cv2.INTER_NEAREST)
    return Frame(rgb, depth, scaled_intrinsics(geometry.camera.P, ratios), seen, name)


def _shrunk_size(geometry: FrameGeometry) -> tuple[int, int]:
    """Give the (width, height) that frames are kept in."""
    width, height = geometry.image_size
    scale = min(1.0, _DETAIL * max(geometry.ratios))
    return round(width * scale), round(height * scale)
