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

"""A network of torch as an ONNX graph."""

from collections.abc import Iterator, Mapping, Sequence
import contextlib
import logging
from pathlib import Path
import tempfile
from typing import Any
import warnings

import onnx
from onnx import ModelProto
import onnxruntime
from sa4depth_ros.model_card import ModelCard
from sa4depth_train.onnx_graph import scalars_for_equal_values
import torch
from torch import nn

OPSET = 18
MAX_BATCH = 64


def trace_network(network: nn.Module, card: ModelCard) -> ModelProto:
    """
    Give the graph of a network from ``image`` uint8 (N, H, W, 3) to ``depth`` (N, 1, H, W).

    H and W are those of the card, N is free up to MAX_BATCH.
    """
    return trace_images(network, (card.input_height, card.input_width), ['depth'])


def trace_images(network: nn.Module, size: tuple[int, int], outputs: Sequence[str]) -> ModelProto:
    """Give the graph from ``image`` uint8 (N, *size, 3), N free up to MAX_BATCH, to outputs."""
    # With an example of one image the exporter would take the axis for a constant.
    image = torch.zeros((2, *size, 3), dtype=torch.uint8)
    free = {'image': {0: torch.export.Dim('batch', min=1, max=MAX_BATCH)}}
    model = trace(network, (image,), ['image'], outputs, free)
    scalars_for_equal_values(model.graph)
    return model


def trace(
    network: nn.Module, example: tuple[Any, ...], inputs: Sequence[str], outputs: Sequence[str],
    free: Mapping[str, Any] | None = None, *, large: bool = False,
) -> ModelProto:
    """
    Give the graph of ``network``, called with the tensors of ``example``, nested or not.

    ``inputs`` and ``outputs`` name all tensors in order; ``free`` are the axes without a fixed
    size, as torch.onnx.export wants them. ``large`` is for thousands of nodes, which the
    exporter's optimiser would look at for minutes: ONNX Runtime's takes its place. The graph
    names no path or source line of this machine.
    """
    with warnings.catch_warnings(), quiet('torch.onnx'), torch.no_grad():
        # The exporter warns about its own internals, nothing that a user could act on.
        warnings.simplefilter('ignore')
        program = torch.onnx.export(
            network, example, dynamo=True, opset_version=OPSET, external_data=False,
            input_names=inputs, output_names=outputs, verbose=False, dynamic_shapes=free,
            optimize=not large)
    assert program is not None
    model: ModelProto = program.model_proto
    if large:
        model = _folded(model)
    _forget_origin(model)
    return model


def _folded(model: ModelProto) -> ModelProto:
    """Compute what depends on no input, and drop what nothing uses."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / 'folded.onnx')
        onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=['CPUExecutionProvider'])
        result = onnx.load(options.optimized_model_filepath)
    # ONNX Runtime names all operator sets that it knows.
    standard = [entry for entry in result.opset_import if entry.domain == '']
    del result.opset_import[:]
    result.opset_import.extend(standard)
    return result


@contextlib.contextmanager
def quiet(name: str = '') -> Iterator[None]:
    """Keep from the user what a logger says below errors, by default all of them."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _forget_origin(model: ModelProto) -> None:
    """Remove what the exporter noted down: shapes, source lines and paths of this machine."""
    graph = model.graph
    graph.ClearField('value_info')
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer, graph):
        part.ClearField('metadata_props')
        part.ClearField('doc_string')
