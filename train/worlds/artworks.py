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

"""Pictures that hang in frames: paintings and the like, uint8 RGB."""

import cv2
import numpy as np
from sa4depth_train.worlds.colors import drawn_color
from sa4depth_train.worlds.noise import cloud_noise


def blocks_of_color(rng: np.random.Generator) -> np.ndarray:
    """Paint rectangles between black bars."""
    image = np.full((256, 256, 3), 236, np.uint8)
    _divided(rng, image, 0, 0, 256, 256, 4)
    return image


def sunset(rng: np.random.Generator) -> np.ndarray:
    """Paint a soft sky over a skyline, like a photograph."""
    top, low = (np.array(drawn_color(rng, 'any')) for _ in range(2))
    t = np.linspace(0, 1, 240)[:, None, None]
    sky = top * (1 - t) + low * t + 8 * cloud_noise((240, 320), (3, 4), rng)[..., None]
    image = np.ascontiguousarray(np.clip(sky, 0, 255).astype(np.uint8))
    x = 0
    while x < 320:
        width, height = int(rng.integers(6, 50)), int(rng.integers(20, 130))
        tone = [int(v) for v in rng.integers(10, 70, 3)]
        cv2.rectangle(image, (x, 240 - height), (x + width, 240), tone, -1)
        x += width
    return image


def still_life(rng: np.random.Generator) -> np.ndarray:
    """Paint shaded fruits on a table."""
    image = np.empty((256, 256, 3), np.float32)
    image[:150], image[150:] = drawn_color(rng, 'wall'), drawn_color(rng, 'wood')
    image *= 1 + 0.06 * cloud_noise((256, 256), (6, 6), rng)[..., None]
    v, u = np.mgrid[:256, :256].astype(np.float32)
    for _ in range(int(rng.integers(3, 9))):
        x, y, radius = rng.uniform(40, 216), rng.uniform(120, 200), rng.uniform(15, 45)
        inside = np.hypot(u - x, v - y) < radius
        distance = np.hypot(u - x + radius / 2, v - y + radius / 2) / radius
        light = np.clip(1.2 - distance / 1.6, 0, 2)
        image[inside] = (np.array(drawn_color(rng, 'any')) * light[..., None])[inside]
    return np.clip(image, 0, 255).astype(np.uint8)


def rings(rng: np.random.Generator) -> np.ndarray:
    """Paint level lines of a noise in two colours."""
    field = cloud_noise((256, 256), (2, 2), rng, octaves=3)
    line = (np.sin(rng.uniform(4, 14) * field) > 0)[..., None]
    first, second = drawn_color(rng, 'any'), drawn_color(rng, 'paper')
    return np.where(line, np.asarray(first), np.asarray(second)).astype(np.uint8)


def brush_strokes(rng: np.random.Generator) -> np.ndarray:
    """Paint hundreds of short strokes that follow a field."""
    image = np.full((256, 256, 3), drawn_color(rng, 'any'), np.uint8)
    angle = 3 * cloud_noise((256, 256), (2, 2), rng, octaves=2)
    palette = [drawn_color(rng, 'any') for _ in range(5)]
    for x, y in rng.integers(0, 256, (500, 2)).tolist():
        end = int(x + 22 * np.cos(angle[y, x])), int(y + 22 * np.sin(angle[y, x]))
        cv2.line(image, (x, y), end, palette[int(rng.integers(5))], 4, cv2.LINE_AA)
    return image


def _divided(rng: np.random.Generator, image: np.ndarray, left: int, top: int, right: int,
             bottom: int, depth: int) -> None:
    width, height = right - left, bottom - top
    if depth == 0 or min(width, height) < 30:
        color = drawn_color(rng, 'any') if rng.random() < 0.45 else (238, 236, 228)
        image[top + 3:bottom - 3, left + 3:right - 3] = color
        image[top:top + 3, left:right] = image[top:bottom, left:left + 3] = 20
        return
    if width > height:
        cut = left + int(width * rng.uniform(0.25, 0.75))
        _divided(rng, image, left, top, cut, bottom, depth - 1)
        _divided(rng, image, cut, top, right, bottom, depth - 1)
    else:
        cut = top + int(height * rng.uniform(0.25, 0.75))
        _divided(rng, image, left, top, right, cut, depth - 1)
        _divided(rng, image, left, cut, right, bottom, depth - 1)
