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

"""
Patterns of grass, leaves and bark that tile, as in hard_patterns.py.

Each returns a shade about 1 and the weight of a second colour, float32 (size, size).
"""

import cv2
import numpy as np
from sa4depth_train.worlds.hard_patterns import cells, even_noise, Pattern, SIZE
from sa4depth_train.worlds.noise import cloud_noise

SHAPE = (SIZE, SIZE)


def blades(rng: np.random.Generator) -> Pattern:
    """Make grass seen from above."""
    tufts = cloud_noise(SHAPE, (48, 48), rng, octaves=4, gain=0.95)
    shade = 1 + 0.22 * tufts + 0.06 * even_noise(rng, 4, 3)
    return shade, np.clip(even_noise(rng, 5, 5) * 0.5, 0, 1)


def foliage(rng: np.random.Generator) -> Pattern:
    """Make leaves of a hedge or a crown from some metres."""
    first, second, owner = cells(rng, int(rng.integers(24, 44)), jitter=1.0)
    tones = rng.normal(0, 0.25, 4096).astype(np.float32)[owner % 4096]
    deep = even_noise(rng, 8, 4, gain=0.75)
    shade = 0.8 + tones + 0.2 * deep + 0.35 * np.clip(second - first, 0, 0.5)
    return np.clip(shade, 0.15, 1.8), np.clip(0.4 * deep, 0, 1)


def bark(rng: np.random.Generator) -> Pattern:
    """Make upright ridges."""
    ridges = cloud_noise(SHAPE, (6, 40), rng, octaves=4, gain=0.7)
    return 1 + 0.22 * ridges, np.clip(even_noise(rng, 5, 4) * 0.4, 0, 1)


def needles(rng: np.random.Generator) -> Pattern:
    """Make short strokes of needles in all directions."""
    shade = np.full(SHAPE, 0.55, np.float32)
    starts = rng.integers(0, SIZE, (3000, 2))
    for (x, y), angle, tone in zip(starts.tolist(), rng.uniform(0, np.pi, 3000),
                                   rng.uniform(0.5, 1.5, 3000)):
        end = int(x + 16 * np.cos(angle)), int(y + 16 * np.sin(angle))
        cv2.line(shade, (x, y), end, float(tone), 2)
    return shade * (1 + 0.2 * even_noise(rng, 6, 3)), np.zeros(SHAPE, np.float32)


def birch(rng: np.random.Generator) -> Pattern:
    """Make smooth bark with short lying marks."""
    weight = np.zeros(SHAPE, np.float32)
    for x, y in rng.integers(0, SIZE, (90, 2)).tolist():
        axes = int(rng.integers(8, 50)), int(rng.integers(1, 5))
        cv2.ellipse(weight, (x, y), axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    return 1 + 0.06 * even_noise(rng, 6, 4), weight
