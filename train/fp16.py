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

"""Half precision inside an ONNX graph, where it is safe."""

from collections.abc import Iterable

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto
from onnxruntime.transformers.float16 import convert_float_to_float16, DEFAULT_OP_BLOCK_LIST
from sa4depth_train.onnx_graph import (
    constants, delicate_nodes, in_fixed_order, producers, WEIGHTED)

# Sums over many values, and what divides by them: too large or too coarse for 11 bits.
_REDUCTIONS = ('ReduceL1', 'ReduceL2', 'ReduceLogSumExp', 'ReduceMean', 'ReduceProd', 'ReduceSum',
               'ReduceSumSquare', 'GlobalAveragePool')
_FP32_TYPES = (*DEFAULT_OP_BLOCK_LIST, *_REDUCTIONS, 'BatchNormalization', 'Exp',
               'GroupNormalization', 'InstanceNormalization', 'LayerNormalization', 'Log',
               'LogSoftmax', 'Pow', 'Reciprocal', 'Softmax', 'Softplus', 'Sqrt')


def to_fp16(model: ModelProto) -> ModelProto:
    """
    Give the model with its layers in half precision; inputs and outputs keep their types.

    In fp32 stay delicate_nodes, norms, softmax and sums, and what is computed of sums alone.
    """
    model = ModelProto.FromString(model.SerializeToString())
    graph = model.graph
    # The converter takes types noted for weights for those of computed tensors.
    graph.ClearField('value_info')
    kept = delicate_nodes(graph) | _of_sums(graph)
    _separate_constants(graph, kept)
    model = convert_float_to_float16(
        model, keep_io_types=True, node_block_list=sorted(kept),
        op_block_list=sorted({*_FP32_TYPES}))
    model.graph.ClearField('value_info')
    _remove_round_trips(model.graph)
    in_fixed_order(model.graph)
    return model


def _of_sums(graph: GraphProto) -> set[str]:
    """Name the nodes that see nothing but sums, as the norm over a picture of ConvNeXt V2."""
    stored = constants(graph)
    sums: set[str] = set()
    names = set()
    for node in graph.node:
        computed = [i for i in node.input if i and i not in stored]
        chained = bool(computed) and sums.issuperset(computed) and node.op_type not in WEIGHTED
        if chained or node.op_type in _REDUCTIONS:
            sums.update(node.output)
            names.add(node.name)
    return names


def _separate_constants(graph: GraphProto, kept: Iterable[str]) -> None:
    """Give fp32 nodes constants of their own; shared ones would be rounded."""
    fp32 = [node for node in graph.node if node.name in kept or node.op_type in _FP32_TYPES]
    names = {node.name for node in fp32}
    others = {i for node in graph.node if node.name not in names for i in node.input}
    shared = {t.name: t for t in graph.initializer
              if t.name in others and t.data_type == TensorProto.FLOAT}
    copied = set()
    for node in fp32:
        for index, name in enumerate(node.input):
            if name in shared:
                node.input[index] = f'{name}_fp32'
                copied.add(name)
    for name in sorted(copied):
        copy = graph.initializer.add()
        copy.CopyFrom(shared[name])
        copy.name = f'{name}_fp32'


def _remove_round_trips(graph: GraphProto) -> None:
    """Let fp32 nodes that follow each other hand over fp32, not fp32 rounded to fp16."""
    made = producers(graph)
    renamed: dict[str, str] = {}
    for node in list(graph.node):
        before = made.get(node.input[0]) if _casts(node, TensorProto.FLOAT) else None
        if before is not None and _casts(before, TensorProto.FLOAT16):
            renamed[node.output[0]] = before.input[0]
            graph.node.remove(node)
    results = {tensor.name for tensor in graph.output}
    for result in results.intersection(renamed):
        # The name of an output stays; its maker gets it.
        renamed[renamed.pop(result)] = result
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = renamed.get(name, name)
    _remove_unused(graph, results)


def _casts(node: NodeProto, kind: int) -> bool:
    return node.op_type == 'Cast' and onnx.helper.get_node_attr_value(node, 'to') == kind


def _remove_unused(graph: GraphProto, results: set[str]) -> None:
    idle = list(graph.node)
    while idle:
        used = results.union(*(node.input for node in graph.node))
        idle = [node for node in graph.node if not used.intersection(node.output)]
        for node in idle:
            graph.node.remove(node)
