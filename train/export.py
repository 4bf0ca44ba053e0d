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

from dataclasses import dataclass, replace
from pathlib import Path

import onnx
from onnx import ModelProto
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import CHECKPOINT_KEY, INT8_TARGET_KEY, ModelCard, PRECISIONS
from sa4depth_ros.networks.factory import load_checkpoint
from sa4depth_ros.resources import DEMO_RECORDING, share_path
from sa4depth_train.calibration import BagSample, sample_bag
from sa4depth_train.fp16 import to_fp16
from sa4depth_train.int8 import TARGETS, to_int8
from sa4depth_train.motion_export import checkpoint_id
from sa4depth_train.onnx_graph import layers_by_type, weights_by_type
from sa4depth_train.parity import measure_parity, Parity
from sa4depth_train.tracing import trace_network

CALIBRATION_FRAMES = 48
# The most that an export may differ: fp16 and int8 about twice the worst that the shipped network
# shows on five indoor recordings (docs/models.md); in a street, which it has never seen, it is
# just within. The largest error is that of one pixel at the edge of a thing, so it only tells a
# broken file; mean and AbsRel tell a bad one.
BOUNDS = {
    'fp32': Parity(largest=1e-3, mean=1e-4, abs_rel=1e-4, edge=1e-3),
    'fp16': Parity(largest=0.1, mean=0.005, abs_rel=0.005, edge=0.1),
    # Made-up images are unlike all that int8 was calibrated on; they must give numbers.
    'int8': Parity(largest=2.0, mean=0.06, abs_rel=0.05, edge=float('inf')),
}


@dataclass(frozen=True)
class ExportReport:
    """
    What was written.

    ``layers`` and ``weights`` (numbers stored in the file) count by type ('fp32', 'fp16',
    'int8'); ``calibrated_on`` and ``compared_on`` name the frames, the former is empty where
    nothing was calibrated.
    """

    card: ModelCard
    parity: Parity
    bounds: Parity
    layers: dict[str, int]
    weights: dict[str, int]
    calibrated_on: str
    compared_on: str


def export_checkpoint(
    checkpoint: Path, output: Path, *, precision: str = 'fp32', target: str = 'gpu',
    bag: Path | None = None, image_topic: str = '', frames: int = CALIBRATION_FRAMES,
    bounds: Parity | None = None,
) -> ExportReport:
    """
    Write ``checkpoint`` as a self-describing ONNX file.

    Input ``image`` uint8 (N, H, W, 3), normalised inside; output ``depth`` float32
    (N, 1, H, W), N free. ``precision`` is one of PRECISIONS; int8 is made for a ``target`` (see
    to_int8) and calibrated on ``frames`` images of ``bag``, by default the shipped recording.
    Other frames of it must give the depth of torch within ``bounds`` (default BOUNDS), or
    ModelError is raised and no file is left. Raises BagError for a bag that cannot be used.
    """
    _check(output, precision, target, frames)
    network, card = load_checkpoint(checkpoint)
    sample = sample_bag(
        bag or share_path(DEMO_RECORDING), (card.input_height, card.input_width),
        image_topic=image_topic, calibration=frames if precision == 'int8' else 0)
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_suffix('.unchecked.onnx')
    try:
        model = _in_precision(trace_network(network, card), precision, sample, target)
        onnx.save_model(model, str(temporary))
        parity = measure_parity(network, temporary, sample.parity)
        report = _report(model, card, parity, bounds or BOUNDS[precision], sample)
        report = replace(report, card=_card(report, precision, target))
        metadata = report.card.to_metadata() | {CHECKPOINT_KEY: checkpoint_id(checkpoint)}
        if precision == 'int8':
            metadata[INT8_TARGET_KEY] = target
        onnx.helper.set_model_props(model, metadata)
        onnx.save_model(model, str(temporary))
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
    return report


def _check(output: Path, precision: str, target: str, frames: int) -> None:
    if output.suffix != '.onnx':
        raise ModelError(f"expected an output file named *.onnx, got '{output}'")
    for what, given, known in (('precision', precision, PRECISIONS), ('target', target, TARGETS)):
        if given not in known:
            raise ConfigError(f"expected a {what} of {', '.join(known)}, got '{given}'")
    if frames < 1:
        raise ConfigError(f'expected at least one frame to calibrate on, got {frames}')


def _in_precision(
    model: ModelProto, precision: str, sample: BagSample, target: str,
) -> ModelProto:
    if precision == 'fp16':
        return to_fp16(model)
    return to_int8(model, sample.calibration, target) if precision == 'int8' else model


def _report(
    model: ModelProto, card: ModelCard, parity: Parity, bounds: Parity, sample: BagSample,
) -> ExportReport:
    beyond = parity.beyond(bounds)
    if beyond:
        raise ModelError(
            'ONNX Runtime and torch differ by more than is allowed, measured on '
            f'{sample.source}: {", ".join(beyond)}; no file was written')
    calibration = len(sample.calibration)
    return ExportReport(
        card, parity, bounds, layers_by_type(model), weights_by_type(model),
        f'{calibration} frames of {sample.source}' if calibration else '',
        f'{len(sample.parity)} other frames of {sample.source}')


def _card(report: ExportReport, precision: str, target: str) -> ModelCard:
    """Note how the file was made; that of fp32 is as the checkpoint's."""
    card = replace(report.card, precision=precision)
    if precision == 'fp32':
        return card
    made = f'int8 for a {target}, calibrated on {report.calibrated_on}' if (
        precision == 'int8') else precision
    return replace(card, notes=(
        f'{card.notes} This file is {made}; the metrics are those of the fp32 checkpoint. '
        f'Against it, on {report.compared_on}: {report.parity}.').strip())
