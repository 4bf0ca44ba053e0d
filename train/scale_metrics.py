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

"""Whether translation and depth have one scale, and whether it stays (method.md 1)."""

import math

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError

Values = NDArray[np.float64]

# A ratio of lengths says nothing where the camera hardly moved: such pairs are left out.
LEAST_MOTION = 0.2


def scale_ratios(estimated: Values, truth: Values, depth_scale: Values | None = None) -> Values:
    """
    Give s = |t_pose| / |t_true in the unit of depth| per frame pair, (P,) (method.md 1a).

    ``estimated`` (P,) are lengths of estimated translations in the network's unit, ``truth``
    (P,) true ones in metres (NaN: unknown), ``depth_scale`` (P,) the target frames' median of
    true over predicted depth, metres per unit (NaN: unknown). 1 means that translation has
    the unit of depth. Without ``depth_scale`` the ratios are divided by their own median, so
    that only their spread means something. NaN where unknown, and where the true step is
    below LEAST_MOTION of the median one.
    """
    if not estimated.shape == truth.shape == (
            truth if depth_scale is None else depth_scale).shape:
        raise ConfigError('expected one length per frame pair in each argument, got shapes '
                          f'{estimated.shape}, {truth.shape}'
                          f'{"" if depth_scale is None else f", {depth_scale.shape}"}')
    ratios = np.full(truth.shape, np.nan)
    known = np.isfinite(truth)
    if not known.any():
        return ratios
    moved = known & (truth >= LEAST_MOTION * np.median(truth[known])) & (truth > 0)
    ratios[moved] = estimated[moved] / truth[moved]
    if depth_scale is not None:
        return ratios * depth_scale
    middle = np.median(ratios[moved]) if moved.any() else math.nan
    return ratios / middle if middle > 0 else np.full(truth.shape, np.nan)


def scale_figures(ratios: Values) -> dict[str, float]:
    """
    Summarise scales (P,) over a sequence; NaN ones do not count.

    ``scale_median``; ``scale_std``, the standard deviation over the median; ``scale_spread``,
    the same from the median absolute deviation (times 1.4826), which single pairs cannot
    dominate; ``scale_pairs``, how many counted. NaN where there is nothing to count.
    """
    known = ratios[np.isfinite(ratios)]
    middle = float(np.median(known)) if known.size else math.nan
    if not middle > 0:
        return {'scale_median': middle, 'scale_std': math.nan, 'scale_spread': math.nan,
                'scale_pairs': float(known.size)}
    deviation = float(np.median(np.abs(known - middle)))
    return {'scale_median': middle, 'scale_std': float(known.std()) / middle,
            'scale_spread': 1.4826 * deviation / middle, 'scale_pairs': float(known.size)}


def depth_scale(prediction: NDArray[np.floating], target: NDArray[np.floating]) -> float:
    """
    Give the median of ``target`` over that of ``prediction``, two depth maps (h, w).

    As in depth_metrics, over pixels where both are positive and finite; NaN when fewer than
    10 can be compared.
    """
    both = (target > 0) & np.isfinite(target) & (prediction > 0) & np.isfinite(prediction)
    if both.sum() < 10:
        return math.nan
    return float(np.median(target[both]) / np.median(prediction[both]))
