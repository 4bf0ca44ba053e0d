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

"""How one benchmark judges depth: what of the truth counts, and the metrics of one frame."""

from dataclasses import dataclass, replace
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError
from sa4depth_train.metrics import depth_errors, METRICS

# Rows and columns as fractions of the image: Garg et al. 2016 and Eigen et al. 2014.
CROPS = {
    'none': (0.0, 1.0, 0.0, 1.0),
    'garg': (0.40810811, 0.99189189, 0.03594771, 0.96405229),
    'eigen': (0.3324324, 0.91351351, 0.03594771, 0.96405229),
}
PROTOCOL_METRICS = (*METRICS, 'rmse_log10')
_LEAST_PIXELS = 10


@dataclass(frozen=True)
class DepthProtocol:
    """
    The rules of a benchmark: method.md 5 and docs/protocols.md.

    Truth counts inside (``min_depth``, ``max_depth``) metres and ``crop`` (a name in CROPS);
    predictions are then clamped to those limits. ``frames`` is how many the official test set
    has, ``nearest`` says that predictions are brought to the pixels of the truth without
    interpolation.
    """

    name: str
    min_depth: float
    max_depth: float
    frames: int
    crop: str = 'none'
    nearest: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.min_depth < self.max_depth < math.inf:
            raise ConfigError('expected 0 < minimum < maximum of depth in metres, got '
                              f'{self.min_depth} and {self.max_depth}')
        if self.crop not in CROPS:
            raise ConfigError(f"crop must be one of {', '.join(CROPS)}, got '{self.crop}'")

    def counted(self, target: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Tell which pixels of the truth (h, w) [m] count."""
        top, bottom, left, right = CROPS[self.crop]
        h, w = target.shape
        inside = np.zeros(target.shape, dtype=np.bool_)
        inside[int(top * h):int(bottom * h), int(left * w):int(right * w)] = True
        return inside & (target > self.min_depth) & (target < self.max_depth)

    def judged(self, prediction: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
        """Give a prediction times ``scale``, clamped to the limits; NaN stays NaN."""
        return np.clip(prediction * np.float32(scale), self.min_depth, self.max_depth)

    def changed(
        self, *, crop: str = '', min_depth: float | None = None, max_depth: float | None = None,
    ) -> 'DepthProtocol':
        """Give the protocol with other rules where they are given; ConfigError if impossible."""
        return replace(
            self, crop=crop or self.crop,
            min_depth=self.min_depth if min_depth is None else min_depth,
            max_depth=self.max_depth if max_depth is None else max_depth)


def on_target_pixels(
    prediction: NDArray[np.float32], target: NDArray[np.float32], protocol: DepthProtocol,
) -> NDArray[np.float32]:
    """Give a prediction (any size) the shape of the truth, which shows the same part."""
    if prediction.shape == target.shape:
        return prediction
    how = cv2.INTER_NEAREST if protocol.nearest else cv2.INTER_LINEAR
    return cv2.resize(  # type: ignore[return-value]
        prediction, target.shape[::-1], interpolation=how)


def protocol_metrics(
    prediction: NDArray[np.float32], target: NDArray[np.float32], protocol: DepthProtocol, *,
    median_scaling: bool,
) -> dict[str, float] | None:
    """
    Judge one frame, two depth maps (h, w) of one shape; None when fewer than 10 pixels count.

    METRICS, and ``rmse_log10``, the RMSE of log10 depth that Make3D tables call log10;
    ``median_scale``, the median of truth over that of the prediction, by which it was
    multiplied if ``median_scaling``; ``coverage``, the share of counted pixels that were
    predicted (papers assume 1), and ``pixels``, how many were compared.
    """
    counted = protocol.counted(target)
    both = counted & (prediction > 0) & np.isfinite(prediction)
    if both.sum() < _LEAST_PIXELS:
        return None
    true = target[both].astype(np.float64)
    scale = float(np.median(true) / np.median(prediction[both]))
    judged = protocol.judged(prediction[both], scale if median_scaling else 1.0)
    result = depth_errors(judged.astype(np.float64), true)
    return result | {
        'rmse_log10': result['rmse_log'] / math.log(10), 'median_scale': scale,
        'coverage': float(both.sum() / counted.sum()), 'pixels': float(both.sum())}
