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

"""Colours that things of a kind really have: mostly white walls, brown wood, grey metal."""

import colorsys

import numpy as np

Color = tuple[float, float, float]
Span = tuple[float, float]

# Ranges of (hue, saturation, value), each 0..1.
_WHITE = ((0.05, 0.17), (0.0, 0.08), (0.80, 0.95))
_GREY = ((0.0, 1.0), (0.0, 0.06), (0.30, 0.78))
_DARK = ((0.0, 1.0), (0.0, 0.15), (0.05, 0.24))
_PASTEL = ((0.0, 1.0), (0.08, 0.30), (0.60, 0.90))
_STRONG = ((0.0, 1.0), (0.35, 0.90), (0.25, 0.80))
_BROWN = ((0.045, 0.11), (0.25, 0.65), (0.20, 0.78))
_BEIGE = ((0.07, 0.14), (0.10, 0.34), (0.52, 0.86))
_BRICK = ((0.0, 0.06), (0.35, 0.65), (0.32, 0.66))
_GREEN = ((0.20, 0.36), (0.30, 0.72), (0.16, 0.50))
_AUTUMN = ((0.04, 0.17), (0.45, 0.80), (0.30, 0.62))
_EARTH = ((0.05, 0.12), (0.20, 0.50), (0.22, 0.55))
_STREET = ((0.0, 1.0), (0.0, 0.06), (0.24, 0.55))

_COLORS: dict[str, tuple[tuple[float, tuple[Span, Span, Span]], ...]] = {
    'floor': ((0.34, _BROWN), (0.34, _GREY), (0.22, _BEIGE), (0.10, _STRONG)),
    'wall': ((0.52, _WHITE), (0.12, _GREY), (0.28, _PASTEL), (0.08, _STRONG)),
    'plaster': ((0.62, _WHITE), (0.12, _GREY), (0.24, _PASTEL), (0.02, _STRONG)),
    'ceiling': ((0.80, _WHITE), (0.12, _GREY), (0.05, _DARK), (0.03, _BROWN)),
    'wood': ((0.70, _BROWN), (0.14, _WHITE), (0.07, _DARK), (0.09, _STRONG)),
    'fabric': ((0.20, _GREY), (0.14, _DARK), (0.26, _BEIGE), (0.30, _STRONG), (0.10, _WHITE)),
    'metal': ((0.55, _GREY), (0.20, _DARK), (0.10, _WHITE), (0.15, _STRONG)),
    'plastic': ((0.28, _WHITE), (0.26, _DARK), (0.16, _GREY), (0.30, _STRONG)),
    'ceramic': ((0.55, _WHITE), (0.15, _BEIGE), (0.30, _STRONG)),
    'paper': ((0.65, _WHITE), (0.25, _BEIGE), (0.10, _STRONG)),
    'leaf': ((0.90, _GREEN), (0.10, _AUTUMN)),
    'ground': ((0.45, _GREEN), (0.35, _EARTH), (0.20, _BEIGE)),
    'facade': ((0.28, _WHITE), (0.22, _BEIGE), (0.18, _BRICK), (0.17, _GREY), (0.15, _PASTEL)),
    'road': ((0.85, _STREET), (0.15, _BEIGE)),
    'stone': ((0.55, _GREY), (0.30, _BEIGE), (0.15, _EARTH)),
    'roof': ((0.5, _BRICK), (0.35, _STREET), (0.15, _BROWN)),
    'bark': ((1.0, ((0.05, 0.11), (0.12, 0.45), (0.18, 0.42))),),
    'car': ((0.28, _WHITE), (0.24, _DARK), (0.22, _GREY), (0.26, _STRONG)),
    'rubber': ((1.0, ((0.0, 1.0), (0.0, 0.08), (0.05, 0.13))),),
    'glass': ((1.0, ((0.50, 0.62), (0.05, 0.35), (0.10, 0.42))),),
}


def drawn_color(rng: np.random.Generator, role: str) -> Color:
    """Draw a colour (0..255 RGB) for a role; an unknown role may have any colour."""
    choices = _COLORS.get(role, ((0.5, _STRONG), (0.3, _PASTEL), (0.2, _GREY)))
    weights = np.cumsum([weight for weight, _ in choices])
    chosen = choices[int(np.searchsorted(weights, rng.random() * weights[-1], side='right'))][1]
    return _rgb(*(float(rng.uniform(*span)) for span in chosen))


def second_color(rng: np.random.Generator, first: Color, relation: str) -> Color:
    """Draw what goes with a colour: 'shade' of it, 'joint' (mortar, grout) or 'other'."""
    if relation == 'joint':
        grey = rng.uniform(60, 215)
        return _bounded(grey * rng.uniform(0.96, 1.04, 3))
    if relation == 'shade':
        strength = rng.uniform(0.5, 0.85) if rng.random() < 0.7 else rng.uniform(1.1, 1.4)
        return _bounded(np.asarray(first) * strength * rng.uniform(0.94, 1.06, 3))
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in first))
    return _rgb((hue + rng.normal(0, 0.12)) % 1, np.clip(saturation + rng.normal(0, 0.3), 0, 0.9),
                np.clip(value + rng.choice([-1, 1]) * rng.uniform(0.12, 0.5), 0.06, 0.95))


def _rgb(hue: float, saturation: float, value: float) -> Color:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return 255 * red, 255 * green, 255 * blue


def _bounded(color: np.ndarray) -> Color:
    red, green, blue = (float(channel) for channel in np.clip(color, 8, 248))
    return red, green, blue
