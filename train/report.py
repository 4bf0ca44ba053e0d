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

"""Pictures of predictions, for people to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.colorize import colorize

_HEIGHT = 180
_WORST = 0.5
# Below this share of known pixels a ground truth is sparse.
_DENSE = 0.3
_TITLES = ('image', 'ground truth', 'prediction{}', f'relative error, 0 to {_WORST}')


@dataclass(frozen=True)
class Picture:
    """
    One frame: ``color`` (h, w, 3) RGB, ``target`` and ``prediction`` (h, w) depth.

    ``target`` is 0 where unknown, ``prediction`` has REP 117 invalids. ``scaled`` says that
    the prediction, of no unit by itself, was brought to the target's median; ``name`` tells
    people which frame it is.
    """

    color: NDArray[np.uint8]
    target: NDArray[np.float32]
    prediction: NDArray[np.float32]
    scaled: bool = False
    name: str = ''


def write_strip(path: Path, pictures: Sequence[Picture]) -> None:
    """Write the pictures as rows of colour, ground truth, prediction and error, as PNG."""
    rows = [_row(picture) for picture in pictures]
    width = max(row.shape[1] for row in rows)
    scaled = any(picture.scaled for picture in pictures)
    titles = [title.format(', scaled to its median' if scaled else '') for title in _TITLES]
    page = np.vstack([_titles(width, titles), *(_padded(row, width) for row in rows)])
    _write(path, page)


def write_comparison(
    path: Path, models: Mapping[str, Sequence[Picture]], rows: Sequence[int],
) -> None:
    """
    Write what several models say of the same frames: colour, truth, predictions, errors.

    ``models`` are pictures of the same frames by the name of the model, ``rows`` the numbers
    of those that are shown. All depths of a row have one colour scale; its mean relative error
    stands in each error picture. PNG or JPEG, as the path says.
    """
    lines = []
    for row in rows:
        pictures = [of_model[row] for of_model in models.values()]
        depths = _depths(pictures[0].target, *(picture.prediction for picture in pictures))
        errors = [_labelled(_shrunk(_error(picture)), picture) for picture in pictures]
        lines.append(np.hstack([_shrunk(pictures[0].color), *map(_shrunk, depths), *errors]))
    width = max(line.shape[1] for line in lines)
    titles = ['image', 'measured', *models, *(f'error {name}' for name in models)]
    _write(path, np.vstack([_titles(width, titles), *(_padded(line, width) for line in lines)]))


def relative_error(picture: Picture) -> float:
    """Give the mean of |prediction - target| / target, NaN where nothing can be compared."""
    known = (picture.target > 0) & np.isfinite(picture.prediction)
    true = picture.target[known]
    return float(np.mean(np.abs(picture.prediction[known] - true) / true)) if true.size else np.nan


def _write(path: Path, page: NDArray[np.uint8]) -> None:
    if not cv2.imwrite(str(path), cv2.cvtColor(page, cv2.COLOR_RGB2BGR)):
        raise BagError(f"cannot write the picture '{path}'; is the folder writable?")


def _row(picture: Picture) -> NDArray[np.uint8]:
    depths = _depths(picture.target, picture.prediction)
    color, true, predicted, error = (
        _shrunk(p) for p in (picture.color, *depths, _error(picture)))
    _text(color, picture.name, (6, color.shape[0] - 8))
    return np.hstack([color, true, predicted, _labelled(error, picture)])


def _depths(
    target: NDArray[np.float32], *predictions: NDArray[np.float32],
) -> list[NDArray[np.uint8]]:
    known = target[target > 0]
    near, far = (np.percentile(known, (2, 98)) if known.size else (0.5, 10.0))
    depths = [colorize(depth, float(near) * 0.9, float(far) * 1.1 + 0.1)
              for depth in (target, *predictions)]
    if known.size < _DENSE * target.size:
        depths[0] = _grown(depths[0])
    return depths


def _grown(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Let each point grow: a sparse ground truth is hardly visible once shrunk."""
    return cv2.dilate(image, np.ones((3, 3)))  # type: ignore[call-overload,no-any-return]


def _error(picture: Picture) -> NDArray[np.uint8]:
    known = (picture.target > 0) & np.isfinite(picture.prediction)
    with np.errstate(divide='ignore', invalid='ignore'):
        error = np.abs(picture.prediction - picture.target) / picture.target
    level = np.where(known, np.clip(error / _WORST, 0, 1) * 255, 0).astype(np.uint8)
    if known.mean() < _DENSE:
        level, known = _grown(level), _grown(known.astype(np.uint8)) > 0
    bgr = cv2.applyColorMap(level, cv2.COLORMAP_INFERNO)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    rgb[~known] = (40, 60, 40)
    return rgb  # type: ignore[return-value]


def _shrunk(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    width = round(image.shape[1] * _HEIGHT / image.shape[0])
    return cv2.resize(  # type: ignore[return-value]
        image, (width, _HEIGHT), interpolation=cv2.INTER_AREA)


def _padded(row: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    return np.pad(row, ((0, 2), (0, width - row.shape[1]), (0, 0)))


def _titles(width: int, titles: Sequence[str]) -> NDArray[np.uint8]:
    bar = np.zeros((22, width, 3), dtype=np.uint8)
    for number, title in enumerate(titles):
        _text(bar, title, (4 + number * width // len(titles), 16))
    return bar


def _labelled(image: NDArray[np.uint8], picture: Picture) -> NDArray[np.uint8]:
    _text(image, f'{relative_error(picture):.2f}', (6, image.shape[0] - 8))
    return image


def _text(image: NDArray[np.uint8], text: str, place: tuple[int, int]) -> None:
    # A dark rim: letters lie on pictures of any brightness.
    for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, color, width, cv2.LINE_AA)
