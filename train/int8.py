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

"""Eight-bit integers in an ONNX graph, by the quantiser of ONNX Runtime."""

from collections.abc import Sequence
import contextlib
import io
from pathlib import Path
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray
import onnx
from onnx import GraphProto, ModelProto
from onnxruntime.quantization import (
    CalibrationDataReader, CalibrationMethod, QuantFormat, quantize_static, QuantType)
from sa4depth_ros.errors import ModelError
from sa4depth_train.onnx_graph import (
    constants, delicate_nodes, in_fixed_order, producers, WEIGHTED)
from sa4depth_train.tracing import quiet

TARGETS = ('gpu', 'cpu')
# Share of values [%] that a range must hold: the rarest ones would make all others coarse.
_PERCENTILE = 99.99
# What a CPU runs between convolutions without leaving integers.
_BETWEEN = ('Add', 'AveragePool', 'Clip', 'Concat', 'GlobalAveragePool', 'MaxPool', 'Relu',
            'Resize')
_OPTIONS = {'CalibPercentile': _PERCENTILE, 'CalibStridedMinMax': 1, 'QuantizeBias': False,
            'WeightSymmetric': True}


def to_int8(
    model: ModelProto, images: Sequence[NDArray[np.uint8]], target: str = 'gpu',
) -> ModelProto:
    """
    Give the model with explicit Q/DQ, ranges taken from network inputs (H, W, 3) uint8.

    Weights are int8 per channel, biases and delicate_nodes stay fp32. ``target`` is one of
    TARGETS. For 'gpu' (TensorRT) inputs of layers are int8 with zero point 0, so that
    activations and sums fuse with the layer before. For 'cpu' (ONNX Runtime) activations are
    uint8 with a zero point, and everything between convolutions, too, since only then its
    integer kernels run.
    Raises ModelError when there is no layer to quantise.
    """
    graph = model.graph
    types = [*WEIGHTED, *(_BETWEEN if target == 'cpu' else ())]
    left_out = delicate_nodes(graph) | _products(graph) | _not_between_convolutions(graph)
    if not any(n.op_type in WEIGHTED and n.name not in left_out for n in graph.node):
        raise ModelError('the network has no layer that can be quantised; export it as fp16')
    with tempfile.TemporaryDirectory() as folder, quiet(), (
            contextlib.redirect_stdout(io.StringIO())):
        path = Path(folder) / 'model.onnx'
        onnx.save_model(model, str(path))
        quantize_static(
            str(path), str(path), _Reader(model.graph.input[0].name, images),
            quant_format=QuantFormat.QDQ, op_types_to_quantize=types, per_channel=True,
            nodes_to_exclude=sorted(left_out), calibrate_method=CalibrationMethod.Percentile,
            weight_type=QuantType.QInt8, **_scheme(target))
        quantised = onnx.load(str(path))
    in_fixed_order(quantised.graph)
    return quantised


def _scheme(target: str) -> dict[str, Any]:
    if target == 'gpu':
        return {'activation_type': QuantType.QInt8, 'extra_options': _OPTIONS | {
            'ActivationSymmetric': True, 'OpTypesToExcludeOutputQuantization': list(WEIGHTED)}}
    return {'activation_type': QuantType.QUInt8, 'extra_options': _OPTIONS | {
        'OpTypesToExcludeOutputQuantization': ['Gemm', 'MatMul']}}


def _products(graph: GraphProto) -> set[str]:
    """Name products of two computed tensors, as in attention: there are no weights in them."""
    stored = constants(graph)
    return {node.name for node in graph.node
            if node.op_type in WEIGHTED and node.input[1] not in stored}


def _not_between_convolutions(graph: GraphProto) -> set[str]:
    """Name what may not be quantised since not all that it computes with is of convolutions."""
    made, stored = producers(graph), constants(graph)
    convolved = {output for node in graph.node if node.op_type == 'Conv' for output in node.output}
    names = set()
    for node in graph.node:
        if node.op_type not in _BETWEEN:
            continue
        # Resize and Clip have constants behind their first input, which is the computed one.
        values = node.input if node.op_type in ('Add', 'Concat') else node.input[:1]
        if all(i in convolved and i in made and i not in stored for i in values):
            convolved.update(node.output)
        else:
            names.add(node.name)
    return names


class _Reader(CalibrationDataReader):
    """Feeds the quantiser frame by frame, else it holds all activations of all frames."""

    def __init__(self, name: str, images: Sequence[NDArray[np.uint8]]) -> None:
        self._name = name
        self._images = images
        self.set_range(0, len(images))

    def __len__(self) -> int:
        return len(self._images)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._rest = iter(self._images[start_index:end_index])

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        image = next(self._rest, None)
        return None if image is None else {self._name: image[None]}
