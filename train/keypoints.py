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

"""Where patches are compared: pixels with a strong gradient, spread over the image."""

from dataclasses import dataclass
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_train.checks import check

# Pixels from a keypoint to the farthest of its patch (method.md 3).
REACH = 2
_LEVELS = 3
_ROUNDS = 4
# Another size of cells is tried until so much of the count asked for is found.
_ENOUGH, _TOO_MANY = 0.8, 1.3


@dataclass(frozen=True)
class KeypointConfig:
    """
    The choice of keypoints, after the one of DSO (Engel et al. 2017, method.md 3).

    count: pixels chosen for their gradient, about and at most so many; total: together with
    random ones, so that plain surfaces count, too.
    block: side in pixels of the blocks, above: grey levels (of 255) by which a gradient must
    exceed the median of its block. weaker: factor on that threshold, once for cells of twice the
    side and twice for cells of four times the side, where smaller cells found nothing.
    """

    count: int = 2000
    total: int = 3000
    block: int = 32
    above: float = 7.0
    weaker: float = 0.75

    def __post_init__(self) -> None:
        check('photometric.keypoints', {
            'expected 1 <= count <= total': 1 <= self.count <= self.total,
            'block must be >= 4': self.block >= 4, 'above must be >= 0': self.above >= 0,
            'weaker must be in (0, 1]': 0 < self.weaker <= 1})


def select_keypoints(
    gray: NDArray[np.uint8], allowed: NDArray[np.bool_], config: KeypointConfig,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """
    Give the keypoints (config.total, 2), as x and y, of an image (h, w).

    Their patches lie inside of the image and of what is ``allowed`` (h, w); where nothing is,
    anywhere inside of the image.
    """
    height, width = gray.shape
    whole = np.zeros(gray.shape, np.uint8)
    whole[REACH:height - REACH, REACH:width - REACH] = 1
    kernel = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    usable = whole & cv2.erode(allowed.astype(np.uint8), kernel)
    places = np.flatnonzero(usable if usable.any() else whole)
    gradient = gradient_length(gray)
    strong = _strong(gradient * usable, thresholds(gradient, config), config)
    chosen = rng.permutation(np.flatnonzero(strong))[:config.count]
    random = rng.choice(places, config.total - len(chosen))
    return np.stack(np.divmod(np.concatenate([chosen, random]), width)[::-1], 1)


def gradient_length(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give the length of the gradient (h, w) by central differences, 0 along the border."""
    values = gray.astype(np.float32)
    result = np.zeros_like(values)
    across = (values[1:-1, 2:] - values[1:-1, :-2]) / 2
    down = (values[2:, 1:-1] - values[:-2, 1:-1]) / 2
    result[1:-1, 1:-1] = np.hypot(across, down)
    return result


def thresholds(gradient: NDArray[np.float32], config: KeypointConfig) -> NDArray[np.float32]:
    """Give the median of each block plus config.above at each of its pixels (h, w)."""
    result = np.empty_like(gradient)
    side = config.block
    for v in range(0, gradient.shape[0], side):
        for u in range(0, gradient.shape[1], side):
            block = slice(v, v + side), slice(u, u + side)
            result[block] = np.median(gradient[block]) + config.above
    return result


def strongest(
    gradient: NDArray[np.float32], threshold: NDArray[np.float32], side: int, weaker: float,
) -> NDArray[np.bool_]:
    """
    Mark (h, w) the largest gradient of each cell of ``side`` pixels that exceeds its threshold.

    Cells of 2 and 4 times the side in which none did get a second and a third chance, with the
    threshold times ``weaker`` and ``weaker`` squared.
    """
    chosen = np.zeros(gradient.shape, bool)
    for level in range(_LEVELS):
        cell = side << level
        above = np.where(gradient > threshold * weaker ** level, gradient, np.float32(0))
        values = _cells(above, cell)
        rows, columns = np.nonzero((values.max(2) > 0) & ~_cells(chosen, cell).any(2))
        best = values[rows, columns].argmax(1)
        chosen[rows * cell + best // cell, columns * cell + best % cell] = True
    return chosen


def _strong(
    gradient: NDArray[np.float32], threshold: NDArray[np.float32], config: KeypointConfig,
) -> NDArray[np.bool_]:
    side = max(2, round(math.sqrt(gradient.size / config.count)))
    tried: set[int] = set()
    while True:
        chosen = strongest(gradient, threshold, side, config.weaker)
        share = np.count_nonzero(chosen) / config.count
        tried.add(side)
        # As DSO has it: the count goes with 1 / (side + 1)^2.
        side = max(2, int(math.sqrt(share) * (side + 1)) - 1)
        if _ENOUGH <= share <= _TOO_MANY or side in tried or len(tried) == _ROUNDS:
            return chosen


def _cells(values: NDArray, side: int) -> NDArray:  # type: ignore[type-arg]
    """Cut (h, w) into cells (rows, columns, side * side); those at the end are filled with 0."""
    height, width = values.shape
    wide = np.pad(values, ((0, -height % side), (0, -width % side)))
    rows, columns = wide.shape[0] // side, wide.shape[1] // side
    return wide.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows, columns, -1)
