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

"""Things close before the camera, drawn over training images with their depth."""

import colorsys
from dataclasses import dataclass
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_train.data_config import AugmentationConfig

Image = NDArray[np.uint8]
Depth = NDArray[np.float32]
Points = NDArray[np.float64]

_NEAREST, _FARTHEST = 0.3, 1.6
_MOST_BLUR = 4.0
# Plain plates that fill a side look like floors and walls cut off there: few, and small.
_PLANTS = 0.75
_LARGEST_SOLID = 0.2
# Share of the width: a depth camera sees no smaller gap between leaves, nor does the network.
_GAP = 0.055
_BITS = 4


@dataclass(frozen=True, eq=False)
class _Layer:
    """
    What is drawn: ``color`` (h, w, 3), how much of it covers (h, w) and its depth (h, w).

    Gaps of up to ``gap`` pixels count as what is around them.
    """

    color: NDArray[np.float32]
    cover: NDArray[np.float32]
    depth: Depth
    gap: int

    @classmethod
    def empty(cls, height: int, width: int, gap: int) -> '_Layer':
        return cls(np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32),
                   np.zeros((height, width), np.float32), gap)


def add_foreground(
    image: Image, depth: Depth, config: AugmentationConfig, rng: np.random.Generator,
) -> tuple[Image, Depth]:
    """
    Put a plant or other things before the camera, 0.3 to 1.6 m away, reaching in from a side.

    ``image`` (h, w, 3) RGB, ``depth`` (h, w) metres, 0 unknown; new ones come back, or the same
    when ``config.foreground`` leaves them out. They are often dark and out of focus, as things
    that near are. Nothing is put behind what is known to be nearer. Between leaves that are close
    together one sees the background, but depth is the plant's, as depth cameras measure it.
    """
    if config.foreground == 0 or rng.random() >= config.foreground:
        return image, depth
    is_plant = rng.random() < _PLANTS
    height, width = depth.shape
    layer = _Layer.empty(height, width, round(_GAP * width) if is_plant else 0)
    if is_plant:
        _draw_plant(layer, rng)
    else:
        for _ in range(rng.integers(1, 4)):
            _draw_solid(layer, image, rng)
    return _composed(image, depth, layer, rng.uniform(0, _MOST_BLUR))


def _composed(image: Image, depth: Depth, layer: _Layer, blur: float) -> tuple[Image, Depth]:
    behind = (layer.cover > 0) & (depth > 0) & (depth < layer.depth)
    cover = np.where(behind, np.float32(0), layer.cover)
    # The unsharp rim mixes with what is behind; colours must not mix with the empty black.
    color = layer.color * cover[..., None]
    if blur > 0.3:
        cover, color = (cv2.GaussianBlur(one, (0, 0), blur)  # type: ignore[assignment]
                        for one in (cover, color))
    mixed = image * (1 - cover[..., None]) + color
    near = _closed(np.where((cover > 0.5) & (layer.depth > 0), layer.depth, 0), layer.gap)
    shown = (near > 0) & ~((depth > 0) & (depth < near))
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8), np.where(shown, near, depth)


def _closed(depth: Depth, gap: int) -> Depth:
    """Fill gaps of up to ``gap`` pixels in depth (h, w), 0 where there is none, from around."""
    if gap < 2:
        return depth
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap))
    drawn = (depth > 0).astype(np.float32)
    # Leaves go on beyond the edge of the picture.
    wide = cv2.copyMakeBorder(drawn, gap, gap, gap, gap, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, kernel)[gap:-gap, gap:-gap] > 0
    total, share = (cv2.blur(one, (2 * gap, 2 * gap)) for one in (depth, drawn))
    filled = closed & (drawn == 0) & (share > 1e-4)
    return np.where(filled, total / np.maximum(share, np.float32(1e-4)), depth)


def _draw_plant(layer: _Layer, rng: np.random.Generator) -> None:
    """Draw leaves on a few stems that come in from a side, the farthest first."""
    height, width = layer.cover.shape
    distance = _distance(rng)
    color = _color(rng, hue=rng.uniform(0.2, 0.42) if rng.random() < 0.7 else rng.random())
    long, thin = rng.uniform(0.12, 0.5) * height, rng.uniform(0.05, 0.22)
    starts = np.concatenate([_stem((width, height), rng) for _ in range(rng.integers(1, 4))])
    fall = rng.uniform(-0.3, 0.6)
    leaves = len(starts) * int(rng.integers(1, 5))
    for near in np.sort(rng.uniform(0.75, 1.25, leaves))[::-1]:
        angle = rng.uniform(-math.pi, math.pi)
        length = long * rng.uniform(0.5, 1.3)
        leaf = _leaf(starts[rng.integers(len(starts))], angle, length, thin * length, fall)
        shade = color * np.exp(rng.normal(0, 0.35))
        # The two sides of the midrib catch other light.
        half = len(leaf) // 2
        _fill(layer, leaf, shade, distance * near)
        _fill(layer, leaf[half // 2:half + half // 2 + 1], shade * rng.uniform(0.7, 1.4),
              distance * near)


def _stem(size: tuple[int, int], rng: np.random.Generator) -> Points:
    """Give points (n, 2) where leaves begin, along a line inwards from a point at a side."""
    width, height = size
    side, along = rng.integers(4), rng.random()
    start = np.array([(-0.05, along), (1.05, along), (along, -0.05), (along, 1.05)][side])
    inward = np.array([(1, 0), (-1, 0), (0, 1), (0, -1)][side])
    turned = inward + rng.normal(0, 0.7, 2)
    reach = rng.uniform(0.05, 0.6)
    places = np.linspace(0, reach, int(rng.integers(8, 28)))
    line = start + places[:, None] * turned / max(float(np.linalg.norm(turned)), 1e-6)
    points: Points = (line + rng.normal(0, 0.03, line.shape)) * (width, height)
    return points


def _leaf(start: Points, angle: float, length: float, width: float, fall: float) -> Points:
    """Give the outline (n, 2) of a pointed leaf, bent by its weight."""
    t = np.linspace(0, 1, 7)
    axis = start + length * (t[:, None] * (math.cos(angle), math.sin(angle))
                             + (t ** 2)[:, None] * (0.0, fall))
    side = np.gradient(axis, axis=0)[:, ::-1] * (1, -1)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
    half = (width / 2 * np.sin(math.pi * t ** 0.8))[:, None]
    return np.concatenate([axis + half * side, (axis - half * side)[::-1]])


def _draw_solid(layer: _Layer, image: Image, rng: np.random.Generator) -> None:
    """Draw a plate, a bar or a round thing that reaches in from a side."""
    height, width = layer.cover.shape
    angles = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(4, 7))))
    if rng.random() < 0.4:
        angles = np.linspace(0, 2 * math.pi, 24, endpoint=False)
    radii = np.array([width, height]) * rng.uniform(0.04, _LARGEST_SOLID, 2)
    center = np.array([width, height]) * _at_a_side(rng)
    turn = rng.uniform(0, math.pi)
    R = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    outline = center + (np.stack([np.cos(angles), np.sin(angles)], 1) * radii) @ R.T
    mask = np.zeros((height, width), np.float32)
    _polygon(mask, outline, 1.0)
    inside = mask > 0
    slope = rng.normal(0, 0.25, 2) / (width, height)
    rows, columns = np.nonzero(inside)
    steps = (columns - center[0]) * slope[0] + (rows - center[1]) * slope[1]
    layer.depth[inside] = np.clip(_distance(rng) * (1 + steps), 0.15, 2 * _FARTHEST)
    light = np.clip(1 + 1.5 * steps, 0.3, 2)[:, None]
    layer.color[inside] = (_surface(image, rng)[inside] * light).clip(0, 255)
    layer.cover[inside] = 1


def _at_a_side(rng: np.random.Generator) -> Points:
    """Give a place near the rim of the unit square."""
    place = rng.uniform(-0.05, 1.05, 2)
    place[rng.integers(2)] = rng.choice((0.0, 1.0)) + rng.normal(0, 0.12)
    return place


def _surface(image: Image, rng: np.random.Generator) -> NDArray[np.float32]:
    """Give colours (h, w, 3): one plain colour, or an enlarged part of the image itself."""
    color = _color(rng, hue=rng.random())
    if rng.random() < 0.6:
        return np.broadcast_to(color, image.shape)
    height, width = image.shape[:2]
    top, left = rng.integers(0, height // 2), rng.integers(0, width // 2)
    part = image[top:top + height // 3, left:left + width // 3]
    enlarged = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)
    return (enlarged * rng.uniform(0.15, 1.0)).astype(np.float32)


def _fill(layer: _Layer, outline: Points, color: NDArray[np.float64], distance: float) -> None:
    _polygon(layer.color, outline, tuple(np.clip(color, 0, 255)))
    _polygon(layer.cover, outline, 1.0)
    _polygon(layer.depth, outline, distance)


def _polygon(canvas: NDArray[np.float32], outline: Points,
             value: float | tuple[float, ...]) -> None:
    corners = np.round(outline * (1 << _BITS)).astype(np.int32)
    cv2.fillPoly(canvas, [corners], value, shift=_BITS)  # type: ignore[call-overload]


def _distance(rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(math.log(_NEAREST), math.log(_FARTHEST)))


def _color(rng: np.random.Generator, hue: float) -> NDArray[np.float64]:
    """Draw a colour (3,), 0 to 255; dark ones are the most frequent."""
    value = 0.03 + 0.8 * rng.random() ** 2.5
    return 255 * np.array(colorsys.hsv_to_rgb(hue, 0.7 * rng.random(), value))
