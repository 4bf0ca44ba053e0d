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

"""Depth as colour, for people."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray


def colorize(
    depth: NDArray[np.float32], min_depth: float, max_depth: float,
) -> NDArray[np.uint8]:
    """
    Give ``depth`` (h, w) as (h, w, 3) uint8 RGB: near is warm, far is cold.

    The colour is linear in inverse depth between the two limits (same unit as ``depth``).
    Beyond them the end colours are kept, +Inf is the far end; NaN and -Inf are black.
    """
    near, far = 1.0 / max(min_depth, 1e-6), 1.0 / max(max_depth, 2e-6)
    # +Inf has the inverse 0; NaN stays NaN and is blacked out below.
    with np.errstate(divide='ignore', invalid='ignore'):
        level = np.float32(255 / (near - far)) * (np.float32(1) / depth - np.float32(far))
    valid = depth > 0
    index = np.where(valid, np.clip(level, 0, 255), 0).astype(np.uint8)
    bgr = cv2.applyColorMap(index, cv2.COLORMAP_TURBO)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    rgb[~valid] = 0
    return rgb  # type: ignore[return-value]


def color_limits(depths: Sequence[NDArray[np.float32]]) -> tuple[float, float]:
    """
    Choose one colour range (near, far) for several depth images (h, w), from what is valid.

    The 1st and 98th percentile, so that single outliers do not flatten everything.
    """
    values = [depth[np.isfinite(depth) & (depth > 0)] for depth in depths]
    joined = np.concatenate(values) if values else np.empty(0, np.float32)
    if not joined.size:
        return 0.1, 10.0
    near, far = np.percentile(joined, (1, 98))
    return float(near), float(max(far, near * 1.2))
