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

"""From a training checkpoint to the ONNX file that runs on a robot."""

from collections.abc import Iterator
import contextlib
import logging
from pathlib import Path
import warnings

import numpy as np
from numpy.typing import NDArray
import onnx
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.factory import load_checkpoint
import torch
from torch import nn

OPSET = 18
INPUT, OUTPUT = 'image', 'depth'
MAX_BATCH = 64
MAX_RELATIVE_ERROR = 1e-3


def export_checkpoint(
    checkpoint: Path, output: Path, *, tolerance: float = MAX_RELATIVE_ERROR,
) -> float:
    """
    Write ``checkpoint`` as a self-describing ONNX file and give its largest relative error.

    Input ``image`` uint8 (N, H, W, 3), normalised inside; output ``depth`` float32
    (N, 1, H, W), N free. ONNX Runtime must give the same depth as torch within ``tolerance``, or
    ModelError is raised and no file is left.
    """
    if output.suffix != '.onnx':
        raise ModelError(f"expected an output file named *.onnx, got '{output}'")
    network, card = load_checkpoint(checkpoint)
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_suffix('.unchecked.onnx')
    try:
        _write(network, card, temporary)
        error = _largest_error(network, card, temporary)
        if not error <= tolerance:
            raise ModelError(
                f'ONNX Runtime and torch differ by {error:.2g} (relative) on the exported model, '
                f'more than the bound of {tolerance:.2g}; no file was written')
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
    return error


def sample_images(height: int, width: int) -> list[NDArray[np.uint8]]:
    """
    Make images (height, width, 3) to compare on: a scene-like one, dark, bright and noise.

    The scene has a lit floor and wall, boxes, fine texture and a letterbox, as real input.
    """
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    scene = np.stack([60 + 120 * rows / height, 90 + 60 * columns / width,
                      140 - 60 * rows / height], axis=2)
    for _ in range(12):
        y, x = rng.integers(0, height - 8), rng.integers(0, width - 8)
        scene[y:y + rng.integers(4, 80), x:x + rng.integers(4, 80)] = rng.integers(0, 255, 3)
    scene += rng.normal(0, 6, scene.shape)
    scene[:height // 12] = scene[-(height // 12):] = 0
    noise = rng.integers(0, 256, scene.shape)
    images = (scene, 0.1 * scene, 1.8 * scene, noise)
    return [np.clip(image, 0, 255).astype(np.uint8) for image in images]


def _write(network: nn.Module, card: ModelCard, path: Path) -> None:
    # With an example of one image the exporter would take the axis for a constant.
    image = torch.zeros((2, card.input_height, card.input_width, 3), dtype=torch.uint8)
    with warnings.catch_warnings(), _quiet('torch.onnx'):
        # The exporter warns about its own internals, nothing that a user could act on.
        warnings.simplefilter('ignore')
        program = torch.onnx.export(
            network, (image,), dynamo=True, opset_version=OPSET, external_data=False,
            input_names=[INPUT], output_names=[OUTPUT], verbose=False,
            dynamic_shapes={INPUT: {0: torch.export.Dim('batch', min=1, max=MAX_BATCH)}})
    assert program is not None
    model = program.model_proto
    _strip(model)
    onnx.helper.set_model_props(model, card.to_metadata())
    onnx.save_model(model, str(path))


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter noted down: source lines and paths of this machine."""
    graph = model.graph
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer,
                 graph):
        part.ClearField('metadata_props')
        part.ClearField('doc_string')


def _largest_error(network: nn.Module, card: ModelCard, path: Path) -> float:
    import onnxruntime
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    largest = 0.0
    for image in sample_images(card.input_height, card.input_width):
        with torch.inference_mode():
            expected = network(torch.from_numpy(image[None])).numpy()[0, 0]
        found = session.run([OUTPUT], {INPUT: image[None]})[0][0, 0]
        error = np.abs(found - expected) / np.abs(expected)
        # max() would hide a NaN.
        largest = float(np.max(np.append(error, largest)))
    return largest
