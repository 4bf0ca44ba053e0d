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

"""How far an exported model is from the network it was made of."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import onnxruntime
from sa4depth_ros.runtime.preprocess import FrameGeometry
from sa4depth_train.edge_images import edge_images
from sa4depth_train.metrics import depth_metrics
import torch
from torch import nn

Image = NDArray[np.uint8]
Depth = NDArray[np.float32]
Run = Callable[[Image], Depth]


@dataclass(frozen=True)
class Parity:
    """
    Relative differences of depth from that of the fp32 network in torch.

    ``largest`` and ``mean`` over all pixels of the network output on real frames; ``abs_rel``
    is the metric of that name over the picture alone, without letterbox, frames averaged;
    ``edge`` is the largest on edge_images. NaN where one of the two gives no number.
    """

    largest: float
    mean: float
    abs_rel: float
    edge: float

    def beyond(self, bounds: 'Parity') -> list[str]:
        """Name the figures that are above ``bounds``, with both values."""
        names = (_LABELS[name] for name in asdict(self))
        # `not <=` so that a NaN is beyond every bound.
        return [f'{name} {found:.2g} (bound {bound:.2g})' for name, found, bound
                in zip(names, astuple(self), astuple(bounds)) if not found <= bound]

    def __str__(self) -> str:
        return (f'largest relative depth error {self.largest:.2g}, mean {self.mean:.2g}, '
                f'AbsRel {self.abs_rel:.2g}')


_LABELS = {'largest': 'largest relative depth error', 'mean': 'mean relative depth error',
           'abs_rel': 'AbsRel', 'edge': 'largest relative depth error on made-up images'}


def measure_parity(
    network: nn.Module, model: Path, frames: Sequence[tuple[Image, FrameGeometry]],
) -> Parity:
    """
    Compare an ONNX file in ONNX Runtime (CPU) with ``network``, uint8 (1, H, W, 3) in both.

    ``frames`` are network inputs (H, W, 3) with their geometry, at least one.
    """
    expect, find = _torch_run(network), _onnx_run(model)
    errors, abs_rel = [], []
    for image, geometry in frames:
        expected, found = expect(image), find(image)
        errors.append(_relative(found, expected))
        x, y, width, height = geometry.inner
        picture = np.s_[y:y + height, x:x + width]
        metrics = depth_metrics(found[picture], expected[picture])
        abs_rel.append(float('nan') if metrics is None else metrics['abs_rel'])
    height, width = frames[0][0].shape[:2]
    edges = [_relative(find(image), expect(image)) for image in edge_images(height, width)]
    # np.max keeps a NaN, which max() would hide.
    return Parity(float(np.max(errors)), float(np.mean(errors)), float(np.mean(abs_rel)),
                  float(np.max(edges)))


def _relative(found: Depth, expected: Depth) -> Depth:
    with np.errstate(invalid='ignore', divide='ignore'):
        return np.abs(found - expected) / np.abs(expected)


def _torch_run(network: nn.Module) -> Run:
    def run(image: Image) -> Depth:
        with torch.inference_mode():
            return network(torch.from_numpy(image[None])).numpy()[0, 0]
    return run


def _onnx_run(model: Path) -> Run:
    session = onnxruntime.InferenceSession(str(model), providers=['CPUExecutionProvider'])
    name = session.get_inputs()[0].name
    return lambda image: session.run(None, {name: image[None]})[0][0, 0]
