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

"""Pictures that are used once: posters, book spines, a rug, a door, a screen."""

import cv2
import numpy as np
from sa4depth_train.worlds.noise import cloud_noise, darkened, tinted

PALETTE = ((196, 78, 58), (228, 168, 72), (62, 110, 130), (44, 62, 80), (112, 146, 100),
           (214, 198, 166), (146, 78, 96), (238, 232, 218))


def landscape_poster(rng: np.random.Generator, *, size: int = 384) -> np.ndarray:
    """Paint layered hills under a sun, uint8 (size, size, 3)."""
    rows = np.linspace(0, 1, size, dtype=np.float32)[:, None].repeat(size, 1)
    sky = np.array([242, 196, 140]) * (1 - rows[..., None]) + np.array([250, 232, 206]) \
        * rows[..., None]
    image = sky.astype(np.uint8)
    centre = int(size * rng.uniform(0.3, 0.7)), int(size * 0.32)
    cv2.circle(image, centre, int(size * 0.12), (222, 92, 60), -1, cv2.LINE_AA)
    for layer in range(5):
        height = size * (0.42 + 0.11 * layer) + size * 0.06 * cloud_noise(
            (1, size), (1, 3 + 2 * layer), rng, octaves=3)[0]
        outline = [(x, int(height[x])) for x in range(size)] + [(size, size), (0, size)]
        tone = np.array([120, 148, 150]) * (1 - layer / 5) + np.array([24, 58, 66]) * layer / 5
        cv2.fillPoly(image, [np.array(outline, np.int32)], tone.tolist(), cv2.LINE_AA)
    return _framed(image)


def abstract_poster(rng: np.random.Generator, *, size: int = 384) -> np.ndarray:
    """Paint discs, arcs and bars on cream paper, uint8 (size, size, 3)."""
    image = tinted((240, 232, 214), 1 + 0.015 * cloud_noise((size, size), (60, 60), rng))
    for index in rng.permutation(len(PALETTE) - 1):
        color = PALETTE[index]
        x, y = (int(v) for v in rng.integers(size // 6, size * 5 // 6, 2))
        extent = int(rng.integers(size // 12, size // 4))
        if index % 3 == 0:
            cv2.circle(image, (x, y), extent, color, -1, cv2.LINE_AA)
        elif index % 3 == 1:
            cv2.rectangle(image, (x - extent, y - extent // 4), (x + extent, y + extent // 4),
                          color, -1)
        else:
            cv2.ellipse(image, (x, y), (extent, extent), 0, 180, 360, color, size // 24,
                        cv2.LINE_AA)
    return _framed(image)


def map_poster(rng: np.random.Generator, *, size: int = 512) -> np.ndarray:
    """Draw the contour lines and rivers of an invented island, uint8 (size, size, 3)."""
    centre = np.hypot(*(np.mgrid[:size, :size] / size - 0.5)) * 3.2
    relief = cloud_noise((size, size), (3, 3), rng, octaves=5) * 0.45 + 1.0 - centre
    land = np.clip(relief * 4 + 0.5, 0, 1)[..., None]
    shore = np.array([150, 190, 204]) * (1 - land) + np.array([226, 214, 178]) * land
    lines = np.abs(((relief * 9) % 1) - 0.5) > 0.43
    shore[lines & (relief > 0)] *= 0.72
    image = np.clip(shore, 0, 255).astype(np.uint8)
    for step in range(1, 6):
        cv2.line(image, (0, step * size // 6), (size, step * size // 6), (170, 160, 140), 1)
        cv2.line(image, (step * size // 6, 0), (step * size // 6, size), (170, 160, 140), 1)
    cv2.putText(image, 'TERRA', (size // 16, size - size // 14), cv2.FONT_HERSHEY_SIMPLEX,
                size / 420, (70, 60, 50), 2, cv2.LINE_AA)
    return _framed(image)


def book_row(rng: np.random.Generator, *, shape: tuple[int, int] = (128, 1024),
             books: int = 16) -> np.ndarray:
    """Paint ``books`` spines side by side, each of the same width, uint8 (h, w, 3)."""
    image = np.zeros((*shape, 3), np.uint8)
    width = shape[1] // books
    for index in range(books):
        color = np.array(PALETTE[rng.integers(len(PALETTE))]) * rng.uniform(0.75, 1.05)
        ink = (235, 226, 200) if color.mean() < 150 else (60, 48, 44)
        spine = np.full((shape[0], width, 3), np.clip(color, 0, 255), np.uint8)
        band = int(rng.integers(shape[0] // 10, shape[0] // 4))
        cv2.rectangle(spine, (0, band), (width, band + 4), ink, -1)
        cv2.rectangle(spine, (0, shape[0] - band), (width, shape[0] - band + 3), ink, -1)
        for line in range(int(rng.integers(1, 4))):
            x = width // 4 + line * width // 4
            end = int(rng.integers(shape[0] // 2, shape[0] * 3 // 4))
            cv2.line(spine, (x, shape[0] // 3), (x, end), ink, max(1, width // 20))
        image[:, index * width:(index + 1) * width] = spine
    round_off = 0.72 + 0.28 * np.sin(np.pi * (np.arange(shape[1]) % width + 0.5) / width) ** 0.6
    return darkened(image, np.tile(round_off, (shape[0], 1)).astype(np.float32))


def rug(rng: np.random.Generator, *, shape: tuple[int, int] = (640, 896)) -> np.ndarray:
    """Weave a bordered rug with rows of diamonds, uint8 (h, w, 3)."""
    image = np.full((*shape, 3), PALETTE[6], np.uint8)
    edge = shape[0] // 14
    for ring, color in enumerate((PALETTE[3], PALETTE[5], PALETTE[0], PALETTE[3])):
        inset = ring * edge // 2
        cv2.rectangle(image, (inset, inset), (shape[1] - inset, shape[0] - inset), color, -1)
    step = shape[0] // 7
    for j, y in enumerate(range(2 * edge + step // 2, shape[0] - 2 * edge, step)):
        for i, x in enumerate(range(2 * edge + step // 2, shape[1] - 2 * edge, step)):
            for scale, color in ((0.48, PALETTE[(i + j) % 2 + 1]), (0.30, PALETTE[5]),
                                 (0.15, PALETTE[0])):
                r = int(step * scale)
                diamond = np.array([(x, y - r), (x + r, y), (x, y + r), (x - r, y)], np.int32)
                cv2.fillPoly(image, [diamond], color, cv2.LINE_AA)
    pile = 1 + 0.09 * rng.standard_normal(shape) + 0.03 * cloud_noise(shape, (20, 28), rng)
    return darkened(image, np.clip(pile, 0.6, 1.25).astype(np.float32))


def door(rng: np.random.Generator, boards: np.ndarray) -> np.ndarray:
    """Cut four sunk panels into a wooden picture, uint8 like ``boards``."""
    height, width = boards.shape[:2]
    shade = np.ones((height, width), np.float32)
    for top, bottom in ((0.07, 0.46), (0.54, 0.93)):
        for left, right in ((0.12, 0.46), (0.54, 0.88)):
            x0, x1 = int(left * width), int(right * width)
            y0, y1 = int(top * height), int(bottom * height)
            shade[y0:y1, x0:x1] = 0.92
            shade[y0:y0 + 8, x0:x1] = 0.62
            shade[y0:y1, x0:x0 + 8] = 0.72
            shade[y1 - 8:y1, x0:x1] = 1.12
    return darkened(boards, shade + 0.01 * rng.standard_normal((height, width)))


def screen(rng: np.random.Generator, *, shape: tuple[int, int] = (270, 480)) -> np.ndarray:
    """Show an editor window on a monitor, uint8 (h, w, 3)."""
    image = np.full((*shape, 3), (30, 36, 48), np.uint8)
    cv2.rectangle(image, (0, 0), (shape[1], shape[0] // 14), (58, 66, 84), -1)
    cv2.rectangle(image, (0, 0), (shape[1] // 6, shape[0]), (40, 48, 62), -1)
    for row in range(shape[0] // 8, shape[0] - 10, 11):
        x = shape[1] // 5 + 14 * int(rng.integers(0, 4))
        while x < shape[1] * 0.85 and rng.random() > 0.18:
            length = int(rng.integers(12, 60))
            color = PALETTE[int(rng.choice([1, 4, 5, 7]))]
            cv2.rectangle(image, (x, row), (x + length, row + 5), color, -1)
            x += length + 8
    return image


def _framed(image: np.ndarray) -> np.ndarray:
    size = image.shape[0]
    cv2.rectangle(image, (0, 0), (size - 1, size - 1), (246, 242, 234), size // 12)
    cv2.rectangle(image, (0, 0), (size - 1, size - 1), (52, 44, 38), size // 28)
    return image
