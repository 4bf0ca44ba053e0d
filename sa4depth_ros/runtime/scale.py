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

"""The one factor that makes depth metric: from many measurements to a value and its interval."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import CalibrationError, FrameError

Values = NDArray[np.float64]

# 97.5 % of a normal distribution lie below this, so 95 % within it.
_NORMAL = 1.959964
# Standard error of the median over that of the mean, and of the median absolute deviation.
_MEDIAN_ERROR = 1.2533
_FROM_DEVIATION = 1.4826
_BATCHES = 5
# Depth within one frame that differs by more than this (as a fraction, robust) from a scaled
# reference has another shape.
MOST_SPREAD = 0.6
# Below so many independent measurements an interval is a guess.
FEW_INDEPENDENT = 8.0


@dataclass(frozen=True)
class ScaleLimits:
    """
    When a scale is refused.

    ``least`` is the least number of measurements, ``spread`` their largest robust standard
    deviation, as a fraction of the scale.
    """

    least: int = 5
    spread: float = 0.3


@dataclass(frozen=True)
class ScaleEstimate:
    """
    The factor on depth, with the interval that holds the true one with 95 % probability.

    ``spread`` is the robust standard deviation of single measurements as a fraction, ``used``
    their number, ``independent`` to how many independent ones they amount, being correlated in
    time. ``refused`` counts the others by cause. Errors that all measurements share, such as
    wheels of a wrong size, are not in the interval.
    """

    scale: float
    low: float
    high: float
    spread: float
    used: int
    independent: float
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def is_vague(self) -> bool:
        """Whether there is too little independent evidence for the interval to be trusted."""
        return self.independent < FEW_INDEPENDENT


class ScaleCollector:
    """Collects what single frames or pairs of frames say of the scale, in order of time."""

    def __init__(self, limits: ScaleLimits = ScaleLimits()) -> None:
        self.limits = limits
        self.refused: Counter[str] = Counter()
        self._values: list[float] = []
        self._examples: dict[str, str] = {}

    def add(self, log_scale: float) -> None:
        """Take the logarithm of one measured factor."""
        self._values.append(log_scale)

    def refuse(self, error: FrameError) -> None:
        """Count a frame that says nothing, under its cause; the last of each is remembered."""
        self.refused[error.cause] += 1
        self._examples[error.cause] = str(error)

    def estimate(self) -> ScaleEstimate:
        """Give the scale so far; CalibrationError when there is too little or no agreement."""
        used, least = len(self._values), self.limits.least
        if used < least:
            raise CalibrationError(
                f'expected at least {least} usable measurements of the scale, got {used}'
                f'{self._reasons()}')
        if self.refused['shape'] > used:
            raise CalibrationError(
                f'in {self.refused["shape"]} frames, more than the {used} usable ones, depth has '
                f'another shape than the reference; the last: {self._examples["shape"]}')
        result = robust_scale(self._values, dict(self.refused))
        if result.spread > self.limits.spread:
            raise CalibrationError(
                f'the scale differs by {result.spread:.0%} from one of the {used} measurements to '
                f'the next (robust standard deviation), allowed are {self.limits.spread:.0%}; its '
                f'median would be {result.scale:.4g}. One factor does not make this depth '
                'metric here: check the reference and the calibration of the camera, or train '
                'the model on such scenes')
        return result

    def _reasons(self) -> str:
        if not self.refused:
            return ': there were no others'
        counts = [f'{count} x {cause}, the last: {self._examples[cause]}'
                  for cause, count in self.refused.most_common()]
        return '; refused were ' + '; '.join(counts)


def robust_deviation(values: NDArray[Any]) -> float:
    """Give the standard deviation of ``values`` (N,) from their median absolute deviation."""
    return _FROM_DEVIATION * float(np.median(np.abs(values - np.median(values))))


def common_log_scale(log_ratios: Values) -> float:
    """
    Give the median of the log ratios (N,) within one frame.

    Raises FrameError with cause 'shape' when they differ by more than MOST_SPREAD.
    """
    middle = float(np.median(log_ratios))
    spread = math.expm1(robust_deviation(log_ratios))
    if spread > MOST_SPREAD:
        raise FrameError(
            f'the ratio of reference to depth varies by {spread:.0%} within the frame, at most '
            f'{MOST_SPREAD:.0%} is one scale: the model does not know such scenes, or the '
            'reference does not belong to this camera', 'shape')
    return middle


def robust_scale(log_scales: Sequence[float], refused: dict[str, int]) -> ScaleEstimate:
    """
    Give the median of factors, whose logarithms come in order of time, with its interval.

    Neighbouring measurements are correlated, so that the interval follows from their
    autocorrelation, or from the medians of a few consecutive parts where that is wider.
    """
    values = np.asarray(log_scales, dtype=np.float64)
    middle = float(np.median(values))
    spread = robust_deviation(values)
    independent = independent_count(values)
    half = math.nan
    if values.size > 1:
        error = _MEDIAN_ERROR * spread / math.sqrt(max(independent - 1, 1.0))
        half = max(_student(max(independent - 1, 2.0)) * error, _half_of_batches(values))
    return ScaleEstimate(
        math.exp(middle), math.exp(middle - half), math.exp(middle + half), math.expm1(spread),
        values.size, independent, refused)


def widened(estimate: ScaleEstimate, error: float) -> ScaleEstimate:
    """
    Give the estimate with an interval that also holds an ``error`` which all share.

    ``error`` is its standard deviation as a fraction. An unknown interval (NaN) counts as 0.
    """
    half = math.log(estimate.high / estimate.scale)
    half = math.hypot(0.0 if math.isnan(half) else half, _NORMAL * error)
    return replace(estimate, low=estimate.scale * math.exp(-half),
                   high=estimate.scale * math.exp(half))


def independent_count(values: Values) -> float:
    """
    Tell to how many independent values the (n,) correlated ones amount.

    By the autocorrelation of their ranks, summed over pairs of lags as long as these are
    positive (the initial positive sequence of Geyer).
    """
    count = values.size
    ranks = np.argsort(np.argsort(values, kind='stable')) - (count - 1) / 2
    power = float(ranks @ ranks)
    if np.ptp(values) == 0:
        return float(count)
    total, lag = 0.0, 1
    while lag + 1 < count // 2:
        pair = float(ranks[:-lag] @ ranks[lag:] + ranks[:-lag - 1] @ ranks[lag + 1:]) / power
        if pair <= 0:
            break
        total, lag = total + pair, lag + 2
    return count / max(1.0, 1 + 2 * total)


def _half_of_batches(values: Values) -> float:
    """Half the interval from the medians of consecutive parts, 0 when there are too few."""
    if values.size < 2 * _BATCHES:
        return 0.0
    medians = np.array([np.median(part) for part in np.array_split(values, _BATCHES)])
    return _student(_BATCHES - 1) * float(medians.std(ddof=1)) / math.sqrt(_BATCHES)


def _student(freedom: float) -> float:
    """Quantile 0.975 of Student's distribution by its expansion about the normal one."""
    z = _NORMAL
    return (z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
            + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3))


def to_plain(estimate: ScaleEstimate) -> dict[str, Any]:
    """Give the estimate as plain values for JSON."""
    return {'scale': estimate.scale, 'low': estimate.low, 'high': estimate.high,
            'spread': estimate.spread, 'used': estimate.used,
            'independent': estimate.independent, 'refused': estimate.refused}
