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

"""A rosbag of either ROS version as a source for the player."""

from collections.abc import Iterator
import os
from pathlib import Path
import struct
from typing import Any

import cv2
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.interfaces import Connection
from rosbags.typesys import get_typestore, Stores
from sa4depth_ros.errors import BagError
from sa4depth_ros.nodes.player_source import Guess, Recorded, Role
from sa4depth_ros.nodes.topics import COMPRESSED, info_sibling

IMAGE_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
INFO_TYPE = 'sensor_msgs/msg/CameraInfo'
# ROS 1 messages are turned into CDR by the definitions of ROS 2, whose headers have no seq.
_ROS2 = get_typestore(Stores.ROS2_HUMBLE)
# Images that are no photographs, by how their topics are usually called.
NOT_COLOUR = ('depth', 'disparity', 'mask', 'label', 'confidence', 'theora')
LITTLE_ENDIAN = 1


class BagSource:
    """
    The colour images of one camera in a rosbag, and their calibration where there is one.

    ROS 1 messages are converted to CDR; those of ROS 2 are passed on as they are.
    """

    def __init__(self, path: Path, image_topic: str = '', hfov: float | None = None) -> None:
        """
        Open the bag at ``path``; raises BagError when it cannot be read or has no image.

        An empty ``image_topic`` takes the colour topic that has a camera_info beside it and
        the most messages. ``hfov`` [degrees] is a guess to use when there is no camera_info.
        """
        self.notes: list[str] = []
        self._reader = _opened(path)
        try:
            self._image = self._chosen(path, image_topic)
        except BagError:
            self._reader.close()
            raise
        self._info = self._calibration(self._image.topic)
        self.description = str(path)
        self.image_topic = self._image.topic
        self.info_topic = self._info.topic if self._info else None
        self.compressed = self._image.msgtype == IMAGE_TYPES[1]
        self.frames: int | None = self._image.msgcount
        seconds = self._reader.duration / 1e9
        self.guess = self._guess(hfov) if hfov and not self._info else None
        if self.guess:
            self.info_topic = info_sibling(self.image_topic)
            self.notes.append(self.guess.note(self.description))
        self.rate = (self._image.msgcount - 1) / seconds if seconds > 0 else 0.0

    def messages(self) -> Iterator[Recorded]:
        """Give images and calibrations in record order."""
        wanted = [self._image] + ([self._info] if self._info else [])
        start: int | None = None
        for connection, time, raw in self._reader.messages(connections=wanted):
            start = time if start is None else start
            role: Role = 'image' if connection.topic == self.image_topic else 'camera_info'
            cdr = self._cdr(connection, raw)
            yield Recorded((time - start) / 1e9, role, read_stamp(cdr), cdr)

    def close(self) -> None:
        """Close the bag."""
        self._reader.close()

    def _cdr(self, connection: Connection, raw: bytes) -> bytes:
        if self._reader.is2:
            return raw
        return bytes(_ROS2.ros1_to_cdr(raw, connection.msgtype))

    def _chosen(self, path: Path, wanted: str) -> Connection:
        images = [c for c in self._reader.connections
                  if c.msgtype in IMAGE_TYPES and c.msgcount > 0]
        if wanted:
            named = [c for c in images if c.topic in (wanted, wanted + COMPRESSED)]
            if not named:
                raise BagError(f"{path} has no images on '{wanted}'; {self._contents()}")
            return named[0]
        colour = _colour(images)
        if not colour:
            raise BagError(f'{path} has no colour image topic; {self._contents()}')
        best = max(colour, key=lambda c: (self._calibration(c.topic) is not None, c.msgcount))
        if len(colour) > 1:
            others = ', '.join(c.topic for c in colour if c is not best)
            self.notes.append(f'playing {best.topic}; name another to play it instead: {others}')
        return best

    def _calibration(self, image_topic: str) -> Connection | None:
        infos = [c for c in self._reader.connections
                 if c.msgtype == INFO_TYPE and c.msgcount > 0]
        beside = [c for c in infos if c.topic == info_sibling(image_topic)]
        if beside:
            return beside[0]
        # Under another name it is still this camera's when there is only one of each.
        images = [c for c in self._reader.connections if c.msgtype in IMAGE_TYPES]
        only = _colour(infos)
        return only[0] if len(only) == 1 and len(_colour(images)) == 1 else None

    def _guess(self, hfov: float) -> Guess:
        first = next(message for message in self.messages() if message.role == 'image')
        assert isinstance(first.data, bytes)
        message: Any = _ROS2.deserialize_cdr(first.data, self._image.msgtype)
        if not self.compressed:
            return Guess(message.width, message.height, hfov)
        pixels = cv2.imdecode(message.data, cv2.IMREAD_COLOR)
        if pixels is None:
            raise BagError(f"the first image on '{self.image_topic}' cannot be decoded "
                           f"(format '{message.format}').")
        return Guess(pixels.shape[1], pixels.shape[0], hfov)

    def _contents(self) -> str:
        lines = [f'\n  {c.topic} ({c.msgtype}, {c.msgcount} messages)'
                 for c in sorted(self._reader.connections, key=lambda c: c.topic)]
        return 'it holds ' + (''.join(lines) or 'nothing')


def _colour(connections: list[Connection]) -> list[Connection]:
    return [c for c in connections if not any(word in c.topic.lower() for word in NOT_COLOUR)]


def read_stamp(cdr: bytes) -> int:
    """Read header.stamp [ns] of a CDR message that starts with a std_msgs/Header."""
    seconds, nanoseconds = struct.unpack_from(_stamp_format(cdr), cdr, 4)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def restamped(cdr: bytes, stamp: int) -> bytes:
    """Give the CDR message with another header.stamp [ns]; nothing else changes."""
    changed = bytearray(cdr)
    struct.pack_into(_stamp_format(cdr), changed, 4, *divmod(stamp, 1_000_000_000))
    return bytes(changed)


def _stamp_format(cdr: bytes) -> str:
    # Byte 1 of the encapsulation header names the byte order.
    return '<iI' if cdr[1] & LITTLE_ENDIAN else '>iI'


def _opened(path: Path) -> AnyReader:
    if not path.exists():
        raise BagError(f'no recording at {path}: expected a rosbag2 folder or a ROS 1 .bag file.')
    if not os.access(path, os.R_OK):
        raise BagError(f'{path} may not be read by this user.')
    # A rosbag2 is its folder; people name the file inside it as often.
    beside = path.parent / 'metadata.yaml'
    folder = path.parent if path.is_file() and path.suffix != '.bag' and beside.exists() else path
    try:
        # Only ROS 2 bags older than Iron lack definitions.
        reader = AnyReader([folder], default_typestore=_ROS2)
        reader.open()
    except _UNREADABLE as error:
        raise BagError(f'{path} is no recording that can be read (expected a rosbag2 folder or '
                       f'a ROS 1 .bag file): {error}') from error
    return reader


_UNREADABLE: tuple[type[Any], ...] = (AnyReaderError, OSError, ValueError, KeyError)
