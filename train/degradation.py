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

"""What lenses and cameras do to a picture beyond light: blur, few pixels, JPEG, lost parts."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_train.data_config import AugmentationConfig

Image = NDArray[np.uint8]
_PATCHES = 4
_LARGEST_PATCH = 0.35


def degrade(image: Image, config: AugmentationConfig, rng: np.random.Generator) -> Image:
    """
    Change an image (h, w, 3) at random; what is switched off draws no random numbers.

    In the order in which it happens in a camera: things before the lens (cutout), lens
    (resolution, blur), colour (contrast, grey, shuffle), firmware (sharpening, JPEG). Where the
    image shows nothing (black) it may get a little colour, too.
    """
    for wanted, change in ((config.cutout > 0, _cut_out), (config.resolution < 1, _coarsened),
                           (config.blur > 0, _blurred), (config.contrast > 1, _contrasted),
                           (config.grey + config.shuffle > 0, _recoloured),
                           (config.sharpen > 0, _sharpened), (config.jpeg < 100, _compressed)):
        if wanted:
            image = change(image, config, rng)
    return image


def _cut_out(image: Image, config: AugmentationConfig, rng: np.random.Generator) -> Image:
    if rng.random() >= config.cutout:
        return image
    result = np.array(image)
    height, width = image.shape[:2]
    for _ in range(rng.integers(1, _PATCHES + 1)):
        h, w = (1 + int(side * rng.uniform(0.05, _LARGEST_PATCH)) for side in (height, width))
        top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
        patch = result[top:top + h, left:left + w]
        kind = rng.integers(3)
        if kind == 0:
            patch[:] = rng.integers(0, 256, 3)
        elif kind == 1:
            patch[:] = rng.integers(0, 256, patch.shape, dtype=np.uint8)
        else:
            # Another part of the picture, which depth cannot follow either.
            row, column = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
            patch[:] = image[row:row + h, column:column + w]
    return result


def _coarsened(image: Image, config: AugmentationConfig, rng: np.random.Generator) -> Image:
    if rng.random() >= config.chance:
        return image
    height, width = image.shape[:2]
    share = math.exp(rng.uniform(math.log(config.resolution), 0))
    small = cv2.resize(image, (max(1, round(width * share)), max(1, round(height * share))),
                       interpolation=cv2.INTER_AREA)
    how = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.integers(3)]
    return cv2.resize(small, (width, height), interpolation=how)  # type: ignore[return-value]


def _blurred(image: Image, config: AugmentationConfig, rng: np.random.Generator) -> Image:
    if rng.random() >= config.chance:
        return image
    sigma = rng.uniform(0.3, max(config.blur, 0.3))
    if rng.random() < 0.5:
        return cv2.GaussianBlur(image, (0, 0), sigma)  # type: ignore[return-value]
    return cv2.filter2D(image, -1, _streak(4 * sigma, rng.uniform(0, math.pi)))


def _streak(length: float, angle: float) -> NDArray[np.float32]:
    """Make the kernel of a motion blur, ``length`` in pixels."""
    side = 2 * math.ceil(length / 2) + 1
    kernel = np.zeros((side, side), np.float32)
    middle = side // 2
    step = np.array([math.cos(angle), math.sin(angle)])
    for place in np.linspace(-length / 2, length / 2, 2 * side):
        column, row = np.rint(middle + place * step).astype(int)
        kernel[row, column] += 1
    return kernel / kernel.sum()


def _contrasted(image: Image, config: AugmentationConfig, rng: np.random.Generator) -> Image:
    if rng.random() >= config.chance:
        return image
    factor = math.exp(rng.uniform(-1, 1) * math.log(config.contrast))
    mean = float(cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0])
    values = np.clip((np.arange(256) - mean) * factor + mean, 0, 255).astype(np.uint8)
    return cv2.LUT(image, values)  # type: ignore[return-value]


def _recoloured(image: Image, config: AugmentationConfig, rng: np.random.Generator) -> Image:
    draw = rng.random()
    if draw < config.grey:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)  # type: ignore[return-value]
    if draw < config.grey + config.shuffle:
        return np.ascontiguousarray(image[..., rng.permutation(3)])
    return image


def _sharpened(image: Image, config: AugmentationConfig, rng: np.random.Generator) -> Image:
    if rng.random() >= config.chance:
        return image
    amount = rng.uniform(0, config.sharpen)
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.5))
    return cv2.addWeighted(image, 1 + amount, soft, -amount, 0)  # type: ignore[return-value]


def _compressed(image: Image, config: AugmentationConfig, rng: np.random.Generator) -> Image:
    if rng.random() >= config.chance:
        return image
    quality = int(rng.integers(config.jpeg, 96))
    _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]
