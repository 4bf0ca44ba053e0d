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

"""Side-by-side pictures of colour and depth, with a legend that says what a colour means."""

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.colorize import colorize

Picture = NDArray[np.uint8]
PAPER, INK, FAINT = (250, 250, 248), (40, 40, 44), (120, 120, 124)
TITLE, MARGIN, LEGEND = 34, 10, 86
SHOWN_WIDTH = 560
FONT = cv2.FONT_HERSHEY_SIMPLEX
NICE_STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


def side_by_side(color: Picture | None, depth: NDArray[np.float32], *,
                 limits: tuple[float, float], unit: str, title: str) -> Picture:
    """
    Put colour (h, w, 3) RGB, depth (h, w) in false colours, and a legend on one page.

    Small images are shown at a whole multiple of their size; colour is scaled to the depth's
    height when their sizes differ, None leaves a grey field.
    """
    height = depth.shape[0] * max(1, round(SHOWN_WIDTH / depth.shape[1]))
    right_view = _scaled(colorize(depth, *limits), height)
    left_view = np.full_like(right_view, 200) if color is None else _scaled(color, height)
    right = MARGIN + left_view.shape[1] + MARGIN
    end = right + right_view.shape[1]
    page = np.full((TITLE + height + MARGIN, end + LEGEND, 3), PAPER, np.uint8)
    page[TITLE:TITLE + height, MARGIN:right - MARGIN] = left_view
    page[TITLE:TITLE + height, right:end] = right_view
    _text(page, title, (MARGIN, 23), INK, size=0.5)
    _legend(page[:, end:], height, limits, unit)
    return page


def save_picture(path: str, picture: Picture) -> None:
    """Write RGB as PNG; raises OSError when that fails."""
    good, data = cv2.imencode('.png', picture[..., ::-1])
    assert good
    with open(path, 'wb') as file:  # noqa: PTH123
        file.write(data.tobytes())


def _scaled(image: Picture, height: int) -> Picture:
    if image.shape[0] == height:
        return image
    width = max(1, round(image.shape[1] * height / image.shape[0]))
    how = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def _legend(area: Picture, height: int, limits: tuple[float, float], unit: str) -> None:
    # Linear in distance, unlike the colours, so that the ticks are evenly spaced.
    near, far = limits
    bar = np.linspace(far, near, height, dtype=np.float32)[:, None].repeat(16, 1)
    area[TITLE:TITLE + height, 8:24] = colorize(np.ascontiguousarray(bar), near, far)
    _text(area, unit if unit == 'm' else unit or '?', (8, 23), FAINT, size=0.45)
    step = next((s for s in NICE_STEPS if (far - near) / s <= max(2, height // 34)),
                NICE_STEPS[-1])
    for value in np.arange(np.ceil(near / step), far / step + 1e-6) * step:
        row = TITLE + int((far - value) / (far - near) * (height - 1))
        cv2.line(area, (24, row), (29, row), FAINT, 1)
        _text(area, f'{value:.3g}', (33, row + 4), INK, size=0.4)


def _text(image: Picture, text: str, at: tuple[int, int], color: tuple[int, int, int], *,
          size: float) -> None:
    cv2.putText(image, text, at, FONT, size, color, 1, cv2.LINE_AA)
