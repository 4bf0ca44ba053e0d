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
How old depth is when it leaves a node with three cameras: one frame after the other or batched.

Starts the depth node with each way in turn, several times, and sends it 640x480 images of three
cameras through DDS: all at one instant, and spread evenly. Prints the median age (stamp to
published, as the node itself reports it) of each camera, and what the node says of its choice.

    python benchmarks/cameras.py [--model MODEL] [--rates 5 30] [--seconds 8] [--rounds 2]
"""

import argparse
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import platform
import subprocess
import sys
import tempfile
import time

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sa4depth_ros.cli.demo_processes import demo_environment
from sa4depth_ros.nodes.benchmark_frame import HEIGHT, K, WIDTH
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sensor_msgs.msg import CameraInfo, Image

CAMERAS = ('front', 'left', 'right')
WAYS = ('loop', 'batch', 'chosen')
SCHEDULES = ('at once', 'spread')
NAMESPACE = '/sa4depth_cameras'
AGE = 'latency_stamp_to_publish_median_ms'
# Runs the node with a fixed way instead of the one that it measures to be the better.
FORCED = """
import sys
from sa4depth_ros.nodes.depth_node import main
from sa4depth_ros.runtime import batch_size
way = sys.argv.pop(1)
if way != 'chosen':
    batch_size.pays = lambda *_: way == 'batch'
sys.exit(main())
"""


class Cameras(Node):
    """Three cameras at one rate, and a reader of the depth of each."""

    def __init__(self) -> None:
        super().__init__('cameras', namespace=NAMESPACE)
        self.received = dict.fromkeys(CAMERAS, 0)
        self.ages: dict[str, float] = {}
        self._images = [self.create_publisher(Image, f'{c}/image', 1) for c in CAMERAS]
        self._infos = [self.create_publisher(CameraInfo, f'{c}/camera_info', 1) for c in CAMERAS]
        pixels = np.random.default_rng(0).integers(0, 256, HEIGHT * WIDTH * 3, dtype=np.uint8)
        self._image = Image(width=WIDTH, height=HEIGHT, step=3 * WIDTH, encoding='rgb8',
                            data=array('B', pixels.tobytes()))
        self._info = CameraInfo(
            width=WIDTH, height=HEIGHT, k=K, distortion_model='plumb_bob', d=[0.0] * 5)
        for camera in CAMERAS:
            self.create_subscription(
                Image, f'{camera}/depth/image', lambda _, c=camera: self._count(c),
                qos_profile_sensor_data)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._diagnosed, 10)

    def send(self, number: int) -> None:
        """Publish an image of one camera, stamped now."""
        stamp = self.get_clock().now().to_msg()
        self._image.header.stamp = self._info.header.stamp = stamp
        self._infos[number].publish(self._info)
        self._images[number].publish(self._image)

    def _count(self, camera: str) -> None:
        self.received[camera] += 1

    def _diagnosed(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            camera = status.name.rpartition(' ')[2]
            if status.name.startswith(NAMESPACE) and AGE in values:
                self.ages[camera] = float(values[AGE])


def play(rate: float, schedule: str, seconds: float) -> tuple[list[float], list[float]]:
    """Send images for a while; median age (ms) and received frames a second of each camera."""
    cameras = Cameras()
    executor = SingleThreadedExecutor()
    executor.add_node(cameras)
    try:
        while not all(cameras.received.values()):
            for number in range(len(CAMERAS)):
                cameras.send(number)
            _spin(executor, time.perf_counter() + 0.2)
        before, start = dict(cameras.received), time.perf_counter()
        for tick in range(round(seconds * rate)):
            for number in range(len(CAMERAS)):
                offset = number / len(CAMERAS) if schedule == 'spread' else 0.0
                _spin(executor, start + (tick + offset) / rate)
                cameras.send(number)
        length = time.perf_counter() - start
        _spin(executor, time.perf_counter() + 1.0)
        return ([cameras.ages[c] for c in CAMERAS],
                [(cameras.received[c] - before[c]) / length for c in CAMERAS])
    finally:
        executor.shutdown()
        cameras.destroy_node()


def _spin(executor: SingleThreadedExecutor, until: float) -> None:
    while (rest := until - time.perf_counter()) > 0:
        executor.spin_once(timeout_sec=rest)


@contextmanager
def node(model: Path, way: str, log: Path) -> Iterator[None]:
    """Run the depth node with three cameras for the length of the context."""
    command = [sys.executable, '-c', FORCED, way, '--ros-args', '-r', f'__ns:={NAMESPACE}',
               '-p', f'model:={model}', '-p', f'cameras:=[{",".join(CAMERAS)}]']
    with log.open('w', encoding='utf-8') as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def main() -> None:
    """Measure every way at every rate and schedule in turn, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', type=Path, default=share_path(DEFAULT_MODEL))
    parser.add_argument('--rates', type=float, nargs='+', default=[5.0, 30.0])
    parser.add_argument('--seconds', type=float, default=8.0)
    parser.add_argument('--rounds', type=int, default=2)
    args = parser.parse_args()
    print(f'{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {args.model.name}; '
          'median of the rounds')
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(demo_environment(Path(folder)))
        log = Path(folder, 'node.log')
        rclpy.init()
        print('| rate, Hz | images | way | age of ' + ', '.join(CAMERAS) + ', ms | out, Hz each |')
        print('|---|---|---|---|---|')
        for rate in args.rates:
            for schedule in SCHEDULES:
                _compare(args, rate, schedule, log)
        rclpy.try_shutdown()
        said = [line for line in log.read_text('utf-8').splitlines() if 'images take' in line]
        print(f'The node says: {said[-1].partition("]: ")[2] if said else "nothing"}')


def _compare(args: argparse.Namespace, rate: float, schedule: str, log: Path) -> None:
    results = {way: [] for way in WAYS}
    for _ in range(args.rounds):
        for way in WAYS:
            with node(args.model, way, log):
                results[way].append(play(rate, schedule, args.seconds))
    for way, rounds in results.items():
        ages, rates = (np.median([r[i] for r in rounds], axis=0) for i in (0, 1))
        print(f'| {rate:g} | {schedule} | {way} | {", ".join(f"{age:.0f}" for age in ages)} '
              f'| {np.mean(rates):.1f} |', flush=True)


if __name__ == '__main__':
    main()
