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

"""Bags of both ROS versions and videos as sources of the player; no ROS process needed."""

from pathlib import Path
import struct
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import StoragePlugin, Writer as Writer2
from rosbags.typesys import get_typestore, Stores
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.nodes.player_bag import BagSource, read_stamp, restamped
from sa4depth_ros.nodes.player_video import VideoSource
from sa4depth_ros.nodes.topics import info_sibling

ROS2, ROS1 = get_typestore(Stores.ROS2_JAZZY), get_typestore(Stores.ROS1_NOETIC)
START = 1_500_000_000_000_000_000
IMAGE, INFO = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CameraInfo'


def _message(store: Any, kind: str, number: int) -> Any:
    stamp = store.types['builtin_interfaces/msg/Time'](
        *divmod(START + number * 100_000_000, 10**9))
    names = {'stamp': stamp, 'frame_id': 'cam'}
    header_type = store.types['std_msgs/msg/Header']
    if 'seq' in header_type.__dataclass_fields__:
        names['seq'] = number
    header = header_type(**names)
    if kind == IMAGE:
        data = np.full(4 * 6 * 3, number, np.uint8)
        return store.types[kind](header, 4, 6, 'rgb8', 0, 18, data)
    roi = store.types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    K = np.array([5.0, 0, 2.5, 0, 5.0, 1.5, 0, 0, 1.0])
    return store.types[kind](header, 4, 6, 'plumb_bob', np.zeros(5), K, np.eye(3).ravel(),
                             np.zeros(12), 0, 0, roi)


def write_bag2(path: Path, topics: dict[str, str], count: int = 3) -> Path:
    """Write ``count`` messages of each topic: {name: type}."""
    with Writer2(path, version=8, storage_plugin=StoragePlugin.SQLITE3) as writer:
        connections = {name: writer.add_connection(name, kind, typestore=ROS2)
                       for name, kind in topics.items()}
        for number in range(count):
            for name, connection in connections.items():
                message = ROS2.serialize_cdr(_message(ROS2, topics[name], number), topics[name])
                writer.write(connection, START + number * 100_000_000, message)
    return path


def write_bag1(path: Path, count: int = 3) -> Path:
    with Writer1(path) as writer:
        for name, kind in (('/cam/image', IMAGE), ('/cam/camera_info', INFO)):
            connection = writer.add_connection(name, kind, typestore=ROS1)
            for number in range(count):
                writer.write(connection, START + number * 100_000_000,
                             ROS1.serialize_ros1(_message(ROS1, kind, number), kind))
    return path


def test_colour_topic_with_calibration_is_found(tmp_path: Path) -> None:
    """Depth and mask images are not photographs; a calibrated camera wins."""
    source = BagSource(write_bag2(tmp_path / 'bag', {
        '/other/image': IMAGE, '/cam/depth/image_raw': IMAGE, '/cam/image_raw': IMAGE,
        '/cam/camera_info': INFO}))
    assert source.image_topic == '/cam/image_raw' and source.info_topic == '/cam/camera_info'
    assert source.frames == 3 and source.rate == pytest.approx(10.0)
    assert not source.compressed
    assert '/other/image' in source.notes[0] and 'depth' not in source.notes[0]
    source.close()


def test_named_topic_wins_and_may_lack_a_calibration(tmp_path: Path) -> None:
    """--topic takes exactly that one; another camera's calibration is not taken for it."""
    bag = write_bag2(tmp_path / 'bag', {'/a/image': IMAGE, '/b/image': IMAGE,
                                        '/b/camera_info': INFO})
    source = BagSource(bag, '/a/image')
    assert source.guess is None
    assert source.image_topic == '/a/image' and source.info_topic is None
    assert [m.role for m in source.messages()] == ['image'] * 3
    source.close()


def test_field_of_view_is_guessed_only_when_asked_and_needed(tmp_path: Path) -> None:
    """A bag without camera_info gets a guess from --hfov; one that has it does not."""
    bare = BagSource(write_bag2(tmp_path / 'bare', {'/a/image': IMAGE}), hfov=90.0)
    assert bare.guess is not None and (bare.guess.width, bare.guess.height) == (6, 4)
    assert bare.guess.focal == pytest.approx(3.0) and bare.info_topic == '/a/camera_info'
    assert 'GUESSING 90 degrees' in bare.notes[0]
    bare.close()
    known = BagSource(write_bag2(tmp_path / 'known', {'/a/image': IMAGE, '/a/camera_info': INFO}),
                      hfov=90.0)
    assert known.guess is None and not known.notes
    known.close()


def test_bytes_pass_through_and_can_be_read_twice(tmp_path: Path) -> None:
    """What comes out is what was written, at its recorded time, again and again."""
    source = BagSource(write_bag2(tmp_path / 'bag', {'/cam/image': IMAGE,
                                                     '/cam/camera_info': INFO}))
    for _ in range(2):
        found = list(source.messages())
        assert [m.role for m in found] == ['image', 'camera_info'] * 3
        assert [m.due for m in found[::2]] == pytest.approx([0.0, 0.1, 0.2])
        assert found[2].data == bytes(ROS2.serialize_cdr(_message(ROS2, IMAGE, 1), IMAGE))
        assert found[2].stamp == START + 100_000_000
    source.close()


def test_storage_file_stands_for_its_folder(tmp_path: Path) -> None:
    """People name the .db3 or .mcap inside a bag as often as the bag."""
    bag = write_bag2(tmp_path / 'bag', {'/cam/image': IMAGE})
    source = BagSource(bag / 'bag.db3')
    assert source.frames == 3
    source.close()


def test_ros1_bag_is_converted(tmp_path: Path) -> None:
    """Messages become CDR that a ROS 2 type store reads, with the same content."""
    source = BagSource(write_bag1(tmp_path / 'old.bag'))
    found = list(source.messages())
    assert source.info_topic == '/cam/camera_info' and len(found) == 6
    for message in found:
        kind = IMAGE if message.role == 'image' else INFO
        read = ROS2.deserialize_cdr(message.data, kind)
        assert read.header.frame_id == 'cam'
        if kind == INFO:
            assert read.k[0] == 5.0 and read.width == 6
        else:
            assert read.encoding == 'rgb8' and len(read.data) == 72
    assert [m.stamp for m in found if m.role == 'image'] == [
        START, START + 100_000_000, START + 200_000_000]
    source.close()


@pytest.mark.parametrize('little', [True, False])
def test_new_stamp_changes_eight_bytes_only(little: bool) -> None:
    """Bytes 4..12 of a CDR message hold header.stamp, in the message's byte order."""
    raw = bytes(ROS2.serialize_cdr(_message(ROS2, IMAGE, 0), IMAGE, little_endian=little))
    assert read_stamp(raw) == START
    changed = restamped(raw, 1_700_000_000_123_456_789)
    assert changed[:4] == raw[:4] and changed[12:] == raw[12:]
    assert struct.unpack_from('<iI' if little else '>iI', changed, 4) == (
        1_700_000_000, 123_456_789)


def test_unusable_recordings_are_explained(tmp_path: Path) -> None:
    """No file, no image, a wrong name and no bag at all: each says what was found."""
    with pytest.raises(BagError, match='no recording at'):
        BagSource(tmp_path / 'nothing')
    blind = write_bag2(tmp_path / 'blind', {'/cam/camera_info': INFO, '/cam/depth/image': IMAGE})
    with pytest.raises(BagError, match=r'(?s)no colour image topic.*/cam/camera_info \(sen'):
        BagSource(blind)
    with pytest.raises(BagError, match=r"(?s)no images on '/x'.*/cam/depth/image"):
        BagSource(blind, '/x')
    text = tmp_path / 'text.bag'
    text.write_text('this is no bag')
    with pytest.raises(BagError, match='no recording that can be read'):
        BagSource(text)
    empty = tmp_path / 'empty'
    empty.mkdir()
    with pytest.raises(BagError, match='no recording that can be read'):
        BagSource(empty)


def write_video(path: Path, count: int = 5) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25.0, (64, 48))
    for number in range(count):
        writer.write(np.full((48, 64, 3), (40 * number, 128, 0), np.uint8))
    writer.release()
    return path


def test_video_gives_frames_at_its_rate_and_an_admitted_guess(tmp_path: Path) -> None:
    """Focal length follows from --hfov, and the note calls it a guess."""
    source = VideoSource(write_video(tmp_path / 'clip.avi'), hfov=90.0)
    assert source.rate == pytest.approx(25.0) and source.frames == 5
    assert source.guess is not None and source.guess.focal == pytest.approx(32.0)
    assert 'GUESSING 90 degrees' in source.notes[0]
    for _ in range(2):
        found = list(source.messages())
        assert [m.due for m in found] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
        assert found[3].stamp is None and found[3].data.shape == (48, 64, 3)
        assert abs(int(found[3].data[0, 0, 0]) - 120) < 8
    source.close()


def test_unusable_videos_are_explained(tmp_path: Path) -> None:
    """No file, no video, no such camera, an impossible lens."""
    with pytest.raises(BagError, match='no video file'):
        VideoSource(tmp_path / 'none.mp4')
    text = tmp_path / 'text.mp4'
    text.write_text('no video')
    with pytest.raises(BagError, match='cannot be decoded'):
        VideoSource(text)
    with pytest.raises(BagError, match='camera 987 cannot be opened'):
        VideoSource(987)
    with pytest.raises(ConfigError, match=r'10\.\.150'):
        VideoSource(write_video(tmp_path / 'clip.avi'), hfov=5.0)


def test_calibration_sibling_is_that_of_image_transport() -> None:
    """camera_info is beside the raw topic, also for a compressed one."""
    assert info_sibling('/cam/image_raw/compressed') == '/cam/camera_info'
    assert info_sibling('/cam/image_raw') == '/cam/camera_info'
