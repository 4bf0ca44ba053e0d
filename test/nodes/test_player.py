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

"""The player process over real DDS: pacing, stamps, untouched bytes, clear failures."""

from collections.abc import Callable, Iterator
import json
import os
from pathlib import Path
import subprocess
import sys
import time
from typing import Any

import cv2
import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores
from sensor_msgs.msg import CameraInfo, Image

STORE = get_typestore(Stores.ROS2_JAZZY)
START = 1_500_000_000_000_000_000
COUNT, PERIOD = 12, 0.05
LIMIT = 30.0


def _recorded(number: int, kind: str) -> Any:
    header = STORE.types['std_msgs/msg/Header'](
        STORE.types['builtin_interfaces/msg/Time'](
            *divmod(START + round(number * PERIOD * 1e9), 10**9)), 'cam')
    if kind == 'sensor_msgs/msg/Image':
        rng = np.random.default_rng(number)
        return STORE.types[kind](header, 48, 64, 'rgb8', 0, 192,
                                 rng.integers(0, 255, 48 * 192, np.uint8))
    K = np.array([60.0, 0, 31.5, 0, 60.0, 23.5, 0, 0, 1.0])
    roi = STORE.types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    return STORE.types[kind](header, 48, 64, 'plumb_bob', np.zeros(5), K, np.eye(3).ravel(),
                             np.zeros(12), 0, 0, roi)


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 raw images at 20 Hz with their calibration."""
    path = tmp_path_factory.mktemp('player') / 'bag'
    kinds = {'/cam/image': 'sensor_msgs/msg/Image',
             '/cam/camera_info': 'sensor_msgs/msg/CameraInfo'}
    with Writer(path, version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = {t: writer.add_connection(t, k, typestore=STORE) for t, k in kinds.items()}
        for number in range(COUNT):
            for topic, kind in kinds.items():
                writer.write(connections[topic], START + round(number * PERIOD * 1e9),
                             STORE.serialize_cdr(_recorded(number, kind), kind))
    return path


class Audience:
    """Subscribes to an image and its camera_info and remembers when they came."""

    def __init__(self, context: Context, image: str, info: str) -> None:
        self.node = rclpy.create_node('audience', context=context)
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(self.node)
        self.images: list[Image] = []
        self.infos: list[CameraInfo] = []
        qos = QoSProfile(depth=50, reliability=QoSReliabilityPolicy.RELIABLE)
        self.node.create_subscription(Image, image, self.images.append, qos)
        self.node.create_subscription(CameraInfo, info, self.infos.append, qos)

    def watch(self, process: 'subprocess.Popen[bytes]') -> None:
        """Listen until the player has ended, and a little more."""
        end = time.monotonic() + LIMIT
        while process.poll() is None and time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.05)
        for _ in range(20):
            self.executor.spin_once(timeout_sec=0.02)


@pytest.fixture
def make_audience() -> Iterator[Callable[..., Audience]]:
    """Give a function that makes an audience; all are taken down afterwards."""
    context = Context()
    rclpy.init(context=context)
    made: list[Audience] = []

    def make(image: str = '/cam/image', info: str = '/cam/camera_info') -> Audience:
        made.append(Audience(context, image, info))
        return made[-1]
    yield make
    for audience in made:
        audience.executor.shutdown()
        audience.node.destroy_node()
    context.try_shutdown()


def _player(*arguments: str) -> 'subprocess.Popen[bytes]':
    return subprocess.Popen([sys.executable, '-m', 'sa4depth_ros.nodes.player', *arguments],
                            stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ))


def _stamp(message: Any) -> float:
    return float(message.header.stamp.sec + message.header.stamp.nanosec * 1e-9)


def test_recording_plays_at_its_rate_as_now_with_its_bytes(
        bag: Path, make_audience: Callable[..., Audience], tmp_path: Path) -> None:
    """All images arrive, unchanged but for the stamp, paired with their calibration."""
    audience = make_audience()
    report = tmp_path / 'report.json'
    before = time.time()
    process = _player('--bag', str(bag), '--report', str(report))
    audience.watch(process)
    assert process.returncode == 0, process.communicate()[1].decode()
    assert len(audience.images) == COUNT
    for number, message in enumerate(audience.images):
        wanted = _recorded(number, 'sensor_msgs/msg/Image')
        assert message.encoding == 'rgb8' and (message.width, message.height) == (64, 48)
        assert np.array_equal(np.frombuffer(message.data, np.uint8), wanted.data)
        assert message.header.frame_id == 'cam'
    stamps = [_stamp(message) for message in audience.images]
    assert before <= stamps[0] and stamps[-1] <= time.time()
    played = stamps[-1] - stamps[0]
    assert played > (COUNT - 1) * PERIOD * 0.9
    assert played < (COUNT - 1) * PERIOD * 3 + 1
    assert [_stamp(info) for info in audience.infos] == stamps
    assert audience.infos[0].k[0] == 60.0
    told = json.loads(report.read_text())
    assert told['published'] == COUNT and told['calibration'] == 'recorded'
    assert told['recorded_rate'] == pytest.approx(20.0)


def test_recording_is_renamed_looped_and_ended_by_duration(
        bag: Path, make_audience: Callable[..., Audience]) -> None:
    """With --loop it goes on beyond its end; and every image has a new stamp."""
    audience = make_audience('/front/image', '/front/camera_info')
    process = _player('--bag', str(bag), '--publish-as', '/front/image', '--loop', '--rate', '4',
                      '--duration', '1.5')
    audience.watch(process)
    assert process.returncode == 0
    assert len(audience.images) > 1.5 * COUNT
    assert np.all(np.diff([_stamp(message) for message in audience.images]) > 0)
    assert len(audience.infos) > 1.5 * COUNT


def test_published_stamps_lead_back_to_the_recorded_ones(
        bag: Path, make_audience: Callable[..., Audience], tmp_path: Path) -> None:
    """--stamps writes both of each image, in the order of publishing."""
    audience = make_audience()
    audience.watch(_player('--bag', str(bag), '--rate', '5', '--stamps', str(tmp_path / 's')))
    pairs = [line.split() for line in (tmp_path / 's').read_text().splitlines()]
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in audience.images]
    assert [int(published) for published, _ in pairs] == stamps and len(stamps) == COUNT
    assert [int(recorded) for _, recorded in pairs] == [
        START + round(number * PERIOD * 1e9) for number in range(COUNT)]


def test_recorded_stamps_can_be_kept(bag: Path, make_audience: Callable[..., Audience]) -> None:
    """--keep-stamps publishes the time of the recording."""
    audience = make_audience()
    audience.watch(_player('--bag', str(bag), '--keep-stamps', '--rate', '10'))
    assert _stamp(audience.images[0]) == START * 1e-9


def test_video_becomes_images_with_a_guessed_calibration(
        tmp_path: Path, make_audience: Callable[..., Audience]) -> None:
    """Frames are bgr8; K follows from the field of view, centre in the middle."""
    video = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'MJPG'), 20.0, (64, 48))
    for number in range(6):
        writer.write(np.full((48, 64, 3), (40 * number, 0, 200), np.uint8))
    writer.release()
    audience = make_audience('/camera/image_raw', '/camera/camera_info')
    process = _player('--video', str(video), '--hfov', '90')
    audience.watch(process)
    assert b'GUESSING' in process.communicate()[1]
    assert len(audience.images) == 6
    first, info = audience.images[0], audience.infos[0]
    assert first.encoding == 'bgr8' and first.header.frame_id == 'camera_optical'
    pixel = np.frombuffer(first.data, np.uint8)[:3]
    assert np.abs(pixel.astype(int) - (0, 0, 200)).max() < 12
    assert (info.width, info.height) == (64, 48)
    assert np.allclose(info.k, [32, 0, 31.5, 0, 32, 23.5, 0, 0, 1])
    assert [_stamp(i) for i in audience.infos] == [_stamp(m) for m in audience.images]


def test_nobody_listening_is_an_error_that_says_so(bag: Path) -> None:
    """It waits for a subscriber, and then names the topic and what to check."""
    process = _player('--bag', str(bag), '--wait-timeout', '0.5', '--publish-as', '/unheard')
    _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 2
    assert b"'/unheard'" in errors and b'ROS_DOMAIN_ID' in errors
    assert b'Traceback' not in errors


def test_unreadable_recording_is_an_error(tmp_path: Path) -> None:
    """One line, exit code 2."""
    process = _player('--bag', str(tmp_path / 'none'))
    _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 2 and errors.startswith(b'player: no recording at')
