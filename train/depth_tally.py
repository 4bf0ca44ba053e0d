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

"""What is measured of depth, picture by picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_train.error_curves import ErrorCurves, ErrorSums
from sa4depth_train.metrics import depth_metrics, summarize
from sa4depth_train.report import Picture

STRIP_ROWS = 6
WORST = 3
# The worst is kept of each of so many stretches: neighbours in a video look alike.
_STRETCHES = 12


@dataclass(frozen=True)
class DepthSeries:
    """
    Errors over N pictures.

    ``places`` (N,) are seconds since the first one, or numbers where ``axis`` says so;
    ``frames`` has metrics.depth_metrics of each by name, (N,). ``plain`` is of the predictions
    as they are, None where they have no unit, ``scaled`` of them after the median scale of each.
    """

    axis: str
    places: NDArray[np.float64]
    frames: dict[str, NDArray[np.float64]]
    plain: ErrorCurves | None
    scaled: ErrorCurves


@dataclass(frozen=True)
class BagResult:
    """
    Metrics of one bag or data set, the frames they are from, and some pictures to look at.

    ``pictures`` are spread evenly, ``worst`` are those of the largest error, worst first;
    ``series`` is None where no picture could be compared.
    """

    bag: str
    metrics: dict[str, float]
    first_frame: int
    unit: str
    pictures: list[Picture]
    worst: list[Picture] = field(default_factory=list)
    series: DepthSeries | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the result without its pictures and series, as plain values."""
        return {'bag': self.bag, 'first_frame': self.first_frame, 'unit': self.unit,
                'metrics': self.metrics}


class DepthTally:
    """Collects what is measured of ``count`` pictures, and keeps a few of them to look at."""

    def __init__(
        self, count: int, min_depth: float, max_depth: float, *, axis: str = 'time [s]',
    ) -> None:
        """Prepare for true depths within the limits [m]; ``axis`` says what orders pictures."""
        self._count = count
        self._shown = set(np.linspace(0, count - 1, STRIP_ROWS).round().astype(int).tolist())
        self._plain, self._scaled = (ErrorSums(min_depth, max_depth) for _ in range(2))
        self._axis = axis
        self._number = 0
        self._units: dict[str, None] = {}
        self._places: list[float] = []
        self._metrics: list[dict[str, float]] = []
        self._pictures: list[Picture] = []
        self._worst: dict[int, tuple[float, Picture]] = {}

    def add(
        self, picture: Picture, unit: str, place: float | None = None,
        metrics: dict[str, float] | None = None,
    ) -> None:
        """
        Measure the next picture; its prediction is in metres if ``unit`` is 'm', else in none.

        ``place`` is its time, by default its number; ``metrics`` are by default those of
        depth_metrics. A picture with nothing to compare is shown but does not count.
        """
        number, self._number = self._number, self._number + 1
        self._units[unit] = None
        metrics = depth_metrics(picture.prediction, picture.target) if metrics is None else metrics
        scale = metrics['median_scale'] if metrics is not None else math.nan
        looked_at = _comparable(picture, unit, scale)
        if number in self._shown:
            self._pictures.append(looked_at)
        if metrics is None:
            return
        self._places.append(number if place is None else place)
        self._metrics.append(metrics)
        self._plain.add(picture.prediction, picture.target)
        self._scaled.add(picture.prediction * np.float32(scale), picture.target)
        error = metrics['abs_rel' if unit == 'm' else 'scaled_abs_rel']
        stretch = number * _STRETCHES // self._count
        if error >= self._worst.get(stretch, (0.0,))[0]:
            self._worst[stretch] = error, looked_at

    def result(self, bag: str, first_frame: int = 0) -> BagResult:
        """Summarise all pictures so far, under the name ``bag``."""
        worst = sorted(self._worst.values(), key=_error, reverse=True)[:WORST]
        return BagResult(bag, summarize(self._metrics), first_frame, ' '.join(self._units),
                         self._pictures, [picture for _, picture in worst], self._series())

    def _series(self) -> DepthSeries | None:
        if not self._metrics:
            return None
        frames = {name: np.array([m[name] for m in self._metrics]) for name in self._metrics[0]}
        plain = self._plain.curves() if set(self._units) == {'m'} else None
        places = np.array(self._places) - self._places[0] * (self._axis == 'time [s]')
        return DepthSeries(self._axis, places, frames, plain, self._scaled.curves())


def quantiles(series: DepthSeries) -> dict[str, Sequence[float]]:
    """Give the least, 10 %, 50 %, 90 % and largest value over pictures of what ranks them."""
    names = [name for name in ('abs_rel', 'delta1', 'scaled_abs_rel', 'scaled_delta1')
             if series.plain is not None or name.startswith('scaled')]
    return {name: np.quantile(series.frames[name], (0, 0.1, 0.5, 0.9, 1)).tolist()
            for name in [*names, 'median_scale', 'coverage']}


def _error(entry: tuple[float, Picture]) -> float:
    return entry[0]


def _comparable(picture: Picture, unit: str, scale: float) -> Picture:
    """Bring a prediction without a unit to that of the target, to be looked at."""
    if unit == 'm' or not math.isfinite(scale):
        return picture
    return replace(picture, prediction=picture.prediction * np.float32(scale), scaled=True)
