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

"""
Publish a recording, a video or a webcam as a live camera, at the recorded rate.

``python -m sa4depth_ros.nodes.player --bag PATH`` (see ``--help``). Messages of a bag are
passed through as bytes; only their stamps are set to now, so that latency means something.
"""

from collections import deque
from collections.abc import Iterator
import json
from pathlib import Path
import signal
import sys
import time
from typing import Any

import rclpy
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sa4depth_ros.errors import BagError, Sa4DepthError
from sa4depth_ros.nodes.message_buffers import ImageBuffer
from sa4depth_ros.nodes.player_bag import BagSource, restamped
from sa4depth_ros.nodes.player_options import PlayerOptions, read_options
from sa4depth_ros.nodes.player_source import DEFAULT_HFOV, Recorded, Role, Source
from sa4depth_ros.nodes.player_video import VideoSource
from sa4depth_ros.nodes.topics import COMPRESSED, info_sibling
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

POLL = 0.02
GRACE = 1.0
# A reader that we have matched may not have matched us yet; what is sent now it would not get.
SETTLE = 0.5
FRAME = 'camera_optical'
FAILURE = 2


class Player(Node):
    """Owns the two publishers and the clock of the playback."""

    def __init__(self, source: Source, options: PlayerOptions) -> None:
        super().__init__('player')
        self._source, self._options = source, options
        self.published = 0
        self.seconds = 0.0
        self.restamped: list[tuple[int, int]] = []
        self._stamps: deque[tuple[int, int, set[Role]]] = deque(maxlen=16)
        self._pixels = ImageBuffer('bgr8')
        qos = QoSProfile(depth=5, reliability=QoSReliabilityPolicy.RELIABLE)
        base = options.publish_as or source.image_topic.removesuffix(COMPRESSED)
        self.topic = base + (COMPRESSED if source.compressed else '')
        if not options.publish_as:
            self.topic = source.image_topic
        kind = CompressedImage if source.compressed else Image
        self._image = self.create_publisher(kind, self.topic, qos)
        info = info_sibling(base) if options.publish_as else source.info_topic
        self._info = self.create_publisher(CameraInfo, info, qos) if source.info_topic else None

    def wait_for_subscribers(self) -> None:
        """Return when enough readers have matched; raises BagError after the time-out."""
        wanted, limit = self._options.wait_for, self._options.wait_timeout
        deadline = time.monotonic() + limit
        while self._image.get_subscription_count() < wanted and rclpy.ok():
            if time.monotonic() > deadline:
                raise BagError(
                    f"waited {limit:g} s for {wanted} subscriber(s) to '{self.topic}', found "
                    f'{self._image.get_subscription_count()}: is the node running, in the same '
                    'ROS_DOMAIN_ID, with the same topic and transport?')
            time.sleep(POLL)
        self._wait_for_calibration_reader()
        if wanted:
            time.sleep(SETTLE)

    def play(self) -> None:
        """Publish everything, once or in a loop, until done, out of time or shut down."""
        start = time.monotonic()
        for at, message in self._timeline():
            if not self._reached(start + at, start):
                break
            self._publish(message)
        self.seconds = time.monotonic() - start
        if rclpy.ok():
            # Reliable readers get the last frames, too, before the publisher goes away.
            self._image.wait_for_all_acked(Duration(seconds=2))

    def _wait_for_calibration_reader(self) -> None:
        # The same node reads both topics, but its readers match one after the other.
        deadline = time.monotonic() + GRACE
        while self._info is not None and time.monotonic() < deadline and rclpy.ok():
            if not self._options.wait_for or self._info.get_subscription_count():
                return
            time.sleep(POLL)

    def _timeline(self) -> Iterator[tuple[float, Recorded]]:
        # A loop starts one frame after the last message.
        offset, period = 0.0, 1.0 / (self._source.rate or 1.0)
        while True:
            last = None
            for message in self._source.messages():
                last = message.due
                yield (offset + message.due) / self._options.rate, message
            if last is None or not self._options.loop:
                return
            offset += last + period

    def _reached(self, when: float, start: float) -> bool:
        end = start + (self._options.duration or float('inf'))
        while rclpy.ok():
            now = time.monotonic()
            if now >= end:
                return False
            if now >= when:
                return True
            time.sleep(min(when - now, end - now, POLL))
        return False

    def _publish(self, message: Recorded) -> None:
        stamp = self._stamp(message)
        if isinstance(message.data, bytes):
            publisher = self._image if message.role == 'image' else self._info
            assert publisher is not None
            stamp = stamp if not self._options.keep_stamps else message.stamp or 0
            if self._source.guess is not None:
                self._publish_guess(stamp)
            publisher.publish(restamped(message.data, stamp))
            if message.role == 'image' and message.stamp is not None:
                self.restamped.append((stamp, message.stamp))
        else:
            self._image.publish(self._pixels.fill(self._publish_guess(stamp), message.data))
        self.published += message.role == 'image'

    def _stamp(self, message: Recorded) -> int:
        # Messages of one frame share their stamp, so their new stamp must be the same, too;
        # a second image of the same stamp is another frame: the loop came round.
        for known, given, roles in self._stamps:
            if known == message.stamp and message.role not in roles:
                roles.add(message.role)
                return given
        now = int(self.get_clock().now().nanoseconds)
        if message.stamp is not None:
            self._stamps.append((message.stamp, now, {message.role}))
        return now

    def _publish_guess(self, stamp: int) -> Header:
        guess = self._source.guess
        assert guess is not None and self._info is not None
        focal, cx, cy = guess.focal, (guess.width - 1) / 2, (guess.height - 1) / 2
        info = CameraInfo(
            width=guess.width, height=guess.height, distortion_model='plumb_bob', d=[0.0] * 5,
            k=[focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0],
            r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            p=[focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0])
        info.header.frame_id = FRAME
        info.header.stamp.sec, info.header.stamp.nanosec = divmod(stamp, 1_000_000_000)
        self._info.publish(info)
        return info.header

    def report(self) -> dict[str, Any]:
        """Tell what was played."""
        return {'source': self._source.description, 'topic': self.topic,
                'calibration': self._calibration(), 'published': self.published,
                'seconds': round(self.seconds, 3), 'recorded_rate': round(self._source.rate, 3)}

    def _calibration(self) -> str:
        if self._source.guess:
            return 'guessed'
        return 'recorded' if self._source.info_topic else 'none'


def main(args: list[str] | None = None) -> int:
    """Play as the command line says; returns the exit code."""
    argv = rclpy.utilities.remove_ros_args(['player', *(sys.argv[1:] if args is None else args)])
    options = read_options(argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    try:
        source = open_source(options)
    except Sa4DepthError as error:
        print(f'player: {error}', file=sys.stderr)
        return FAILURE
    rclpy.init(args=args)
    try:
        return _played(source, options)
    finally:
        source.close()
        rclpy.try_shutdown()


def open_source(options: PlayerOptions) -> Source:
    """Open what the options name; raises BagError or ConfigError."""
    if options.bag is not None:
        return BagSource(options.bag, options.topic, options.hfov)
    origin = options.camera if options.video is None else options.video
    assert origin is not None
    return VideoSource(origin, DEFAULT_HFOV if options.hfov is None else options.hfov)


def _played(source: Source, options: PlayerOptions) -> int:
    player = Player(source, options)
    for note in source.notes:
        player.get_logger().info(note)
    try:
        player.wait_for_subscribers()
        player.play()
    except BagError as error:
        player.get_logger().fatal(str(error))
        return FAILURE
    finally:
        _save(player.report(), options.report)
        if options.stamps is not None:
            lines = (f'{published} {recorded}\n' for published, recorded in player.restamped)
            options.stamps.write_text(''.join(lines), encoding='utf-8')
        player.destroy_node()
    return 0


def _save(report: dict[str, Any], path: Path | None) -> None:
    print(json.dumps(report))
    if path is not None:
        path.write_text(json.dumps(report), encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
