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

"""From the network's map to depth at output size, with REP 117 invalids."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime.preprocess import FrameGeometry

Depth = NDArray[np.float32]


@dataclass(frozen=True)
class DepthSettings:
    """
    What may change from frame to frame.

    ``scale`` multiplies the model's depth. Depth below ``min_depth`` becomes -Inf, above
    ``max_depth`` +Inf (REP 117), in metres; relative depth is not limited. ``edge_filter``
    cuts (NaN) pixels next to a depth edge, where neighbours differ by more than this
    fraction; 0 keeps all.
    Raises ConfigError for values that cannot be.
    """

    scale: float = 1.0
    min_depth: float = 0.1
    max_depth: float = 100.0
    edge_filter: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.scale < float('inf'):
            raise ConfigError(f'scale must be positive, got {self.scale}')
        if not 0 <= self.min_depth < self.max_depth:
            raise ConfigError('expected 0 <= min_depth < max_depth, got '
                              f'{self.min_depth} and {self.max_depth}')
        if not self.edge_filter >= 0:
            raise ConfigError(f'edge_filter must be 0 (off) or positive, got {self.edge_filter}')


def to_depth(output: Depth, card: ModelCard, factor: float) -> Depth:
    """
    Turn a network output (h, w) into depth times ``factor``; NaN where there is none.

    The meaning of the output is the card's: disparity becomes
    1 / (disparity_scale * y + disparity_shift). Not positive or not finite values are NaN.
    """
    if card.output == 'disparity':
        with np.errstate(divide='ignore'):
            output = np.float32(1) / (np.float32(card.disparity_scale) * output
                                      + np.float32(card.disparity_shift))
    depth = output * np.float32(factor)
    bad = ~((depth > 0) & (depth < np.inf))
    if bad.any():
        depth[bad] = np.nan
    return depth


def finish(
    depth: Depth, geometry: FrameGeometry, settings: DepthSettings, full_size: bool,
) -> Depth:
    """
    Bring ``depth`` (at network size) to the output pixels and mark what is invalid.

    The letterbox is cut off, pixels that the lens does not see are NaN, edges are filtered;
    then, with ``full_size``, resized to the image; at last the limits of ``settings``.
    """
    x, y, width, height = geometry.inner
    depth = np.ascontiguousarray(depth[y:y + height, x:x + width])
    invalid = geometry.invalid
    if settings.edge_filter > 0:
        edges = _edges(depth, settings.edge_filter)
        invalid = edges if invalid is None else invalid | edges
    if invalid is not None:
        depth[invalid] = np.nan
    if full_size and depth.shape != geometry.image_size[::-1]:
        # NaN spreads to every pixel that interpolation would make of an invalid one.
        depth = cv2.resize(depth, geometry.image_size,  # type: ignore[assignment]
                           interpolation=cv2.INTER_LINEAR)
    np.copyto(depth, np.float32(np.inf), where=depth > np.float32(settings.max_depth))
    np.copyto(depth, np.float32(-np.inf), where=depth < np.float32(settings.min_depth))
    return depth


def _edges(depth: Depth, threshold: float) -> NDArray[np.bool_]:
    # Ratio of the farthest to the nearest of the 3x3 neighbours.
    kernel = np.ones((3, 3), dtype=np.uint8)
    farthest, nearest = cv2.dilate(depth, kernel), cv2.erode(depth, kernel)
    result: NDArray[np.bool_] = farthest > nearest * np.float32(1 + threshold)
    return result
