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

"""Small hand-made ONNX models, and the odometry on the shipped recording."""

from collections.abc import Callable
from pathlib import Path

from cuda_emulator import CudaEmulator
import numpy as np
from onnx import helper, TensorProto
from onnx_models import DEPTH, DEPTHS, HEIGHT, IMAGE, IMAGES, save_model, WIDTH
import pytest
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime.engines.tensorrt_builder import build_engine
from sa4depth_ros.runtime.engines.tensorrt_engine import TensorrtEngine
from sa4depth_ros.runtime.engines.tensorrt_library import Library
from sa4depth_ros.runtime.odometry_estimator import OdometryEstimator, OdometrySettings
from shipped_walk import frames
from tensorrt_emulator import tensorrt_emulator
from tensorrt_models import MOST, save_batch_model


@pytest.fixture
def metric_model(tmp_path: Path) -> Callable[..., Path]:
    """Give a maker of models whose depth is 1 + 9 * red / 255, uint8 NHWC as ours."""
    def make(name: str = 'metric.onnx', *, batch: bool = False, **card: object) -> Path:
        nodes = [
            helper.make_node('Cast', ['image'], ['float'], to=TensorProto.FLOAT),
            helper.make_node('Transpose', ['float'], ['planes'], perm=[0, 3, 1, 2]),
            helper.make_node('Slice', ['planes', 'zero', 'one', 'axis'], ['red']),
            helper.make_node('Mul', ['red', 'factor'], ['scaled']),
            helper.make_node('Add', ['scaled', 'unit'], ['depth']),
        ]
        constants = {
            'zero': np.array([0]), 'one': np.array([1]), 'axis': np.array([1]),
            'factor': np.float32(9 / 255), 'unit': np.float32(1)}
        values = {'name': 'tiny', 'input_height': HEIGHT, 'input_width': WIDTH} | card
        given = ModelCard(**values)  # type: ignore[arg-type]
        return save_model(
            tmp_path / name, nodes, constants, given, image=IMAGES if batch else IMAGE,
            outputs=(DEPTHS if batch else DEPTH,))
    return make


@pytest.fixture
def foreign_model(tmp_path: Path) -> Path:
    """
    Give a model as others publish them: float NCHW, free size, disparity as second output.

    The disparity is the mean of the normalised channels plus 1; no metadata at all.
    """
    nodes = [
        helper.make_node('ReduceMean', ['pixel_values', 'axes'], ['mean'], keepdims=0),
        helper.make_node('Identity', ['mean'], ['features']),
        helper.make_node('Add', ['mean', 'unit'], ['disparity']),
    ]
    image = helper.make_tensor_value_info(
        'pixel_values', TensorProto.FLOAT, ['batch', 3, 'height', 'width'])
    outputs = tuple(
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ['batch', 'height', 'width'])
        for n in ('features', 'disparity'))
    constants = {'axes': np.array([1]), 'unit': np.float32(1)}
    return save_model(
        tmp_path / 'foreign.onnx', nodes, constants, image=image, outputs=outputs)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> CudaEmulator:
    """Put an emulated GPU into this machine."""
    return CudaEmulator().install(monkeypatch)


@pytest.fixture
def library(cuda: CudaEmulator) -> Library:
    """Give TensorRT for the emulated GPU."""
    return Library(tensorrt_emulator(cuda), 'tensorrt', '10.3.0')


@pytest.fixture
def plan(library: Library, tmp_path: Path) -> bytes:
    """Give the engine of batch.onnx for up to MOST images."""
    return build_engine(library, save_batch_model(tmp_path / 'batch.onnx'), batch=MOST)


@pytest.fixture
def opened(library: Library, plan: bytes) -> Callable[..., TensorrtEngine]:
    """Give a function that opens that engine."""
    def open_it(**options: object) -> TensorrtEngine:
        return TensorrtEngine(plan, library, metadata={'a': 'b'}, **options)

    return open_it


@pytest.fixture(scope='module')
def shipped():
    """Load the shipped motion model once."""
    estimator = OdometryEstimator(threads=1)
    yield estimator
    estimator.close()


@pytest.fixture
def estimator(shipped):
    """Give the odometry at its origin, as it is set by default."""
    shipped.settings = OdometrySettings()
    shipped.reset()
    return shipped


@pytest.fixture
def walk():
    """Give the first frames of the shipped recording, with exact depth."""
    return [given for given, _ in frames()]


@pytest.fixture
def truth():
    """Give the poses (N, 4, 4) of `walk` from its first camera."""
    poses = np.stack([pose for _, pose in frames()])
    return np.linalg.inv(poses[0]) @ poses
