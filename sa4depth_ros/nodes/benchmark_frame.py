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

"""Time of our own part of a frame: everything but the engine and DDS."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.nodes.conversions import camera_from_info, compressed_to_rgb, image_to_rgb
from sa4depth_ros.nodes.message_buffers import camera_info_message, CloudBuffer, ImageBuffer
from sa4depth_ros.runtime.depth_estimator import DepthEstimator, DepthFrame
from sa4depth_ros.runtime.engines import Remark
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

WIDTH, HEIGHT = 640, 480
K = (525.0, 0.0, 319.5, 0.0, 525.0, 239.5, 0.0, 0.0, 1.0)
LENS = (0.1, -0.2, 0.001, -0.001, 0.05)
Converter = Callable[[Any], NDArray[np.uint8]]


@dataclass(frozen=True)
class FrameTime:
    """Seconds a frame, median and 95th percentile, of the depth image and with the cloud."""

    case: str
    depth: tuple[float, float]
    cloud: tuple[float, float]


class _ConstantEngine:
    """Stands in for the network: gives the same map at once."""

    name = 'constant'
    metadata: Mapping[str, str] = {}
    max_batch = 1
    remarks: tuple[Remark, ...] = ()

    def __init__(self, shape: tuple[int, ...], output: NDArray[np.float32]) -> None:
        self.input_shape = shape
        self.input_dtype: np.dtype[Any] = np.dtype(np.uint8)
        self._output = output

    def infer(self, _tensor: NDArray[Any], _output_name: str = '') -> NDArray[np.float32]:
        return self._output[None].copy()

    def close(self) -> None:
        """Nothing to free."""


def measure_frames(model: Path, repeats: int) -> list[FrameTime]:
    """
    Time ``repeats`` frames of 640x480 for several inputs on one core.

    ``model`` gives only the input size of the network; it does not run.
    """
    estimator = DepthEstimator(model)
    estimator.close()
    height, width = estimator.card.input_height, estimator.card.input_width
    output = np.linspace(1, 5, height * width, dtype=np.float32).reshape(height, width)
    estimator.engine = _ConstantEngine(estimator.engine.input_shape, output)
    with _one_core():
        return [_measure(estimator, case, message, convert, lens, repeats)
                for case, message, convert, lens in _cases()]


def _cases() -> Iterator[tuple[str, Any, Converter, tuple[float, ...]]]:
    rng = np.random.default_rng(0)
    pixels = cv2.GaussianBlur(
        rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8), (9, 9), 3)
    raw = {encoding: Image(width=WIDTH, height=HEIGHT, step=3 * WIDTH, encoding=encoding,
                           data=array('B', pixels.tobytes())) for encoding in ('rgb8', 'bgr8')}
    jpeg = CompressedImage(format='jpeg',
                           data=array('B', cv2.imencode('.jpg', pixels)[1].tobytes()))
    yield 'rgb8', raw['rgb8'], image_to_rgb, ()
    yield 'bgr8', raw['bgr8'], image_to_rgb, ()
    yield 'bgr8, distorted lens', raw['bgr8'], image_to_rgb, LENS
    yield 'jpeg', jpeg, compressed_to_rgb, ()


def _measure(
    estimator: DepthEstimator, case: str, message: Any, convert: Converter,
    lens: tuple[float, ...], repeats: int,
) -> FrameTime:
    info = CameraInfo(width=WIDTH, height=HEIGHT, k=K, d=lens, distortion_model='plumb_bob')
    camera = camera_from_info(info, (WIDTH, HEIGHT))
    image, cloud = ImageBuffer('32FC1'), CloudBuffer()

    def depth_only() -> DepthFrame:
        frame = estimator.estimate(convert(message), camera)
        image.fill(info.header, frame.depth)
        camera_info_message(info.header, frame)
        return frame

    def with_cloud() -> None:
        cloud.fill(info.header, depth_only(), 1)

    return FrameTime(case, _timed(depth_only, repeats), _timed(with_cloud, repeats))


def _timed(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    for _ in range(3):
        work()
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    median, high = np.percentile(seconds, (50, 95))
    return float(median), float(high)


@contextmanager
def _one_core() -> Iterator[None]:
    cores, threads = os.sched_getaffinity(0), cv2.getNumThreads()
    os.sched_setaffinity(0, {min(cores)})
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        cv2.setNumThreads(threads)
