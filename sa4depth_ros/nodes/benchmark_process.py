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

"""Starts our nodes as a user would and measures them from outside, through DDS."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from nav_msgs.msg import Odometry
import numpy as np
from numpy.typing import NDArray
import psutil
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sa4depth_ros.errors import Sa4DepthError
from sa4depth_ros.nodes.benchmark_frame import HEIGHT, K, WIDTH
from sensor_msgs.msg import CameraInfo, Image

NAMESPACE = '/sa4depth_benchmark'
_PATIENCE = 30.0


@dataclass(frozen=True)
class ProcessResult:
    """
    What a node process did: seconds, bytes and, per received message, (arrival, age) seconds.

    ``engine`` is the median engine time that the node itself reports, ``torch_loaded``
    whether PyTorch's libraries are mapped into the process.
    """

    seconds_to_active: float
    resident_bytes: int
    torch_loaded: bool
    engine: float
    ages: list[tuple[float, float]]
    odometry_ages: list[tuple[float, float]]


def measure_process(
    model: Path, *, rate: float, duration: float, odometry: bool = False,
    images: Sequence[NDArray[np.uint8]] = (),
) -> ProcessResult:
    """
    Run a node with ``model`` on 640x480 images at ``rate`` Hz for ``duration`` seconds.

    ``images`` (480, 640, 3) are published there and back again and again, without any one of
    noise. With ``odometry`` the pose node runs in the same process. Raises Sa4DepthError with
    the node's last words when it does not start or answer.
    """
    rclpy.init()
    camera = _Camera(images, ['depth_node', 'pose_node'] if odometry else ['depth_node'])
    executor = SingleThreadedExecutor()
    executor.add_node(camera)
    try:
        start = perf_counter()
        with _node_process(model, odometry) as process:
            _spin_until(executor, process, camera.is_active)
            active = perf_counter() - start
            camera.start(rate)
            _spin_for(executor, process, duration)
            _spin_until(executor, process, lambda: camera.engine > 0)
            return ProcessResult(active, psutil.Process(process.pid).memory_info().rss,
                                 _maps_torch(process.pid), camera.engine, camera.ages,
                                 camera.odometry_ages)
    finally:
        camera.destroy_node()
        rclpy.try_shutdown()


class _Camera(Node):
    """Publishes images at a fixed rate and notes when what is made of each comes back."""

    def __init__(self, images: Sequence[NDArray[np.uint8]], nodes: Sequence[str]) -> None:
        super().__init__('benchmark_camera', namespace=NAMESPACE)
        self.ages: list[tuple[float, float]] = []
        self.odometry_ages: list[tuple[float, float]] = []
        self._engines: list[float] = []
        self._states = [self.create_client(GetState, f'{node}/get_state') for node in nodes]
        self._asked: Any = None
        self._image = self.create_publisher(Image, 'image', 1)
        self._info = self.create_publisher(CameraInfo, 'camera_info', 1)
        shown = list(images) or [np.random.default_rng(0).integers(
            0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)]
        messages = [Image(width=WIDTH, height=HEIGHT, step=3 * WIDTH, encoding='rgb8',
                          data=array('B', pixels.tobytes())) for pixels in shown]
        self._messages = cycle([*messages, *messages[-2:0:-1]])
        self._calibration = CameraInfo(
            width=WIDTH, height=HEIGHT, k=K, distortion_model='plumb_bob', d=[0.0] * 5)

    def is_active(self) -> bool:
        """Ask the nodes for their lifecycle state, one after the other; True when all are."""
        if self._asked is None and self._states[0].service_is_ready():
            self._asked = self._states[0].call_async(GetState.Request())
        if self._asked is None or not self._asked.done():
            return False
        state, self._asked = self._asked.result().current_state.id, None
        if state == State.PRIMARY_STATE_ACTIVE:
            del self._states[0]
        return not self._states

    @property
    def engine(self) -> float:
        """Median of the engine times (s) that the node reported, 0 before the first report."""
        return float(np.median(self._engines)) if self._engines else 0.0

    def start(self, rate: float) -> None:
        """Begin to publish and to listen."""
        self.create_subscription(Image, 'depth/image', self._received, qos_profile_sensor_data)
        self.create_subscription(Odometry, 'odom', self._located, qos_profile_sensor_data)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._diagnosed, 10)
        self.create_timer(1 / rate, self._publish)

    def _publish(self) -> None:
        stamp = self.get_clock().now().to_msg()
        message = next(self._messages)
        message.header.stamp = self._calibration.header.stamp = stamp
        self._info.publish(self._calibration)
        self._image.publish(message)

    def _received(self, message: Image) -> None:
        self.ages.append((perf_counter(), self._age(message)))

    def _located(self, message: Odometry) -> None:
        self.odometry_ages.append((perf_counter(), self._age(message)))

    def _age(self, message: Any) -> float:
        now = self.get_clock().now().nanoseconds
        stamp = message.header.stamp
        return float(now - stamp.sec * 1_000_000_000 - stamp.nanosec) * 1e-9

    def _diagnosed(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            if status.name.startswith(NAMESPACE) and 'latency_engine_median_ms' in values:
                self._engines.append(float(values['latency_engine_median_ms']) / 1000)


@contextmanager
def _node_process(model: Path, odometry: bool) -> Iterator['subprocess.Popen[bytes]']:
    module = 'depth_odometry' if odometry else 'depth_node'
    command = [sys.executable, '-m', f'sa4depth_ros.nodes.{module}', '--ros-args',
               '-r', f'__ns:={NAMESPACE}', '-p', f'model:={model}']
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield process
        except _NodeLostError as error:
            log.seek(0)
            words = log.read().decode(errors='replace')[-2000:]
            raise Sa4DepthError(f'{error}; its last words:\n{words}') from error
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE)


class _NodeLostError(Exception):
    """The process ended, or does not answer."""


def _spin_until(
    executor: SingleThreadedExecutor, process: 'subprocess.Popen[bytes]',
    done: Callable[[], bool],
) -> None:
    deadline = perf_counter() + _PATIENCE
    while not done():
        _check(process)
        if perf_counter() > deadline:
            raise _NodeLostError(f'the depth node did not answer within {_PATIENCE:.0f} s')
        executor.spin_once(timeout_sec=0.005)


def _spin_for(
    executor: SingleThreadedExecutor, process: 'subprocess.Popen[bytes]', duration: float,
) -> None:
    deadline = perf_counter() + duration
    while perf_counter() < deadline:
        _check(process)
        executor.spin_once(timeout_sec=0.05)


def _check(process: 'subprocess.Popen[bytes]') -> None:
    if process.poll() is not None:
        raise _NodeLostError(f'the depth node ended with exit code {process.returncode}')


def _maps_torch(pid: int) -> bool:
    return any('libtorch' in mapped.path for mapped in psutil.Process(pid).memory_maps())
