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
from onnx import helper, TensorProto
from onnx_models import HEIGHT, save_model, WIDTH
import pytest
from sa4depth_ros.model_card import ModelCard


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
        values = {'name': 'tiny', 'input_height': HEIGHT, 'input_width': WIDTH} | card
        given = ModelCard(**values)  # type: ignore[arg-type]
        return save_model(tmp_path / name, nodes, constants, given)
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
