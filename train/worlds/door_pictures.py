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

"""Doors, gates, windows, gratings, lamps and rows of binders as flat pictures, uint8 RGB."""

import cv2
import numpy as np
from sa4depth_train.worlds.colors import Color, drawn_color
from sa4depth_train.worlds.noise import cloud_noise, darkened

DOOR = (384, 176)


def flush_door(rng: np.random.Generator) -> np.ndarray:
    """Make a smooth door, perhaps with a kick plate and a small sign."""
    image = _leaf(rng)
    if rng.random() < 0.4:
        image[-44:-4, 6:-6] = np.uint8(rng.uniform(120, 190))
    if rng.random() < 0.5:
        image[110:128, 60:116] = drawn_color(rng, 'any')
    return image


def panelled_door(rng: np.random.Generator) -> np.ndarray:
    """Make a door with sunk panels."""
    image = _leaf(rng)
    columns, rows = int(rng.integers(1, 3)), int(rng.integers(2, 5))
    width, height = (DOOR[1] - 20) // columns, (DOOR[0] - 30) // rows
    shade = np.ones(DOOR, np.float32)
    for row in range(rows):
        for column in range(columns):
            x, y = 18 + column * width, 22 + row * height
            area = shade[y:y + height - 16, x:x + width - 16]
            area[:] = 0.94
            area[:4], area[:, :4], area[-4:] = 0.65, 0.75, 1.12
    return darkened(image, shade)


def glazed_door(rng: np.random.Generator) -> np.ndarray:
    """Make a door with a pane: a slit, a half or nearly the whole."""
    image = _leaf(rng)
    left, right, top, bottom = ((120, 150, 60, 220), (34, 142, 40, 180), (26, 150, 30, 350)
                                )[int(rng.integers(3))]
    image[top - 6:bottom + 6, left - 6:right + 6] = np.uint8(rng.uniform(50, 200))
    image[top:bottom, left:right] = _glass(rng, (bottom - top, right - left))
    return image


def ribbed_door(rng: np.random.Generator) -> np.ndarray:
    """Make a door of lying boards with a cross bar."""
    image, pitch = _leaf(rng), int(rng.integers(12, 40))
    shade = np.where(np.arange(DOOR[0]) % pitch < 3, 0.6, 1.0)[:, None]
    shade = np.broadcast_to(shade, DOOR).astype(np.float32).copy()
    if rng.random() < 0.5:
        shade[180:206] = 0.5
    return darkened(image, shade)


def sectional_gate(rng: np.random.Generator) -> np.ndarray:
    """Make a garage or dock door of wide sections."""
    tone, rows = drawn_color(rng, 'car'), int(rng.integers(4, 7))
    t = np.arange(320) * rows / 320 % 1
    shade = np.where(t < 0.03, 0.6, 1 - 0.05 * t)[:, None] * np.ones((320, 320))
    image = _shaded(tone, shade * (1 + 0.02 * cloud_noise((320, 320), (4, 4), rng)))
    row = int(rng.integers(rows - 2))
    if rng.random() < 0.5:
        top = row * 320 // rows + 14
        for x in range(24, 300, 74):
            image[top:top + 320 // rows - 28, x:x + 54] = _glass(rng, (320 // rows - 28, 54))
    return image


def shutter_gate(rng: np.random.Generator) -> np.ndarray:
    """Make a roller shutter."""
    t = np.arange(320) * int(rng.integers(20, 44)) / 320 % 1
    shade = (0.75 + 0.35 * np.sin(np.pi * t))[:, None] * np.ones((320, 320))
    return _shaded(drawn_color(rng, 'metal'),
                   shade * (1 + 0.05 * cloud_noise((320, 320), (4, 4), rng)))


def casement(rng: np.random.Generator) -> np.ndarray:
    """Make a window from outside: frame, bars, panes that mirror the sky, curtains."""
    image = np.full((256, 192, 3), drawn_color(rng, 'plastic'), np.uint8)
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    glass = _glass(rng, (256, 192))
    if rng.random() < 0.5:
        width = int(rng.integers(20, 70))
        glass[:, :width] = glass[:, :width] // 2 + np.uint8(80)
        glass[:, -width:] = glass[:, -width:] // 2 + np.uint8(80)
    for row in range(rows):
        for column in range(columns):
            y0, y1 = (12 + 232 * k // rows for k in (row, row + 1))
            x0, x1 = (12 + 168 * k // columns for k in (column, column + 1))
            image[y0 + 4:y1 - 4, x0 + 4:x1 - 4] = glass[y0 + 4:y1 - 4, x0 + 4:x1 - 4]
    return image


def blinds(rng: np.random.Generator) -> np.ndarray:
    """Make a window with lowered blinds or shutters."""
    image = np.full((256, 192, 3), drawn_color(rng, 'plastic'), np.uint8)
    image[12:-12, 12:-12] = _glass(rng, (232, 168))
    low = 12 + int(232 * rng.uniform(0.3, 1.0))
    tone = np.array(drawn_color(rng, 'paper'))
    line = 0.75 + 0.25 * (np.arange(low - 12) * rng.uniform(0.05, 0.12) % 1)
    image[12:low, 12:-12] = np.clip(tone * line[:, None, None], 0, 255)
    return image


def vent(rng: np.random.Generator) -> np.ndarray:
    """Make a ventilation grating."""
    image = np.full((128, 192, 3), drawn_color(rng, 'metal'), np.uint8)
    for y in range(14, 112, int(rng.integers(6, 14))):
        image[y:y + 3, 12:-12] = 30
    return image


def slots(rng: np.random.Generator) -> np.ndarray:
    """Make a grating of upright slots."""
    image = np.full((128, 192, 3), drawn_color(rng, 'metal'), np.uint8)
    for x in range(14, 178, int(rng.integers(6, 14))):
        image[12:60, x:x + 3] = image[68:-12, x:x + 3] = 30
    return image


def diffuser(rng: np.random.Generator) -> np.ndarray:
    """Make the even light of a lamp's cover."""
    warmth = rng.uniform(0.82, 1.0)
    v, u = np.mgrid[-1:1:64j, -1:1:64j]
    light = 255 - rng.uniform(0, 30) * np.maximum(np.abs(u), np.abs(v)) ** 4
    return np.clip(light[..., None] * (1, 0.5 + 0.5 * warmth, warmth), 0, 255).astype(np.uint8)


def louvre(rng: np.random.Generator) -> np.ndarray:
    """Make tubes behind a bright grid."""
    image = np.full((128, 128, 3), 236, np.uint8)
    image[36:56] = image[76:96] = 255
    image[::int(rng.integers(12, 30))] = 190
    return image


def binders(rng: np.random.Generator) -> np.ndarray:
    """Make 16 spines of office binders side by side."""
    image = np.empty((128, 1024, 3), np.uint8)
    tones = [drawn_color(rng, 'plastic') for _ in range(int(rng.integers(1, 5)))]
    for x in range(0, 1024, 64):
        image[:, x:x + 64] = tones[int(rng.integers(len(tones)))]
        image[20:64, x + 12:x + 52] = 238
        image[30:54:8, x + 18:x + 46] = 60
        cv2.circle(image, (x + 32, 100), 9, (30, 30, 30), -1, cv2.LINE_AA)
        image[:, x:x + 2] = 24
    return image


def _leaf(rng: np.random.Generator) -> np.ndarray:
    role = 'wood' if rng.random() < 0.55 else 'wall' if rng.random() < 0.6 else 'metal'
    strength = rng.uniform(0.0, 0.09) if role == 'wood' else 0.01
    fibres = cloud_noise(DOOR, (2, 60), rng, octaves=3, gain=0.7)
    image = _shaded(drawn_color(rng, role), 1 + strength * fibres)
    image[:3] = image[:, :2] = image[:, -2:] = image[0, 0] // 2
    return image


def _glass(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    dark, light = np.array(drawn_color(rng, 'glass')), np.array((190, 210, 228))
    field = np.clip(0.25 + rng.uniform(0, 0.4) * np.linspace(1, 0, shape[0])[:, None]
                    + 0.12 * cloud_noise(shape, (2, 2), rng, octaves=3), 0, 1)[..., None]
    return (dark * (1 - field) + light * field).astype(np.uint8)


def _shaded(tone: Color, shade: np.ndarray) -> np.ndarray:
    return np.clip(np.asarray(tone) * shade[..., None], 0, 255).astype(np.uint8)
