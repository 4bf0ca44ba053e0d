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

"""A model on a depth benchmark: every frame predicted, judged by its rules, and summed up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_train.depth_tally import BagResult, DepthTally
from sa4depth_train.evaluation import Estimator
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.metrics import depth_metrics
from sa4depth_train.protocols.depth_protocol import (
    DepthProtocol, on_target_pixels, PROTOCOL_METRICS, protocol_metrics)
from sa4depth_train.protocols.depth_set import DepthSample, DepthSet
from sa4depth_train.report import Picture
from tqdm import tqdm

SCALING = ('auto', 'on', 'off')


@dataclass(frozen=True)
class DepthOptions:
    """
    How predictions are made and scaled.

    ``median_scaling``: 'on' multiplies each prediction by the median of truth over its own,
    'off' does not, 'auto' does for models without a unit. ``flip``: the mean of the depth of
    the image and of its mirror image. ConfigError for another word.
    """

    median_scaling: str = 'auto'
    flip: bool = False

    def __post_init__(self) -> None:
        if self.median_scaling not in SCALING:
            raise ConfigError(f"median scaling must be one of {', '.join(SCALING)}, got "
                              f"'{self.median_scaling}'")

    def scales(self, unit: str) -> bool:
        """Tell whether predictions in ``unit`` are scaled; ConfigError where they had to be."""
        if self.median_scaling == 'off' and unit != 'm':
            raise ConfigError('this model gives relative depth here (its card has no metric '
                              'output, or no camera is known): it cannot be judged without '
                              'median scaling; use --median-scaling on')
        return self.median_scaling == 'on' or unit != 'm'


@dataclass(frozen=True)
class DepthReport:
    """
    A model on one benchmark.

    ``metrics`` are means over frames of PROTOCOL_METRICS and ``coverage``, the median of
    ``median_scale``, its standard deviation over it (``scale_consistency``), and ``frames``;
    ``scaled`` says whether that scale is in them, ``unit`` is that of the model. ``result`` has
    what else the page shows: as of a model without a unit where medians are scaled.
    """

    protocol: DepthProtocol
    metrics: dict[str, float]
    unit: str
    scaled: bool
    flip: bool
    result: BagResult
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give rules and figures as plain values."""
        rules = self.protocol
        return {'dataset': rules.name, 'unit': self.unit, 'median_scaling': self.scaled,
                'flip': self.flip, 'crop': rules.crop, 'min_depth': rules.min_depth,
                'max_depth': rules.max_depth, 'official_frames': rules.frames,
                'metrics': self.metrics, 'notes': list(self.notes)}


def measure_depth(
    estimator: Estimator, found: DepthSet, options: DepthOptions,
    excerpt: Excerpt = Excerpt(),  # noqa: B008
) -> DepthReport:
    """
    Judge ``estimator`` on the frames of a benchmark that ``excerpt`` names.

    Its depth must have the size of the image. Raises BagError when no frame has any truth that
    counts, ConfigError when ``options`` do not fit the model.
    """
    protocol = found.protocol
    numbers = excerpt.of(len(found.names), protocol.name)
    tally = DepthTally(len(numbers), protocol.min_depth, protocol.max_depth, axis='frame')
    judged = [_judged(estimator, found, number, options, tally)
              for number in tqdm(numbers, desc=protocol.name, disable=None)]
    rows = [row for row, _ in judged if row is not None]
    if not rows:
        raise BagError(f'{protocol.name}: no frame of {len(numbers)} has 10 pixels whose depth '
                       f'is known inside the crop and {protocol.min_depth:g} to '
                       f'{protocol.max_depth:g} m')
    notes = (*found.notes, *_notes(protocol, len(numbers), rows))
    result = tally.result(protocol.name, numbers[0])
    unit = judged[0][1]
    return DepthReport(protocol, _summary(rows), unit, options.scales(unit), options.flip, result,
                       notes)


def _judged(
    estimator: Estimator, found: DepthSet, number: int, options: DepthOptions, tally: DepthTally,
) -> tuple[dict[str, float] | None, str]:
    """Give the metrics of one frame, None without truth, and the unit of its prediction."""
    protocol, sample = found.protocol, found.read(number)
    depth, unit = predict(estimator, sample, flip=options.flip)
    scaled = options.scales(unit)
    depth = on_target_pixels(depth, sample.target, protocol)
    shown = 'relative' if scaled else unit
    _tell(tally, sample, depth, shown, protocol, found.names[number])
    return protocol_metrics(depth, sample.target, protocol, median_scaling=scaled), unit


def predict(
    estimator: Estimator, sample: DepthSample, *, flip: bool,
) -> tuple[NDArray[np.float32], str]:
    """Give depth (h, w) of a sample and its unit; with ``flip`` the mean with its mirror image."""
    frame = estimator.estimate(sample.rgb, sample.camera)
    if not flip:
        return frame.depth, frame.unit
    straight = frame.depth.copy()
    mirrored = estimator.estimate(np.ascontiguousarray(sample.rgb[:, ::-1]),
                                  _mirrored(sample.camera))
    return (straight + mirrored.depth[:, ::-1]) / 2, frame.unit


def _mirrored(camera: CameraModel | None) -> CameraModel | None:
    if camera is None:
        return None
    assert camera.is_rectified
    K = camera.K.copy()
    K[0, 2] = camera.width - 1 - K[0, 2]
    return replace(camera, K=K, P=K)


def _tell(
    tally: DepthTally, sample: DepthSample, depth: NDArray[np.float32], unit: str,
    protocol: DepthProtocol, name: str,
) -> None:
    target = np.where(protocol.counted(sample.target), sample.target, np.float32(0))
    metrics = depth_metrics(depth, target)
    size = sample.rgb.shape[1::-1]
    if target.shape != size[::-1]:
        target, depth = (cv2.resize(a, size, interpolation=cv2.INTER_NEAREST)  # type: ignore[misc]
                         for a in (target, depth))
    tally.add(Picture(sample.rgb, target, depth, name=name), unit, metrics=metrics)


def _summary(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    result = {name: float(np.mean([row[name] for row in rows]))
              for name in (*PROTOCOL_METRICS, 'coverage')}
    scales = np.array([row['median_scale'] for row in rows])
    middle = float(np.median(scales))
    return result | {'median_scale': middle, 'scale_consistency': float(scales.std()) / middle,
                     'frames': float(len(rows))}


def _notes(
    protocol: DepthProtocol, asked: int, rows: Sequence[dict[str, float]],
) -> list[str]:
    notes = []
    if asked != protocol.frames:
        notes.append(f'{asked} frames, the official test set has {protocol.frames}: not to be '
                     'compared with published figures.')
    if len(rows) < asked:
        notes.append(f'{asked - len(rows)} frames have no truth that counts.')
    coverage = min(row['coverage'] for row in rows)
    if coverage < 1:
        notes.append(f'The model gives no depth on some pixels that count; the least covered '
                     f'frame has {coverage:.1%}. Published figures judge all pixels.')
    return notes
