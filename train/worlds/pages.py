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

"""Paper and boards: posters, pages, cartons, labels, notice boards, signs, uint8 RGB."""

from collections.abc import Callable

import cv2
import numpy as np
from sa4depth_train.worlds.artworks import brush_strokes, still_life, sunset
from sa4depth_train.worlds.colors import drawn_color
from sa4depth_train.worlds.lettering import draw_bars, FONTS, ink_for, WORDS
from sa4depth_train.worlds.lettering import write_lines, write_words
from sa4depth_train.worlds.noise import cloud_noise


def text_poster(rng: np.random.Generator) -> np.ndarray:
    """Print large words and some lines on colour."""
    back = drawn_color(rng, 'any' if rng.random() < 0.6 else 'paper')
    image = np.full((320, 224, 3), back, np.uint8)
    ink = ink_for(back)
    write_words(rng, image, 60, 1.4, ink, 3)
    if rng.random() < 0.6:
        cv2.circle(image, (int(rng.integers(50, 170)), 150), int(rng.integers(20, 60)),
                   drawn_color(rng, 'any'), -1, cv2.LINE_AA)
    write_lines(rng, image[200:300, 16:-16], ink, 8)
    return image


def chart(rng: np.random.Generator) -> np.ndarray:
    """Print a scientific poster: title bar, columns of text, diagrams."""
    image = np.full((320, 256, 3), 246, np.uint8)
    image[:44] = drawn_color(rng, 'any')
    write_words(rng, image, 32, 0.9, (250, 250, 250), 2)
    for column in range(2):
        for row in range(3):
            area = image[56 + row * 86:132 + row * 86, 12 + column * 122:124 + column * 122]
            if rng.random() < 0.45:
                draw_bars(rng, area)
            else:
                write_lines(rng, area, (60, 60, 60), 5)
    return image


def calendar(rng: np.random.Generator) -> np.ndarray:
    """Print a picture above a grid of days."""
    image = np.full((320, 240, 3), 248, np.uint8)
    image[8:160, 8:232] = cv2.resize(sunset(rng), (224, 152), interpolation=cv2.INTER_AREA)
    for day in range(35):
        at = 14 + day % 7 * 32, 200 + day // 7 * 26
        cv2.putText(image, str(day % 31 + 1), at, FONTS[0], 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return image


def page(rng: np.random.Generator) -> np.ndarray:
    """Print a page of text, with a heading and perhaps a figure."""
    image = np.full((320, 226, 3), rng.uniform(225, 250), np.uint8)
    write_words(rng, image, 40, 0.7, (40, 40, 40), 1)
    area = image[56:300, 24:202]
    write_lines(rng, area, (70, 70, 74), 7)
    if rng.random() < 0.4:
        area[90:170] = 248
        draw_bars(rng, area[92:168, 20:160])
    return image


def magazine(rng: np.random.Generator) -> np.ndarray:
    """Print a cover: a picture with a title and captions over it."""
    image = cv2.resize(_one_of(rng, (sunset, still_life, brush_strokes)), (232, 300))
    write_words(rng, image, 52, 1.7, drawn_color(rng, 'paper'), 4)
    for y in (120, 190, 260):
        write_words(rng, image, y, 0.6, (250, 250, 250), 1)
    return image


def letter(rng: np.random.Generator) -> np.ndarray:
    """Write a page by hand, on ruled paper."""
    image = np.full((320, 226, 3), (244, 240, 226), np.uint8)
    image[20::16] = (186, 206, 226)
    for y in range(34, 310, 16):
        x = np.arange(16, int(rng.integers(90, 212)), 2)
        height = y + 4 * np.sin(x * rng.uniform(0.5, 0.9)) * rng.uniform(0.3, 1, len(x))
        points = np.stack([x, height], 1).astype(np.int32)
        cv2.polylines(image, [points], False, (40, 50, 110), 1, cv2.LINE_AA)
    return image


def carton(rng: np.random.Generator) -> np.ndarray:
    """Print a side of a cardboard box with tape, words and a label."""
    tone = np.array((178, 142, 100)) * rng.uniform(0.75, 1.15) * rng.uniform(0.95, 1.05, 3)
    shade = 1 + 0.05 * cloud_noise((256, 256), (90, 3), rng, octaves=2)
    image = np.clip(tone * shade[..., None], 0, 255).astype(np.uint8)
    if rng.random() < 0.7:
        image[:, 112:144] = image[:, 112:144] // 4 * 3 + np.uint8(50)
    if rng.random() < 0.6:
        write_words(rng, image, int(rng.integers(60, 220)), 1.0, tuple((tone * 0.35).tolist()), 2)
    if rng.random() < 0.6:
        x, y = rng.integers(8, 150, 2)
        image[y:y + 80, x:x + 96] = cv2.resize(label(rng), (96, 80), interpolation=cv2.INTER_AREA)
    return image


def label(rng: np.random.Generator) -> np.ndarray:
    """Print an address label with a bar code."""
    image = np.full((128, 160, 3), 244, np.uint8)
    write_lines(rng, image[10:60, 10:110], (30, 30, 30), 8)
    bars = np.repeat(rng.random(48) < 0.5, 3)
    image[70:116, 8:152] = np.where(bars[:, None], 25, 244).astype(np.uint8)
    return image


def tag(rng: np.random.Generator) -> np.ndarray:
    """Print a coloured tag with one word."""
    image = np.full((128, 160, 3), drawn_color(rng, 'any'), np.uint8)
    write_words(rng, image, 76, 1.1, (250, 250, 250), 2)
    return image


def pin_board(rng: np.random.Generator) -> np.ndarray:
    """Pin pages and posters to cork or felt."""
    back = np.array((176, 132, 86)) if rng.random() < 0.6 else np.array(drawn_color(rng, 'any'))
    shade = 1 + 0.1 * cloud_noise((256, 384), (100, 150), rng, octaves=2)
    image = np.clip(back * shade[..., None], 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(3, 14))):
        sheet = _one_of(rng, (page, text_poster, chart, tag, letter))
        height = int(rng.integers(40, 120))
        width = min(height * sheet.shape[1] // sheet.shape[0], 150)
        y, x = int(rng.integers(4, 252 - height)), int(rng.integers(4, 380 - width))
        image[y:y + height, x:x + width] = cv2.resize(sheet, (width, height),
                                                      interpolation=cv2.INTER_AREA)
    return _edged(image, rng)


def whiteboard(rng: np.random.Generator) -> np.ndarray:
    """Write and draw on a white board."""
    image = np.full((256, 384, 3), 240, np.uint8)
    for _ in range(int(rng.integers(2, 9))):
        ink = ((30, 40, 150), (170, 30, 40), (30, 30, 30), (20, 120, 60))[int(rng.integers(4))]
        x, y = int(rng.integers(10, 250)), int(rng.integers(20, 220))
        end = x + int(rng.integers(30, 120)), y + int(rng.integers(-20, 40))
        if rng.random() < 0.5:
            cv2.putText(image, str(rng.choice(WORDS)), (x, y), FONTS[4], 0.8, ink, 1, cv2.LINE_AA)
        elif rng.random() < 0.5:
            cv2.rectangle(image, (x, y), end, ink, 1, cv2.LINE_AA)
        else:
            cv2.arrowedLine(image, (x, y), end, ink, 1, cv2.LINE_AA)
    return _edged(image, rng)


def sign(rng: np.random.Generator) -> np.ndarray:
    """Print an escape sign, green or red, with an arrow or a word."""
    image = np.full((96, 192, 3), (20, 130, 70) if rng.random() < 0.7 else (180, 30, 34), np.uint8)
    if rng.random() < 0.6:
        cv2.arrowedLine(image, (100, 48), (180, 48), (248, 248, 248), 10, tipLength=0.4)
        cv2.circle(image, (44, 24), 10, (248, 248, 248), -1, cv2.LINE_AA)
        cv2.line(image, (44, 34), (34, 84), (248, 248, 248), 12, cv2.LINE_AA)
    else:
        cv2.putText(image, 'EXIT', (28, 68), FONTS[1], 2.0, (248, 248, 248), 4, cv2.LINE_AA)
    return image


def warning(rng: np.random.Generator) -> np.ndarray:
    """Print a triangle on yellow."""
    image = np.full((128, 160, 3), (236, 190, 40), np.uint8)
    corners = np.array([(80, 14), (132, 100), (28, 100)], np.int32)
    cv2.fillPoly(image, [corners], (24, 24, 24), cv2.LINE_AA)
    cv2.putText(image, '!', (70, 92), FONTS[1], 2.0, (236, 190, 40), 4, cv2.LINE_AA)
    write_lines(rng, image[106:124, 30:130], (30, 30, 30), 8)
    return image


def _one_of(rng: np.random.Generator,
            choices: tuple[Callable[[np.random.Generator], np.ndarray], ...]) -> np.ndarray:
    return choices[int(rng.integers(len(choices)))](rng)


def _edged(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    color = drawn_color(rng, 'wood' if rng.random() < 0.5 else 'metal')
    cv2.rectangle(image, (0, 0), (image.shape[1] - 1, image.shape[0] - 1), color, 7)
    return image
