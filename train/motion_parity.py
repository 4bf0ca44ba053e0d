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

"""How far exported motion networks are from those they were made of."""

from collections.abc import Mapping, Sequence
import math

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto
import onnxruntime
from sa4depth_ros.networks.deployed_motion import (
    DeployedAlignment, DeployedFeatures, DeployedPose, unit_planes)
from sa4depth_ros.networks.depth_net import DepthNet
from sa4depth_ros.networks.motion_net import MotionNet
from sa4depth_ros.runtime.preprocess import FrameGeometry
import torch
from torch import Tensor

Image = NDArray[np.uint8]
# The second frame of a pair is the first one moved by this, (down, right) pixels.
_SHIFT = (1, 3)
_SIGMAS = torch.tensor([0.3]), torch.tensor([3.0])


@torch.inference_mode()
def measure_motion_parity(
    depth: DepthNet, motion: MotionNet, models: Mapping[str, ModelProto],
    frames: Sequence[tuple[Image, FrameGeometry]],
) -> dict[str, float]:
    """
    Compare graphs in ONNX Runtime (CPU) with ``motion``; the largest differences by output.

    ``models`` by kind, 'pose' or all three; ``frames`` are network inputs (H, W, 3) with their
    geometry, each paired with itself, moved by some pixels. Differences are relative to the
    largest number of an output, but to 1 at least. Both get the same inputs: those of the
    alignment are of torch. NaN where one of the two gives no number. The alignment chooses:
    points, a start, steps that it takes. Where two choices are equally good rounding decides, even
    between torch with one thread and with two, so of ten frames the worst one does not count.
    """
    graphs = {kind: GraphRunner(model) for kind, model in models.items()}
    errors: dict[str, list[float]] = {}
    for image, geometry in frames:
        pair = [torch.from_numpy(np.ascontiguousarray(frame))[None]
                for frame in (image, np.roll(image, _SHIFT, (0, 1)))]
        _compare(errors, graphs['pose'], 'pose', pair, [DeployedPose(motion)(*pair)])
        if 'align' not in graphs:
            continue
        maps = [DeployedFeatures(motion)(frame) for frame in pair]
        for frame, expected in zip(pair, maps):
            _compare(errors, graphs['features'], 'features', [frame], expected)
        inputs = (*_scene(geometry, depth, pair[0]), torch.eye(4)[None], *_SIGMAS)
        aligned = DeployedAlignment(motion)(maps[0], maps[1][:-1], *inputs)
        _compare(errors, graphs['align'], 'align', [*maps[0], *maps[1][:-1], *inputs], aligned)
    return {name: _largest(found, name.startswith('align.')) for name, found in errors.items()}


class GraphRunner:
    """A graph in ONNX Runtime on the CPU: tensors in, arrays out."""

    def __init__(self, model: ModelProto) -> None:
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=['CPUExecutionProvider'])
        self.inputs = [value.name for value in self._session.get_inputs()]
        self.outputs = [value.name for value in self._session.get_outputs()]

    def __call__(self, inputs: Sequence[Tensor]) -> list[NDArray[np.generic]]:
        """Run with ``inputs`` in the order of the graph's."""
        feed = {name: value.numpy() for name, value in zip(self.inputs, inputs, strict=True)}
        return self._session.run(None, feed)


def _compare(
    errors: dict[str, list[float]], graph: GraphRunner, kind: str, inputs: Sequence[Tensor],
    expected: Sequence[Tensor],
) -> None:
    for name, found, wanted in zip(graph.outputs, graph(inputs), expected, strict=True):
        error = _difference(found.astype(np.float64), wanted.double().numpy())
        errors.setdefault(f'{kind}.{name}', []).append(error)


def _largest(errors: Sequence[float], chosen: bool) -> float:
    """Give the largest error, of ``chosen`` outputs but for a tenth; NaN if any is."""
    place = -1 - (len(errors) // 10 if chosen else 0)
    return math.nan if np.isnan(errors).any() else sorted(errors)[place]


def _difference(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    return float(np.abs(found - wanted).max() / np.maximum(1.0, np.abs(wanted).max()))


def _scene(
    geometry: FrameGeometry, depth: DepthNet, image: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Give depth, what is seen, and K, as a robot would."""
    _, height, width, _ = image.shape
    x, y, w, h = geometry.inner
    seen = torch.zeros(1, 1, height, width)
    seen[..., y:y + h, x:x + w] = 1
    K = geometry.K_network
    if K is None:
        K = np.array([[width, 0, (width - 1) / 2], [0, width, (height - 1) / 2], [0, 0, 1]])
    return depth(unit_planes(image)), seen, torch.from_numpy(K)[None].float()
