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

"""The frames of a bag: which image belongs to which depth and calibration."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.typesys import get_typestore, Stores
from sa4depth_ros.errors import BagError, FrameError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.pixel_formats import decode_compressed, to_rgb
from sa4depth_train.bag_topics import COMPRESSED, find_topics, Topics
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_messages import compressed_to_depth, Depth, image_to_depth


@dataclass(frozen=True)
class Record:
    """Where one message is: its header stamp and its record time, both nanoseconds."""

    stamp: int
    time: int


@dataclass(frozen=True)
class FrameEntry:
    """One image with its depth (None: no depth near enough) and its calibration message."""

    image: Record
    depth: Record | None
    camera_info: Any


class BagIndex:
    """
    The frames of one bag in order of their stamps, readable in any order.

    Reads ROS 1 ``.bag`` files and rosbag2 folders (sqlite3 and mcap). Raises BagError when
    the bag cannot be read or lacks a topic, saying which topics it has.
    """

    def __init__(self, path: Path, config: DataConfig) -> None:
        self.path = path
        self._reader = _open(path)
        types = {c.topic: c.msgtype for c in self._reader.connections}
        self.topics: Topics = find_topics(
            types, self._first_message, image=config.image_topic,
            camera_info=config.camera_info_topic, depth=config.depth_topic)
        self.frames = self._frames(int(config.max_time_difference * 1e9))

    @property
    def name(self) -> str:
        """Short name for people: that of the folder or file."""
        return self.path.stem

    def close(self) -> None:
        """Close the bag's files."""
        self._reader.close()

    def read_image(self, frame: FrameEntry) -> NDArray[np.uint8]:
        """Decode the image of a frame, (h, w, 3) uint8 RGB."""
        message = self._read(self.topics.image, frame.image)
        try:
            if message.__msgtype__ == COMPRESSED:
                return decode_compressed(message.data, message.format)
            return to_rgb(message.data, width=message.width, height=message.height,
                          step=message.step, encoding=message.encoding,
                          is_bigendian=bool(message.is_bigendian))
        except FrameError as error:
            raise BagError(f'{self._where(frame.image)}: {error}') from error

    def read_depth(self, frame: FrameEntry) -> Depth | None:
        """Decode the depth of a frame, (h, w) float32 metres, 0 invalid; None: has none."""
        if frame.depth is None or self.topics.depth is None:
            return None
        message = self._read(self.topics.depth, frame.depth)
        try:
            decode = (compressed_to_depth if message.__msgtype__ == COMPRESSED
                      else image_to_depth)
            return decode(message)
        except BagError as error:
            raise BagError(f'{self._where(frame.depth)}: {error}') from error

    def camera(self, frame: FrameEntry, size: tuple[int, int]) -> CameraModel:
        """Give the calibration of a frame's image of ``size`` (width, height)."""
        info = frame.camera_info
        # ROS 1 names the matrices in upper case, ROS 2 in lower case.
        K, D, R, P = (getattr(info, name, getattr(info, name.upper(), ())) for name in 'kdrp')
        roi = info.roi
        try:
            return CameraModel.from_calibration(
                width=info.width, height=info.height, K=K, D=D, R=R, P=P,
                distortion_model=info.distortion_model,
                binning=(info.binning_x, info.binning_y),
                roi=(roi.x_offset, roi.y_offset, roi.width, roi.height), image_size=size)
        except FrameError as error:
            raise BagError(f"bag '{self.path}', {self.topics.camera_info}: {error}") from error

    def _frames(self, tolerance: int) -> tuple[FrameEntry, ...]:
        images = sorted(self._records(self.topics.image), key=lambda r: r.stamp)
        depths = sorted(self._records(self.topics.depth), key=lambda r: r.stamp)
        infos = sorted(self._infos(), key=lambda pair: pair[0])
        if not images or not infos:
            empty = self.topics.camera_info if images else self.topics.image
            raise BagError(f"bag '{self.path}': topic {empty} has no messages")
        info_stamps, depth_stamps = [p[0] for p in infos], [d.stamp for d in depths]
        frames = []
        for image in images:
            near = _nearest(depth_stamps, image.stamp)
            fits = near is not None and abs(depth_stamps[near] - image.stamp) <= tolerance
            info = infos[_nearest(info_stamps, image.stamp) or 0][1]
            frames.append(FrameEntry(image, depths[near] if fits and near is not None else None,
                                     info))
        if self.topics.depth and not any(frame.depth for frame in frames):
            raise BagError(
                f"bag '{self.path}': no {self.topics.depth} within {tolerance * 1e-9:.3f} s of "
                f'any {self.topics.image}; see data.max_time_difference')
        return tuple(frames)

    def _records(self, topic: str | None) -> Iterator[Record]:
        for time, message in self._messages(topic):
            yield Record(_stamp(message), time)

    def _infos(self) -> Iterator[tuple[int, Any]]:
        for _, message in self._messages(self.topics.camera_info):
            yield _stamp(message), message

    def _messages(
        self, topic: str | None, start: int | None = None, stop: int | None = None,
    ) -> Iterator[tuple[int, Any]]:
        connections = [c for c in self._reader.connections if c.topic == topic]
        if connections:
            for connection, time, raw in self._reader.messages(connections, start, stop):
                yield time, self._reader.deserialize(raw, connection.msgtype)

    def _first_message(self, topic: str) -> Any:
        return next((message for _, message in self._messages(topic)), None)

    def _read(self, topic: str, record: Record) -> Any:
        for _, message in self._messages(topic, record.time, record.time + 1):
            if _stamp(message) == record.stamp:
                return message
        raise BagError(f'{self._where(record)}: the message of {topic} is no longer there')

    def _where(self, record: Record) -> str:
        return f"bag '{self.path}', stamp {record.stamp * 1e-9:.6f}"


def fingerprint(path: Path) -> str:
    """Give the SHA-256 of a bag's storage files, to name training data exactly."""
    _must_exist(path)
    files = [path] if path.is_file() else sorted(
        f for f in path.iterdir() if f.suffix in ('.mcap', '.db3', '.bag'))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _open(path: Path) -> AnyReader:
    _must_exist(path)
    if path.is_file() and path.suffix in ('.mcap', '.db3') and (
            path.parent / 'metadata.yaml').is_file():
        path = path.parent
    try:
        reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
        reader.open()
    except (AnyReaderError, OSError) as error:
        raise BagError(f"cannot read '{path}' as a bag: {error}. Expected a ROS 1 .bag file or a "
                       'rosbag2 folder with metadata.yaml') from error
    return reader


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise BagError(f"expected a bag at '{path}', but there is nothing")


def _stamp(message: Any) -> int:
    stamp = message.header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def _nearest(stamps: Sequence[int], stamp: int) -> int | None:
    if not stamps:
        return None
    right = bisect_left(stamps, stamp)
    candidates = [i for i in (right - 1, right) if 0 <= i < len(stamps)]
    return min(candidates, key=lambda i: abs(stamps[i] - stamp))
