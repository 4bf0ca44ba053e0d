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

"""Small hand-made ONNX models."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, TensorProto
import pytest
from sa4depth_ros.model_card import ModelCard

HEIGHT, WIDTH = 48, 64


def save_model(
    path: Path, nodes: list[onnx.NodeProto], image: onnx.ValueInfoProto,
    outputs: list[onnx.ValueInfoProto], constants: dict[str, np.ndarray],
    card: ModelCard | None = None,
) -> Path:
    """Write an opset-18 model, with a card in its metadata when one is given."""
    initializers = [onnx.numpy_helper.from_array(v, n) for n, v in constants.items()]
    graph = helper.make_graph(nodes, 'tiny', [image], outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)])
    model.ir_version = 10
    if card is not None:
        helper.set_model_props(model, card.to_metadata())
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


@pytest.fixture
def metric_model(tmp_path: Path) -> Callable[..., Path]:
    """Give a maker of models whose depth is 1 + 9 * red / 255, uint8 NHWC as ours."""
    def make(name: str = 'metric.onnx', **card: object) -> Path:
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
        image = helper.make_tensor_value_info('image', TensorProto.UINT8, [1, HEIGHT, WIDTH, 3])
        depth = helper.make_tensor_value_info('depth', TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])
        values = {'name': 'tiny', 'input_height': HEIGHT, 'input_width': WIDTH} | card
        return save_model(tmp_path / name, nodes, image, [depth], constants,
                          ModelCard(**values))  # type: ignore[arg-type]
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
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ['batch', 'height', 'width'])
               for n in ('features', 'disparity')]
    constants = {'axes': np.array([1]), 'unit': np.float32(1)}
    return save_model(tmp_path / 'foreign.onnx', nodes, image, outputs, constants)
