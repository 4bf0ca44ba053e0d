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

"""Small hand-made ONNX models for tests of any room."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, TensorProto
from sa4depth_ros.model_card import ModelCard

HEIGHT, WIDTH = 48, 64
IMAGE, IMAGES = (
    helper.make_tensor_value_info('image', TensorProto.UINT8, [n, HEIGHT, WIDTH, 3])
    for n in (1, 'batch'))
DEPTH, DEPTHS = (
    helper.make_tensor_value_info('depth', TensorProto.FLOAT, [n, 1, HEIGHT, WIDTH])
    for n in (1, 'batch'))


def save_model(
    path: Path, nodes: list[onnx.NodeProto], constants: dict[str, Any],
    card: ModelCard | None = None, *, image: onnx.ValueInfoProto = IMAGE,
    outputs: tuple[onnx.ValueInfoProto, ...] = (DEPTH,),
) -> Path:
    """Write an opset-18 model, with a card in its metadata when one is given."""
    initializers = [onnx.numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()]
    graph = helper.make_graph(nodes, 'tiny', [image], list(outputs), initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=9)
    if card is not None:
        helper.set_model_props(model, card.to_metadata())
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def save_grey_model(
    path: Path, *, offset: float = 0.5, slope: float = 0.02, slow: int = 0, batch: bool = False,
) -> Path:
    """
    Save a model whose depth is ``offset`` + ``slope`` metres per grey level, pixel by pixel.

    It multiplies ``slow`` 1200x1200 matrices on the way, once for all images of a batch, and fails
    on all-white images. With ``batch`` the number of images is free.
    """
    make = helper.make_node
    nodes = [
        make('Cast', ['image'], ['x'], to=TensorProto.FLOAT),
        make('ReduceMean', ['x', 'channels'], ['grey'], keepdims=1),
        make('Mul', ['grey', 'slope'], ['scaled']),
        make('Add', ['scaled', 'offset'], ['metres']),
        make('Transpose', ['metres'], ['plain'], perm=[0, 3, 1, 2]),
        make('ReduceMin', ['grey', 'pixels'], ['darkest_of_each'], keepdims=0),
        make('ReduceMax', ['darkest_of_each'], ['darkest'], keepdims=0),
        make('Expand', ['darkest', 'square'], ['m0']),
        *(make('MatMul', [f'm{i}', 'm0'], [f'm{i + 1}']) for i in range(slow)),
        make('ReduceMin', [f'm{slow}'], ['least'], keepdims=0),
        make('Min', ['least', 'nothing'], ['zero']),
        make('Add', ['plain', 'zero'], ['slowed']),
        make('Equal', ['darkest', 'white'], ['is_white']),
        make('Cast', ['is_white'], ['index'], to=TensorProto.INT64),
        make('Gather', ['one', 'index'], ['zero_or_failure']),
        make('Add', ['slowed', 'zero_or_failure'], ['depth'])]
    side = 1200 if slow else 1
    constants = {
        'channels': np.array([3]), 'pixels': np.array([1, 2, 3]),
        'slope': np.float32(slope), 'offset': np.float32(offset),
        'square': np.array([side, side]), 'nothing': np.float32(0),
        'one': np.zeros(1, np.float32), 'white': np.float32(255)}
    card = ModelCard(name='grey', input_height=HEIGHT, input_width=WIDTH, licence='none')
    if batch:
        return save_model(path, nodes, constants, card, image=IMAGES, outputs=(DEPTHS,))
    return save_model(path, nodes, constants, card)
