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
Watch a depth node from outside: latency and rate live, pictures and a cloud afterwards.

``python -m sa4depth_ros.nodes.viewer --output DIR`` (see ``--help``); SIGINT ends it.
"""

import argparse
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import signal
import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
import numpy as np
from numpy.typing import NDArray
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sa4depth_ros.errors import FrameError
from sa4depth_ros.nodes.conversions import compressed_to_rgb, image_to_rgb, nanoseconds
from sa4depth_ros.nodes.viewer_cloud import (
    cloud_from_bytes, colors_from_bytes, view_from_beside, write_ply)
from sa4depth_ros.nodes.viewer_figures import Figures
from sa4depth_ros.nodes.viewer_pictures import save_picture, side_by_side
from sa4depth_ros.runtime.colorize import color_limits
from sa4depth_ros.runtime.transform_tree import pose_matrix
from sa4depth_ros.runtime.tum_file import write_tum
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from tqdm import tqdm

SUFFIX, POSE_SUFFIX = ': depth', ': odometry'
# Images wait for their depth; a slow engine may be some frames behind.
REMEMBERED = 90
MOST_SAMPLES = 24
# The very first frames of a process are slow and say little: seconds to the first picture.
SETTLED = 0.5
# The cloud of about this sample is kept: well after the start, whatever the length.
CLOUD_SAMPLE = 2


@dataclass(frozen=True)
class Sample:
    """A depth frame that becomes a picture; ``image`` is the message of the same stamp."""

    stamp: int
    depth: NDArray[np.float32]
    image: Any
    age: float


class Viewer(Node):
    """Subscribes to image, depth, cloud and diagnostics; keeps figures and samples."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__('viewer')
        self.figures = Figures()
        self.samples: list[Sample] = []
        self.cloud: PointCloud2 | None = None
        self.colors: dict[int, NDArray[np.uint8]] = {}
        self.poses: dict[int, NDArray[np.float64]] = {}
        self._every = options.sample_every
        self._images: deque[Any] = deque(maxlen=REMEMBERED)
        self._next_sample = self._next_cloud = 0.0
        kind = CompressedImage if options.image.endswith('/compressed') else Image
        qos = QoSProfile(depth=2, reliability=QoSReliabilityPolicy.BEST_EFFORT)
        self.create_subscription(kind, options.image, self._on_image, qos)
        self.create_subscription(Image, options.depth, self._on_depth, qos)
        self.create_subscription(PointCloud2, options.points, self._on_cloud, qos)
        if options.odometry:
            self.create_subscription(Odometry, options.odometry, self._on_odometry, qos)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        self._bar = tqdm(total=options.expected or None, unit='frame', desc='depth',
                         mininterval=0.5 if sys.stderr.isatty() else 3.0, dynamic_ncols=True)
        self.create_timer(0.5, self._refresh)

    def _on_image(self, message: Any) -> None:
        self.figures.image.add(self._now(), nanoseconds(message.header.stamp) * 1e-9)
        self._images.append(message)

    def _on_depth(self, message: Image) -> None:
        now, stamp = self._now(), nanoseconds(message.header.stamp)
        self.figures.depth.add(now, stamp * 1e-9)
        self._bar.update()
        if now < self._next_sample or len(self.samples) >= MOST_SAMPLES:
            return
        first = not self._next_sample
        self._next_sample = now + (min(SETTLED, self._every) if first else self._every)
        if not first:
            self.samples.append(Sample(stamp, _depth_of(message), self._image_of(stamp),
                                       now - stamp * 1e-9))

    def _on_cloud(self, message: PointCloud2) -> None:
        now, stamp = self._now(), nanoseconds(message.header.stamp)
        self.figures.cloud.add(now, stamp * 1e-9)
        if self.samples and self.samples[-1].stamp == stamp:
            # Unlike the camera's image these colours are rectified, as depth is.
            self.colors[stamp] = colors_from_bytes(*_cloud_layout(message, 'rgb'))
        if now >= self._next_cloud and len(self.samples) <= CLOUD_SAMPLE:
            self._next_cloud = now + self._every
            self.cloud = message

    def _on_odometry(self, message: Odometry) -> None:
        stamp, pose = nanoseconds(message.header.stamp), message.pose.pose
        self.figures.odometry.add(self._now(), stamp * 1e-9)
        q, p = pose.orientation, pose.position
        self.poses[stamp] = pose_matrix(
            np.array([q.x, q.y, q.z, q.w]), np.array([p.x, p.y, p.z]))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            if status.name.endswith(SUFFIX):
                level = status.level[0] if isinstance(status.level, bytes) else status.level
                self.figures.note_status(level, status.message, values)
            elif status.name.endswith(POSE_SUFFIX):
                self.figures.note_pose_status(status.message, values)

    def _refresh(self) -> None:
        self._bar.set_postfix_str(self.figures.live_line(self._now()))

    def _image_of(self, stamp: int) -> Any:
        return next((message for message in reversed(self._images)
                     if nanoseconds(message.header.stamp) == stamp), None)

    def _now(self) -> float:
        return float(self.get_clock().now().nanoseconds) * 1e-9

    def close(self) -> None:
        """End the live line."""
        self._bar.close()


def save_all(viewer: Viewer, output: Path) -> list[str]:
    """Write pictures, cloud and trajectory into the existing folder; returns their names."""
    unit = viewer.figures.node.get('unit', '')
    limits = color_limits([sample.depth for sample in viewer.samples])
    names = []
    for number, sample in enumerate(viewer.samples):
        start = viewer.samples[0].stamp
        title = (f'{1e-9 * (sample.stamp - start):.1f} s, '
                 f'stamp to received {1e3 * sample.age:.0f} ms')
        color = viewer.colors.get(sample.stamp)
        color = _color_of(sample.image) if color is None else color
        picture = side_by_side(color, sample.depth, limits=limits, unit=unit,
                               title=title)
        names.append(f'depth_{number:02d}.png')
        save_picture(str(output / names[-1]), picture)
    if viewer.cloud is not None:
        message = viewer.cloud
        cloud = cloud_from_bytes(np.frombuffer(message.data, np.uint8),
                                 {field.name: field.offset for field in message.fields},
                                 message.point_step)
        write_ply(output / 'cloud.ply', cloud)
        save_picture(str(output / 'cloud.png'), view_from_beside(cloud))
        names += ['cloud.ply', 'cloud.png']
    if viewer.poses:
        stamps = sorted(viewer.poses)
        write_tum(output / 'trajectory.tum', stamps, [viewer.poses[stamp] for stamp in stamps])
        names.append('trajectory.tum')
    return names


def main(args: list[str] | None = None) -> int:
    """Watch until SIGINT or SIGTERM, then write everything; returns the exit code."""
    argv = rclpy.utilities.remove_ros_args(['viewer', *(sys.argv[1:] if args is None else args)])
    options = _parsed(argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    rclpy.init(args=args)
    viewer = Viewer(options)
    try:
        rclpy.spin(viewer)
    except ExternalShutdownException:
        pass
    finally:
        viewer.close()
        rclpy.try_shutdown()
    summary = viewer.figures.summary() | {'files': save_all(viewer, options.output)}
    (options.report or options.output / 'viewer.json').write_text(
        json.dumps(summary, indent=2), encoding='utf-8')
    return 0


def _parsed(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='viewer', description='Watch a depth node.')
    add = parser.add_argument
    add('--output', type=Path, required=True, metavar='DIR', help='existing folder for pictures')
    add('--image', default='image', help='image topic; .../compressed is decoded')
    add('--depth', default='depth/image', help='depth topic (default depth/image)')
    add('--points', default='points', help='cloud topic (default points)')
    add('--odometry', default='', metavar='TOPIC', help='nav_msgs/Odometry to record, if any')
    add('--expected', type=int, default=0, metavar='N', help='frames to come, for the bar')
    add('--sample-every', type=float, default=1.0, metavar='S', help='seconds between pictures')
    add('--report', type=Path, metavar='FILE', help='JSON file (default DIR/viewer.json)')
    return parser.parse_args(argv)


def _cloud_layout(message: PointCloud2, field: str) -> tuple[Any, tuple[int, int], int, int]:
    offset = next(item.offset for item in message.fields if item.name == field)
    return (np.frombuffer(message.data, np.uint8), (message.height, message.width), offset,
            message.point_step)


def _depth_of(message: Image) -> NDArray[np.float32]:
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    order = '>f4' if message.is_bigendian else '<f4'
    return rows[:, :message.width * 4].copy().view(order).astype(np.float32, copy=False)


def _color_of(message: Any) -> NDArray[np.uint8] | None:
    if message is None:
        return None
    try:
        if isinstance(message, CompressedImage):
            return compressed_to_rgb(message)
        return image_to_rgb(message)
    except FrameError:
        return None


if __name__ == '__main__':
    sys.exit(main())
