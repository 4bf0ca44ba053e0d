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

"""Where the errors of depth lie: at which depths, and in which part of the image."""

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError

Values = NDArray[np.float64]

DEPTH_BANDS = 14
ROWS, COLUMNS = 24, 32
JOINT_BINS = 56


@dataclass(frozen=True)
class Curve:
    """
    Mean relative errors by place in any grid of bins, one shape for all three arrays.

    ``pixels`` is how many counted. ``error`` is the mean of |prediction - target| / target over
    the pixels of all frames, ``bias`` that of (prediction - target) / target: above 0 where the
    prediction is too far. Both are NaN where no pixel counted.
    """

    pixels: Values
    error: Values
    bias: Values


@dataclass(frozen=True)
class ErrorCurves:
    """
    Errors over true depth, and over the image however large it is.

    ``depths`` (B + 1,) are the limits of the bins of ``by_depth`` in metres; ``by_row`` (R,) are
    bands of the image from top to bottom, ``by_place`` (R, C) its cells. ``joint`` (J, J) counts
    pixels by true (first axis) and predicted depth, ``joint_depths`` (J + 1,) are the limits of
    both; predictions beyond them are counted in the last bins.
    """

    depths: Values
    by_depth: Curve
    by_row: Curve
    by_place: Curve
    joint_depths: Values
    joint: Values


class ErrorSums:
    """Sums up the errors of depth maps; every pixel of every frame counts alike."""

    def __init__(self, min_depth: float, max_depth: float) -> None:
        """
        Divide ``min_depth`` to ``max_depth``, metres, evenly on a logarithmic axis.

        It begins at a thousandth of ``max_depth`` at least; nearer pixels count in the first bin.
        """
        if not 0 <= min_depth < max_depth:
            raise ConfigError('expected 0 <= min_depth < max_depth to divide depth into bands, '
                              f'got {min_depth} and {max_depth}')
        self._limits = math.log(max(min_depth, 1e-3 * max_depth)), math.log(max_depth)
        self._by_depth = np.zeros((3, DEPTH_BANDS))
        self._by_place = np.zeros((3, ROWS * COLUMNS))
        self._joint = np.zeros(JOINT_BINS ** 2)

    def add(self, prediction: NDArray[np.floating], target: NDArray[np.floating]) -> None:
        """Count the pixels of two maps (h, w) where both are positive and finite."""
        both = (target > 0) & np.isfinite(target) & (prediction > 0) & np.isfinite(prediction)
        rows, columns = np.nonzero(both)
        p, t = prediction[both].astype(np.float64), target[both].astype(np.float64)
        relative = (p - t) / t
        band = self._bin(t, DEPTH_BANDS)
        height, width = both.shape
        place = rows * ROWS // height * COLUMNS + columns * COLUMNS // width
        for sums, index in ((self._by_depth, band), (self._by_place, place)):
            sums += [np.bincount(index, weights, sums.shape[1])
                     for weights in (None, np.abs(relative), relative)]
        pair = self._bin(t, JOINT_BINS) * JOINT_BINS + self._bin(p, JOINT_BINS)
        self._joint += np.bincount(pair, None, self._joint.size)

    def curves(self) -> ErrorCurves:
        """Give the means so far."""
        places = self._by_place.reshape(3, ROWS, COLUMNS)
        return ErrorCurves(
            self._edges(DEPTH_BANDS), _curve(self._by_depth), _curve(places.sum(axis=2)),
            _curve(places), self._edges(JOINT_BINS),
            self._joint.reshape(JOINT_BINS, JOINT_BINS).copy())

    def _bin(self, depth: Values, bins: int) -> NDArray[np.intp]:
        low, high = self._limits
        number = (np.log(depth) - low) * (bins / (high - low))
        return np.clip(number, 0, bins - 1).astype(np.intp)

    def _edges(self, bins: int) -> Values:
        return np.exp(np.linspace(*self._limits, bins + 1))


def _curve(sums: Values) -> Curve:
    count = np.where(sums[0] > 0, sums[0], np.nan)
    return Curve(sums[0].copy(), sums[1] / count, sums[2] / count)
