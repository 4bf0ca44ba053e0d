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

"""Small ONNX models that TensorRT takes, and some that it does not."""

from pathlib import Path

import numpy as np
from onnx import helper, NodeProto, TensorProto
from onnx_models import HEIGHT, save_model, WIDTH
from sa4depth_ros.model_card import ModelCard

# The batch that tests build for.
MOST = 3
CARD = ModelCard('batch', HEIGHT, WIDTH, licence='none')
_START = (
    helper.make_node('Cast', ['image'], ['float'], name='to_float', to=TensorProto.FLOAT),
    helper.make_node('Transpose', ['float'], ['planes'], name='to_planes', perm=[0, 3, 1, 2]))


def save_batch_model(path: Path, batch: str | int = 'batch') -> Path:
    """Save uint8 (batch, 48, 64, 3) -> 'depth', 1 + the mean of the channels, and 'twice'."""
    nodes = [
        *_START,
        helper.make_node('ReduceMean', ['planes', 'axis'], ['grey'], keepdims=1),
        helper.make_node('Add', ['grey', 'unit'], ['depth']),
        helper.make_node('Add', ['depth', 'depth'], ['twice'])]
    return _save(path, nodes, batch, ('depth', 'twice'))


def save_bad_model(path: Path, kind: str) -> Path:
    """Save a model with nodes that TensorRT refuses: 'unsupported', 'ill typed' or 'uint8'."""
    if kind == 'unsupported':
        nodes = [
            *_START,
            helper.make_node('Bernoulli', ['planes'], ['a'], name='toss_a_coin'),
            helper.make_node('Unique', ['a'], ['b'], name='without_doubles'),
            helper.make_node('Add', ['a', 'b'], ['depth'])]
    elif kind == 'ill typed':
        nodes = [
            *_START,
            helper.make_node('Cast', ['planes'], ['half'], to=TensorProto.FLOAT16),
            helper.make_node('Add', ['half', 'unit'], ['depth'], name='half_and_float')]
    else:
        nodes = [
            helper.make_node('Transpose', ['image'], ['a'], name='too_early', perm=[0, 3, 1, 2]),
            helper.make_node('Cast', ['a'], ['depth'], to=TensorProto.FLOAT)]
    return _save(path, nodes, 1, ('depth',))


def _save(
    path: Path, nodes: list[NodeProto], batch: str | int, outputs: tuple[str, ...],
) -> Path:
    image = helper.make_tensor_value_info(
        'image', TensorProto.UINT8, [batch, HEIGHT, WIDTH, 3])
    maps = tuple(helper.make_tensor_value_info(n, TensorProto.FLOAT, [batch, 1, HEIGHT, WIDTH])
                 for n in outputs)
    constants = {'axis': np.array([1]), 'unit': np.float32(1)}
    return save_model(path, nodes, constants, CARD, image=image, outputs=maps)
