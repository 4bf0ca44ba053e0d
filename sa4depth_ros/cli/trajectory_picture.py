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

"""A path from above and from the side, next to the truth, drawn without matplotlib."""

from collections.abc import Callable, Iterator, Sequence
import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]
Color = tuple[int, int, int]

PAPER, INK, FAINT, GRID = (250, 250, 248), (40, 40, 44), (120, 120, 124), (226, 226, 224)
OURS, TRUTH = (31, 120, 180), (150, 150, 154)
TITLE, MARGIN, PLOT_WIDTH = 66, 58, 900
HEIGHTS = (120, 620)
FONT = cv2.FONT_HERSHEY_SIMPLEX
_TICKS = 9


class _Axes(NamedTuple):
    """A view: which way (3,) is right, which is up, and what they are called."""

    name: str
    right: NDArray[np.float64]
    up: NDArray[np.float64]
    labels: tuple[str, str]


def trajectory_picture(
    estimated: Points, truth: Points | None, *, unit: str, lines: Sequence[str],
) -> Picture:
    """
    Draw positions (N, 3) in a frame with x forward and z up, RGB (h, w, 3).

    ``truth`` (M, 3) in the same frame is drawn below; ``lines`` stand at the top.
    """
    paths = [estimated] if truth is None or not len(truth) else [truth, estimated]
    panels = [_panel(paths, axes, unit) for axes in _views(np.concatenate(paths))]
    page = np.full((TITLE + sum(len(p) for p in panels), panels[0].shape[1], 3), PAPER, np.uint8)
    for row, line in enumerate(lines[:2]):
        _text(page, line, (MARGIN, 24 + 20 * row), INK if not row else FAINT, 0.5)
    left = page.shape[1] - 250
    for name, color in [('odometry', OURS), ('ground truth', TRUTH)][:len(paths)]:
        cv2.line(page, (left, TITLE - 10), (left + 24, TITLE - 10), color, 3, cv2.LINE_AA)
        _text(page, name, (left + 30, TITLE - 6), INK, 0.42)
        left += 110
    top = TITLE
    for panel in panels:
        page[top:top + len(panel)] = panel
        top += len(panel)
    return page


def _views(points: Points) -> tuple[_Axes, _Axes]:
    """From above, lying so that it is wide, and from the side that is wider."""
    x, y, z = np.eye(3)
    wide = np.ptp(points, axis=0)
    if wide[0] >= wide[1]:
        return (_Axes('from above', x, y, ('x', 'y')), _Axes('from the side', x, z, ('x', 'z')))
    return (_Axes('from above', -y, x, ('-y', 'x')), _Axes('from behind', -y, z, ('-y', 'z')))


def _panel(paths: Sequence[Points], axes: _Axes, unit: str) -> Picture:
    flat = [np.stack([path @ axes.right, path @ axes.up], 1) for path in paths]
    low = np.concatenate(flat).min(0)
    size = np.maximum(np.concatenate(flat).max(0) - low, 1e-3)
    # Both axes have one scale; a flat path gets a flat picture.
    scale = min(PLOT_WIDTH / size[0], HEIGHTS[1] / size[1])
    height = int(np.clip(size[1] * scale, *HEIGHTS))
    panel = np.full((height + 2 * MARGIN, PLOT_WIDTH + 2 * MARGIN, 3), PAPER, np.uint8)
    middle = np.array([PLOT_WIDTH, height]) / 2 + MARGIN
    centre = low + size / 2

    def pixels(points: Points) -> NDArray[np.int32]:
        moved = middle + (points - centre) * (scale, -scale)
        return np.rint(moved).astype(np.int32)

    _grid(panel, pixels, centre, np.array([PLOT_WIDTH, height]) / scale)
    _text(panel, f'{axes.name}: {axes.labels[0]} to the right, {axes.labels[1]} up [{unit}]',
          (MARGIN, MARGIN - 8), FAINT, 0.42)
    colors = (TRUTH, OURS) if len(flat) == 2 else (OURS,)
    for points, color, width in zip(flat, colors, (5, 2) if len(flat) == 2 else (2,)):
        cv2.polylines(panel, [pixels(points)], False, color, width, cv2.LINE_AA)
        cv2.circle(panel, tuple(int(v) for v in pixels(points[:1])[0]), 5, color, -1, cv2.LINE_AA)
    return panel


def _grid(
    panel: Picture, pixels: Callable[[Points], NDArray[np.int32]], centre: Points, size: Points,
) -> None:
    step = next(s for s in _steps() if size[0] <= _TICKS * s)
    for axis in (0, 1):
        low, high = centre[axis] - size[axis] / 2, centre[axis] + size[axis] / 2
        for count in range(math.ceil(low / step), math.floor(high / step) + 1):
            at = centre.copy()
            at[axis] = count * step
            _tick(panel, axis, int(pixels(at[None])[0, axis]), f'{count * step:.4g}')


def _tick(panel: Picture, axis: int, where: int, label: str) -> None:
    height, width = panel.shape[:2]
    if axis == 0:
        cv2.line(panel, (where, MARGIN), (where, height - MARGIN), GRID, 1)
        _text(panel, label, (where - 4 * len(label), height - MARGIN + 16), FAINT, 0.38)
    else:
        cv2.line(panel, (MARGIN, where), (width - MARGIN, where), GRID, 1)
        _text(panel, label, (8, where + 4), FAINT, 0.38)


def _steps() -> Iterator[float]:
    for power in range(-4, 12):
        yield from (base * 10.0 ** power for base in (1, 2, 5))


def _text(
    picture: Picture, text: str, at: tuple[int, int], color: Color, size: float,
) -> None:
    cv2.putText(picture, text, at, FONT, size, color, 1, cv2.LINE_AA)
