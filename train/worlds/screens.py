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

"""What screens show, uint8 RGB."""

import cv2
import numpy as np
from sa4depth_train.worlds.artworks import sunset
from sa4depth_train.worlds.colors import drawn_color
from sa4depth_train.worlds.lettering import draw_bars, ink_for, write_lines, write_words

SHAPE = (216, 384, 3)


def desktop(rng: np.random.Generator) -> np.ndarray:
    """Show windows over a wallpaper, with a bar of icons."""
    image = cv2.resize(sunset(rng), SHAPE[1::-1], interpolation=cv2.INTER_AREA)
    for _ in range(int(rng.integers(0, 4))):
        x, y = int(rng.integers(10, 200)), int(rng.integers(10, 90))
        pane = image[y:y + int(rng.integers(60, 110)), x:x + int(rng.integers(90, 170))]
        back = drawn_color(rng, 'paper' if rng.random() < 0.7 else 'rubber')
        pane[:], pane[:9] = back, drawn_color(rng, 'any')
        write_lines(rng, pane[14:-4, 6:-6], ink_for(back), 6)
    image[-14:] = (34, 38, 48)
    for x in range(8, int(rng.integers(60, 250)), 18):
        image[-12:-3, x:x + 10] = drawn_color(rng, 'any')
    return image


def terminal(rng: np.random.Generator) -> np.ndarray:
    """Show lines of light text on black."""
    image = np.full(SHAPE, (14, 16, 20), np.uint8)
    half = int(rng.choice([192, 384]))
    write_lines(rng, image[8:-8, 8:half - 8], (150, 220, 160), 7)
    write_lines(rng, image[8:-8, half:], (200, 200, 206), 7)
    return image


def spreadsheet(rng: np.random.Generator) -> np.ndarray:
    """Show a table of numbers and a chart."""
    image = np.full(SHAPE, 248, np.uint8)
    image[:22] = (34, 112, 70)
    image[22::11] = 206
    image[:, ::48] = 206
    for row in range(24, 206, 11):
        for column in range(4, 380, 48):
            if rng.random() < 0.6:
                image[row + 3:row + 7, column:column + int(rng.integers(8, 40))] = 70
    if rng.random() < 0.6:
        draw_bars(rng, image[60:170, 200:360])
    return image


def slides(rng: np.random.Generator) -> np.ndarray:
    """Show a slide with a title and a diagram."""
    back = drawn_color(rng, 'paper' if rng.random() < 0.6 else 'any')
    image = np.full(SHAPE, back, np.uint8)
    write_words(rng, image, 40, 1.1, ink_for(back), 2)
    write_lines(rng, image[60:190, 20:190], ink_for(back), 14)
    draw_bars(rng, image[70:190, 220:360])
    return image


def switched_off(rng: np.random.Generator) -> np.ndarray:
    """Show nothing but a faint reflection."""
    light = np.linspace(rng.uniform(8, 30), rng.uniform(12, 50), SHAPE[1])
    return np.broadcast_to(light[None, :, None], SHAPE).astype(np.uint8)
