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
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError, FrameError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.pixel_formats import decode_compressed, to_rgb
from sa4depth_train.bag_poses import BagPoses
from sa4depth_train.bag_reader import BagReader, must_exist
from sa4depth_train.bag_topics import (
    COMPRESSED, find_cloud, find_odom, find_topics, Topics)
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_messages import compressed_to_depth, Depth, image_to_depth


@dataclass(frozen=True)
class Record:
    """Where one message is: its header stamp and its record time, both nanoseconds."""

    stamp: int
    time: int


class Calibration(NamedTuple):
    """The values of a CameraInfo message, K, R (3x3) and P (3x4) row by row."""

    width: int
    height: int
    distortion_model: str
    K: tuple[float, ...]
    D: tuple[float, ...]
    R: tuple[float, ...]
    P: tuple[float, ...]
    binning: tuple[int, int]
    roi: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class FrameEntry:
    """One image with its depth (None: no depth near enough), calibration and poses."""

    image: Record
    depth: Record | None
    calibration: Calibration
    poses: BagPoses

    @property
    def pose(self) -> NDArray[np.float64] | None:
        """T_camera2world (4x4, metres) by odometry; None: none near enough. See BagPoses."""
        return self.poses.at(self.image.stamp)


class BagIndex:
    """
    The frames of one bag in order of their stamps, readable in any order.

    Reads ROS 1 ``.bag`` files and rosbag2 folders (sqlite3 and mcap), also after a fork. Raises
    BagError when the bag cannot be read or lacks a topic, saying which topics it has. Without
    ``need_depth``, depth that cannot be used is as good as none. ``camera_frame`` is the
    frame_id of the images. With data.lidar_topic, depth is that of its points: ``topics`` and
    the frames name them, BagLidar reads them.
    """

    def __init__(self, path: Path, config: DataConfig, *, need_depth: bool = True) -> None:
        self.path = path
        self._need_depth = need_depth
        self._reader = BagReader(path)
        types = self._reader.types()
        self.topics: Topics = find_topics(
            types, self._first_message, image=config.image_topic,
            camera_info=config.camera_info_topic, depth=config.depth_topic,
            need_depth=need_depth and not config.lidar_topic)
        if config.lidar_topic:
            self.topics = replace(self.topics, depth=find_cloud(types, config.lidar_topic))
        self.has_lidar = bool(config.lidar_topic)
        self._odom_topic = config.odom_topic
        first = self._first_message(self.topics.image)
        self.camera_frame = '' if first is None else str(first.header.frame_id)
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
        """Decode the depth image of a frame, (h, w) float32 metres, 0 invalid; None: has none."""
        if frame.depth is None or self.topics.depth is None or self.has_lidar:
            return None
        message = self._read(self.topics.depth, frame.depth)
        try:
            decode = (compressed_to_depth if message.__msgtype__ == COMPRESSED
                      else image_to_depth)
            return decode(message)
        except BagError as error:
            raise BagError(f'{self._where(frame.depth)}: {error}') from error

    @property
    def reader(self) -> BagReader:
        """Give the reader of the bag itself."""
        return self._reader

    @property
    def odometry_topic(self) -> str | None:
        """Name the topic with poses, None without one; BagError when several are left."""
        return self._find_odom()

    @property
    def odometry_frame(self) -> str | None:
        """Name the frame that poses are of, empty where they do not say; None without any."""
        topic = self.odometry_topic
        first = None if topic is None else self._first_message(topic)
        return None if first is None else str(getattr(first, 'child_frame_id', '')).lstrip('/')

    def camera(self, frame: FrameEntry, size: tuple[int, int]) -> CameraModel:
        """Give the calibration of a frame's image of ``size`` (width, height)."""
        try:
            return CameraModel.from_calibration(**frame.calibration._asdict(), image_size=size)
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
        poses = BagPoses(self._reader, self._find_odom, tolerance, self.camera_frame)
        frames = []
        for image in images:
            near = nearest(depth_stamps, image.stamp)
            fits = near is not None and abs(depth_stamps[near] - image.stamp) <= tolerance
            info = infos[nearest(info_stamps, image.stamp) or 0][1]
            frames.append(FrameEntry(image, depths[near] if fits and near is not None else None,
                                     info, poses))
        if self._need_depth and self.topics.depth and not any(f.depth for f in frames):
            raise BagError(
                f"bag '{self.path}': no {self.topics.depth} within {tolerance * 1e-9:.3f} s of "
                f'any {self.topics.image}; see data.max_time_difference')
        return tuple(frames)

    def _records(self, topic: str | None) -> Iterator[Record]:
        for time, message in self._reader.messages(topic):
            yield Record(stamp_of(message), time)

    def _infos(self) -> Iterator[tuple[int, Calibration]]:
        for _, message in self._reader.messages(self.topics.camera_info):
            yield stamp_of(message), _calibration(message)

    def _first_message(self, topic: str) -> Any:
        return next((message for _, message in self._reader.messages(topic)), None)

    def _find_odom(self) -> str | None:
        return find_odom(self._reader.types(), self._first_message, self.camera_frame,
                         self._odom_topic)

    def _read(self, topic: str, record: Record) -> Any:
        for _, message in self._reader.messages(topic, record.time, record.time + 1):
            if stamp_of(message) == record.stamp:
                return message
        raise BagError(f'{self._where(record)}: the message of {topic} is no longer there')

    def _where(self, record: Record) -> str:
        return f"bag '{self.path}', stamp {record.stamp * 1e-9:.6f}"


def unique_name(name: str, used: Container[str]) -> str:
    """Give ``name``, with _2, _3, ... behind it if it is ``used`` already."""
    unique, number = name, 2
    while unique in used:
        unique, number = f'{name}_{number}', number + 1
    return unique


def fingerprint(path: Path) -> str:
    """Give the SHA-256 of a bag's storage files, to name training data exactly."""
    digest = hashlib.sha256()
    for file in storage_files(path):
        with file.open('rb') as stream:
            while block := stream.read(2**24):
                digest.update(block)
    return digest.hexdigest()


def storage_files(path: Path) -> list[Path]:
    """List the files that hold a bag's messages; BagError when there is no bag."""
    must_exist(path)
    return [path] if path.is_file() else sorted(
        f for f in path.iterdir() if f.suffix in ('.mcap', '.db3', '.bag'))


def stamp_of(message: Any) -> int:
    """Give the stamp of a message's header in nanoseconds."""
    stamp = message.header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def _calibration(info: Any) -> Calibration:
    # ROS 1 names the matrices in upper case, ROS 2 in lower case.
    K, D, R, P = (getattr(info, name, getattr(info, name.upper(), ())) for name in 'kdrp')
    matrices = (tuple(float(value) for value in matrix) for matrix in (K, D, R, P))
    roi = info.roi
    return Calibration(
        info.width, info.height, info.distortion_model, *matrices,
        binning=(info.binning_x, info.binning_y),
        roi=(roi.x_offset, roi.y_offset, roi.width, roi.height))


def nearest(stamps: Sequence[int], stamp: int) -> int | None:
    """Give the index of the one of sorted ``stamps`` nearest to ``stamp``, None without any."""
    if not stamps:
        return None
    right = bisect_left(stamps, stamp)
    candidates = [i for i in (right - 1, right) if 0 <= i < len(stamps)]
    return min(candidates, key=lambda i: abs(stamps[i] - stamp))
