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

"""Words, lines of text and small diagrams, drawn into images in place."""

from collections.abc import Sequence

import cv2
import numpy as np
from sa4depth_train.worlds.colors import drawn_color

WORDS = ('open', 'Room 4', 'Lab', 'FIRE', 'notice', 'today', 'sale', 'robot', 'Plan B', 'coffee',
         'staff', 'north', 'Level 2', 'museum', 'jazz', 'summer', 'safety', 'exit', 'team',
         'fragile', 'this side up', 'archive', '2026', 'news', 'menu', 'library')
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX,
         cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)


def write_words(rng: np.random.Generator, image: np.ndarray, baseline: int, scale: float,
                ink: Sequence[float], thickness: int) -> None:
    """Write a word or two at a baseline [px], smaller where they would not fit."""
    text = ' '.join(str(word) for word in rng.choice(WORDS, int(rng.integers(1, 3))))
    font = FONTS[int(rng.integers(len(FONTS)))]
    (width, _), _ = cv2.getTextSize(text, font, scale, thickness)
    scale *= min(1.0, 0.92 * image.shape[1] / width)
    cv2.putText(image, text, (image.shape[1] // 20, baseline), font, scale, tuple(ink),
                thickness, cv2.LINE_AA)


def write_lines(rng: np.random.Generator, area: np.ndarray, ink: Sequence[float],
                pitch: int) -> None:
    """Fill an area with lines of words too small to be read."""
    for y in range(pitch // 2, area.shape[0] - pitch // 2, pitch):
        row = rng.random(area.shape[1]) < 0.62
        row[int(area.shape[1] * rng.uniform(0.5, 1.3)):] = False
        if rng.random() > 0.1:
            area[y:y + max(1, pitch // 3), row] = ink


def draw_bars(rng: np.random.Generator, area: np.ndarray) -> None:
    """Draw a bar chart or a curve over a whole area."""
    height, width = area.shape[:2]
    color, count = drawn_color(rng, 'any'), int(rng.integers(4, 10))
    values = (height * rng.uniform(0.1, 0.9, count)).astype(int)
    edges = np.linspace(4, width - 4, count + 1).astype(int)
    if rng.random() < 0.5:
        for left, right, value in zip(edges, edges[1:], values):
            area[height - value:, left:max(right - 3, left + 1)] = color
    else:
        points = np.stack([edges[:-1], height - values], 1).astype(np.int32)
        patch = np.ascontiguousarray(area)
        cv2.polylines(patch, [points], False, color, 2, cv2.LINE_AA)
        area[:] = patch
    area[-2:] = area[:, :2] = 60


def ink_for(back: Sequence[float]) -> tuple[float, float, float]:
    """Choose light or dark ink for a background colour."""
    return (245.0, 243.0, 238.0) if sum(back) < 380 else (34.0, 34.0, 38.0)
