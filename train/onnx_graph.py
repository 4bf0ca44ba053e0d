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

"""Reading and tidying ONNX graphs: what is delicate in them, what type they compute in."""

from collections import Counter
from collections.abc import Iterator
import graphlib

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto

WEIGHTED = ('Conv', 'ConvTranspose', 'Gemm', 'MatMul')
_NAMES = {TensorProto.FLOAT: 'fp32', TensorProto.FLOAT16: 'fp16', TensorProto.INT8: 'int8',
          TensorProto.UINT8: 'int8'}


def delicate_nodes(graph: GraphProto) -> set[str]:
    """
    Name the nodes that stay in fp32: everything before the first layer, and the last one on.

    Layers are nodes with weights. What lies between input and first layer normalises images;
    the last layer and what follows it make depth, where a rounded logarithm is seen at once.
    """
    return _before_layers(graph) | _from_last_layer(graph)


def producers(graph: GraphProto) -> dict[str, NodeProto]:
    """Give the node that makes each tensor."""
    return {output: node for node in graph.node for output in node.output}


def constants(graph: GraphProto) -> set[str]:
    """Name the tensors that are stored in the file."""
    return {tensor.name for tensor in graph.initializer}


def in_fixed_order(graph: GraphProto) -> None:
    """Sort nodes, by need and then by name, and weights, so that equal graphs are equal files."""
    made = producers(graph)
    nodes = {node.name: node for node in sorted(graph.node, key=lambda node: node.name)}
    assert len(nodes) == len(graph.node), 'nodes need names of their own'
    needs = {name: [made[i].name for i in node.input if i in made] for name, node in nodes.items()}
    ordered = [nodes[name] for name in graphlib.TopologicalSorter(needs).static_order()]
    weights = sorted(graph.initializer, key=lambda tensor: tensor.name)
    for field, items in ((graph.node, ordered), (graph.initializer, weights)):
        copies = [type(item).FromString(item.SerializeToString()) for item in items]
        del field[:]
        field.extend(copies)


def scalars_for_equal_values(graph: GraphProto) -> None:
    """
    Write constants of the normalisation that have one value as one number.

    A mean of three equal channels is as slow as three different ones, slower than some layers.
    """
    stored = {tensor.name: tensor for tensor in graph.initializer}
    front = _before_layers(graph)
    for node in graph.node:
        for name in node.input if node.name in front else ():
            values = onnx.numpy_helper.to_array(stored[name]) if name in stored else np.empty(0)
            if values.size > 1 and values.dtype == np.float32 and np.ptp(values) == 0:
                scalar = values.reshape(-1)[0]
                stored[name].CopyFrom(onnx.numpy_helper.from_array(np.asarray(scalar), name))


def layers_by_type(model: ModelProto) -> Counter[str]:
    """Count the layers (nodes with weights, products of two tensors) by what they compute in."""
    graph = model.graph
    made, types = producers(graph), _types(model)
    return Counter(
        'int8' if all(made[i].op_type == 'DequantizeLinear' if i in made else False
                      for i in node.input[:2]) else types.get(node.input[0], 'fp32')
        for node in graph.node if node.op_type in WEIGHTED)


def weights_by_type(model: ModelProto) -> Counter[str]:
    """Count the stored numbers by type."""
    counts: Counter[str] = Counter()
    for tensor in model.graph.initializer:
        if tensor.data_type in _NAMES:
            size = 1
            for side in tensor.dims:
                size *= side
            counts[_NAMES[tensor.data_type]] += size
    return counts


def _before_layers(graph: GraphProto) -> set[str]:
    reached = {tensor.name for tensor in graph.input}
    found = set()
    for node in graph.node:
        if node.op_type not in WEIGHTED and reached.intersection(node.input):
            found.add(node.name)
            reached.update(node.output)
    return found


def _from_last_layer(graph: GraphProto) -> set[str]:
    made = producers(graph)
    found: set[str] = set()
    open_tensors = [tensor.name for tensor in graph.output]
    while open_tensors:
        node = made.get(open_tensors.pop())
        if node is None or node.name in found:
            continue
        found.add(node.name)
        if node.op_type not in WEIGHTED:
            open_tensors.extend(node.input)
    return found


def _types(model: ModelProto) -> dict[str, str]:
    inferred = onnx.shape_inference.infer_shapes(model).graph
    return {name: _NAMES.get(kind, 'other') for name, kind in _element_types(inferred)}


def _element_types(graph: GraphProto) -> Iterator[tuple[str, int]]:
    for tensor in graph.initializer:
        yield tensor.name, tensor.data_type
    for value in (*graph.input, *graph.value_info, *graph.output):
        yield value.name, value.type.tensor_type.elem_type
