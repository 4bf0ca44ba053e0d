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

"""Benches around depth nodes, and what to feed them with."""

from collections.abc import Callable, Iterator
import importlib.util
import os
import sys
from typing import Any

from node_bench import Bench, image_of, info_of
from onnx_models import save_grey_model, WIDTH
import pytest
import rclpy
from rclpy.context import Context
from sensor_msgs.msg import CameraInfo, Image
from tf2_builder import built


@pytest.fixture(scope='session')
def make_image() -> Callable[..., Image]:
    return image_of


@pytest.fixture(scope='session')
def make_info() -> Callable[..., CameraInfo]:
    return info_of


@pytest.fixture(scope='session')
def start_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Bench]]:
    """Give a function that starts a node with a bench, of ``kind``, around it."""
    folder = tmp_path_factory.mktemp('benches')
    context = Context()
    rclpy.init(context=context)
    benches: list[Bench] = []

    def start(
        *, kind: type[Bench] = Bench, slow: int = 0, batch: bool = False, **options: Any,
    ) -> Bench:
        model = save_grey_model(folder / f'grey_{slow}_{batch}.onnx', slow=slow, batch=batch)
        benches.append(kind(context, folder, model, **options))
        return benches[-1]
    yield start
    for bench in benches:
        bench.stop()
    rclpy.shutdown(context=context)


@pytest.fixture(scope='session')
def shared_bench(start_bench: Callable[..., Bench]) -> Iterator[Bench]:
    """Give one depth node for all tests that leave it as they found it."""
    bench = start_bench()
    yield bench
    bench.close()


@pytest.fixture
def bench(shared_bench: Bench) -> Iterator[Bench]:
    """Give the shared depth node, active, and see that it still works after the test."""
    yield shared_bench
    shared_bench.exchange(image_of(100), info_of(), accept=lambda m: m.width == 2 * WIDTH)


@pytest.fixture(scope='session')
def tf_environment() -> dict[str, str]:
    """Make tf2_msgs importable, here and in the node's process."""
    if importlib.util.find_spec('tf2_msgs'):
        return {}
    path = str(built())
    sys.path.insert(0, path)
    return {'PYTHONPATH': os.pathsep.join(filter(None, [path, os.environ.get('PYTHONPATH')]))}
