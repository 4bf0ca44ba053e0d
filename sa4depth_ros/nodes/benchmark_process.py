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

"""Starts a depth node as a user would and measures it from outside, through DDS."""

from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
import numpy as np
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
    What a node process did: seconds, bytes and, per received frame, (arrival, age) seconds.

    ``engine`` is the median engine time that the node itself reports, ``torch_loaded``
    whether PyTorch's libraries are mapped into the process.
    """

    seconds_to_active: float
    resident_bytes: int
    torch_loaded: bool
    engine: float
    ages: list[tuple[float, float]]


def measure_process(model: Path, *, rate: float, duration: float) -> ProcessResult:
    """
    Run a node with ``model`` on 640x480 images at ``rate`` Hz for ``duration`` seconds.

    Raises Sa4DepthError with the node's last words when it does not start or answer.
    """
    rclpy.init()
    camera = _Camera()
    executor = SingleThreadedExecutor()
    executor.add_node(camera)
    try:
        start = perf_counter()
        with _node_process(model) as process:
            _spin_until(executor, process, camera.is_active)
            active = perf_counter() - start
            camera.start(rate)
            _spin_for(executor, process, duration)
            _spin_until(executor, process, lambda: camera.engine > 0)
            return ProcessResult(active, psutil.Process(process.pid).memory_info().rss,
                                 _maps_torch(process.pid), camera.engine, camera.ages)
    finally:
        camera.destroy_node()
        rclpy.try_shutdown()


class _Camera(Node):
    """Publishes images at a fixed rate and notes when the depth of each comes back."""

    def __init__(self) -> None:
        super().__init__('benchmark_camera', namespace=NAMESPACE)
        self.ages: list[tuple[float, float]] = []
        self._engines: list[float] = []
        self._state = self.create_client(GetState, 'depth_node/get_state')
        self._asked: Any = None
        self._image = self.create_publisher(Image, 'image', 1)
        self._info = self.create_publisher(CameraInfo, 'camera_info', 1)
        pixels = np.random.default_rng(0).integers(0, 256, HEIGHT * WIDTH * 3, dtype=np.uint8)
        self._message = Image(width=WIDTH, height=HEIGHT, step=3 * WIDTH, encoding='rgb8',
                              data=array('B', pixels.tobytes()))
        self._calibration = CameraInfo(
            width=WIDTH, height=HEIGHT, k=K, distortion_model='plumb_bob', d=[0.0] * 5)

    def is_active(self) -> bool:
        """Ask the node for its lifecycle state, once at a time."""
        if self._asked is None and self._state.service_is_ready():
            self._asked = self._state.call_async(GetState.Request())
        if self._asked is None or not self._asked.done():
            return False
        state = self._asked.result().current_state.id
        self._asked = None
        return bool(state == State.PRIMARY_STATE_ACTIVE)

    @property
    def engine(self) -> float:
        """Median of the engine times (s) that the node reported, 0 before the first report."""
        return float(np.median(self._engines)) if self._engines else 0.0

    def start(self, rate: float) -> None:
        """Begin to publish and to listen."""
        self.create_subscription(Image, 'depth/image', self._received, qos_profile_sensor_data)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._diagnosed, 10)
        self.create_timer(1 / rate, self._publish)

    def _publish(self) -> None:
        stamp = self.get_clock().now().to_msg()
        self._message.header.stamp = self._calibration.header.stamp = stamp
        self._info.publish(self._calibration)
        self._image.publish(self._message)

    def _received(self, message: Image) -> None:
        now = self.get_clock().now().nanoseconds
        stamp = message.header.stamp
        age = (now - stamp.sec * 1_000_000_000 - stamp.nanosec) * 1e-9
        self.ages.append((perf_counter(), age))

    def _diagnosed(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            if status.name.startswith(NAMESPACE) and 'latency_engine_median_ms' in values:
                self._engines.append(float(values['latency_engine_median_ms']) / 1000)


@contextmanager
def _node_process(model: Path) -> Iterator['subprocess.Popen[bytes]']:
    command = [sys.executable, '-m', 'sa4depth_ros.nodes.depth_node', '--ros-args',
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
