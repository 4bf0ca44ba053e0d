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

"""What stays in fp32 follows from the graph, not from the names of one network."""

import numpy as np
import onnx
from onnx import helper, TensorProto
import onnxruntime
from sa4depth_train.fp16 import to_fp16
from sa4depth_train.int8 import to_int8
from sa4depth_train.onnx_graph import (
    delicate_nodes, in_fixed_order, layers_by_type, scalars_for_equal_values, weights_by_type)

SIDE = 64


def _network() -> onnx.ModelProto:
    """Make a network with a norm over the picture between two layers, and a skip of the image."""
    node = helper.make_node
    nodes = [
        node('Cast', ['image'], ['float'], name='cast', to=TensorProto.FLOAT),
        node('Transpose', ['float'], ['planes'], name='transpose', perm=[0, 3, 1, 2]),
        node('Sub', ['planes', 'mean'], ['centred'], name='sub'),
        node('Conv', ['centred', 'w1'], ['maps'], name='conv1'),
        node('ReduceL2', ['maps', 'axes'], ['norm'], name='norm', keepdims=1),
        node('ReduceMean', ['norm', 'channels'], ['average'], name='average', keepdims=1),
        node('Div', ['norm', 'average'], ['share'], name='div'),
        node('Mul', ['maps', 'share'], ['scaled'], name='mul'),
        node('Conv', ['scaled', 'w2'], ['head'], name='conv2'),
        node('Sigmoid', ['head'], ['place'], name='sigmoid'),
        node('Add', ['place', 'mean'], ['depth'], name='add')]
    weights = {
        'mean': np.full((1, 1, 1, 1), 3, np.float32), 'axes': np.array([2, 3]),
        'channels': np.array([1]), 'w1': np.full((4, 3, 1, 1), 10, np.float32),
        'w2': np.full((1, 4, 1, 1), 1e-4, np.float32)}
    image = helper.make_tensor_value_info('image', TensorProto.UINT8, ['n', SIDE, SIDE, 3])
    depth = helper.make_tensor_value_info('depth', TensorProto.FLOAT, ['n', 1, SIDE, SIDE])
    graph = helper.make_graph(nodes, 'made', [image], [depth], [
        onnx.numpy_helper.from_array(value, name) for name, value in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=9)


def _run(model):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider'])
    image = np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE, 3), dtype=np.uint8)
    return session.run(None, {'image': image})[0]


def test_normalisation_and_all_from_the_last_layer_on_is_delicate() -> None:
    assert delicate_nodes(_network().graph) == {
        'cast', 'transpose', 'sub', 'conv2', 'sigmoid', 'add'}


def test_half_precision_spares_sums_and_what_divides_by_them() -> None:
    model = _network()
    half = to_fp16(model)
    onnx.checker.check_model(half, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(half, strict_mode=True).graph
    fp16 = {v.name for v in inferred.value_info
            if v.type.tensor_type.elem_type == TensorProto.FLOAT16}
    halves = {node.name for node in half.graph.node if fp16 & set(node.output)} - {
        node.name for node in half.graph.node if node.op_type == 'Cast'}
    assert halves == {'conv1', 'mul'}
    # The norm is about 300,000: more than half precision can hold.
    np.testing.assert_allclose(_run(half), _run(model), rtol=1e-3)


def test_a_constant_of_both_is_not_rounded_for_fp32() -> None:
    model = _network()
    value = np.full((1, 1, 1, 1), 1.0001, np.float32)
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(value, 'mean'))
    model.graph.node[7].input[1] = 'mean'
    half = to_fp16(model)
    kept = {t.name: onnx.numpy_helper.to_array(t) for t in half.graph.initializer}
    add = next(node for node in half.graph.node if node.name == 'add')
    mul = next(node for node in half.graph.node if node.name == 'mul')
    assert kept[add.input[1]].item() == value.item()
    assert (kept[mul.input[1]].dtype, kept[mul.input[1]].item()) == (np.float16, 1.0)


def test_layers_and_numbers_are_counted_by_type() -> None:
    model = _network()
    images = [np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)]
    assert layers_by_type(model) == {'fp32': 2}
    assert layers_by_type(to_fp16(model)) == {'fp16': 1, 'fp32': 1}
    for target in ('gpu', 'cpu'):
        assert layers_by_type(to_int8(model, images, target)) == {'int8': 1, 'fp32': 1}
    assert weights_by_type(model) == {'fp32': 17}
    assert weights_by_type(to_fp16(model)) == {'fp16': 12, 'fp32': 5}


def test_the_original_is_left_alone() -> None:
    model = _network()
    before = model.SerializeToString()
    to_fp16(model)
    to_int8(model, [np.zeros((SIDE, SIDE, 3), np.uint8)])
    assert model.SerializeToString() == before


def test_order_depends_on_the_graph_alone() -> None:
    first, second = _network().graph, _network().graph
    shuffled = list(reversed([onnx.NodeProto.FromString(n.SerializeToString())
                              for n in second.node]))
    del second.node[:]
    second.node.extend(shuffled)
    for graph in (first, second):
        in_fixed_order(graph)
    assert first.SerializeToString() == second.SerializeToString()
    names = [node.name for node in first.node]
    assert names.index('cast') < names.index('conv1') < names.index('mul') < names.index('add')


def test_a_mean_of_equal_channels_is_one_number() -> None:
    for values, shape in (([2, 2, 2], ()), ([1, 2, 3], (1, 3, 1, 1))):
        model = _network()
        mean = np.array(values, np.float32).reshape(1, 3, 1, 1)
        model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(mean, 'mean'))
        del model.graph.node[-1]
        model.graph.node[-1].output[0] = 'depth'
        expected = _run(model)
        scalars_for_equal_values(model.graph)
        assert onnx.numpy_helper.to_array(model.graph.initializer[0]).shape == shape
        np.testing.assert_array_equal(_run(model), expected)
