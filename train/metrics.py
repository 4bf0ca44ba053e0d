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

"""Depth metrics as the literature defines them (method.md 5)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

METRICS = ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'log10', 'delta1', 'delta2', 'delta3')
_LEAST_PIXELS = 10


def depth_metrics(
    prediction: NDArray[np.floating], target: NDArray[np.floating],
) -> dict[str, float] | None:
    """
    Compare two depth maps of one shape; None when fewer than 10 pixels can be compared.

    Pixels count where both are positive and finite. Besides METRICS the result holds
    ``median_scale``, the median of the target over that of the prediction, ``coverage``, the
    share of target pixels that were predicted, and every metric once more after multiplying by
    that scale, as ``scaled_<metric>``. Errors are in the unit of the target; delta<k> is a
    fraction. ``near_scale`` is the same ratio over the nearer half of the pixels, ``depth_range``
    the slope of log prediction over log target: below 1, far things are predicted too near.
    """
    known = (target > 0) & np.isfinite(target)
    both = known & (prediction > 0) & np.isfinite(prediction)
    if both.sum() < _LEAST_PIXELS:
        return None
    p, t = prediction[both].astype(np.float64), target[both].astype(np.float64)
    scale = float(np.median(t) / np.median(p))
    result = depth_errors(p, t)
    result |= {f'scaled_{name}': value for name, value in depth_errors(p * scale, t).items()}
    near = t <= np.median(t)
    return result | {
        'median_scale': scale, 'near_scale': float(np.median(t[near]) / np.median(p[near])),
        'depth_range': _slope(np.log(t), np.log(p)),
        'coverage': float(both.sum() / known.sum())}


def summarize(frames: Sequence[dict[str, float]]) -> dict[str, float]:
    """
    Average the metrics of several frames, each frame alike.

    ``scale_consistency`` is the standard deviation of the frames' median scale over its
    median (method.md 1b); ``median_scale`` is that median, ``frames`` the number of frames.
    ``near_consistency`` is the same of ``near_scale``: unlike the former it does not grow with
    a depth range that is too small. ``depth_range`` is left out where no frame has one.
    """
    if not frames:
        return {'frames': 0.0}
    result = {name: float(np.mean([f[name] for f in frames])) for name in frames[0]}
    for name, spread in (('median_scale', 'scale_consistency'),
                         ('near_scale', 'near_consistency')):
        scales = np.array([f[name] for f in frames])
        result[name] = float(np.median(scales))
        result[spread] = float(scales.std() / np.median(scales))
    slopes = [f['depth_range'] for f in frames if np.isfinite(f['depth_range'])]
    del result['depth_range']
    if slopes:
        result['depth_range'] = float(np.mean(slopes))
    return result | {'frames': float(len(frames))}


def depth_errors(p: NDArray[np.float64], t: NDArray[np.float64]) -> dict[str, float]:
    """Give METRICS of predicted depths (N,) and true ones (N,), all positive."""
    difference, log_difference = p - t, np.log(p) - np.log(t)
    ratio = np.maximum(p / t, t / p)
    return {
        'abs_rel': float(np.mean(np.abs(difference) / t)),
        'sq_rel': float(np.mean(difference ** 2 / t)),
        'rmse': float(np.sqrt(np.mean(difference ** 2))),
        'rmse_log': float(np.sqrt(np.mean(log_difference ** 2))),
        'log10': float(np.mean(np.abs(log_difference)) / np.log(10)),
        'delta1': float(np.mean(ratio < 1.25)),
        'delta2': float(np.mean(ratio < 1.25 ** 2)),
        'delta3': float(np.mean(ratio < 1.25 ** 3)),
    }


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Give the least-squares slope of ``y`` over ``x``; NaN where ``x`` hardly varies."""
    dx = x - x.mean()
    variance = float(dx @ dx)
    return float(dx @ (y - y.mean())) / variance if variance > 1e-6 * x.size else float('nan')
