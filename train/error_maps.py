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

"""Large pictures of single frames: where in the image depth is too near or too far."""

from collections.abc import Sequence
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_train.drawing import new_figure, save_figure
from sa4depth_train.report import Picture, relative_error

_HEIGHT = 200
_LIMIT = 0.5
# Sparser than this, a measurement is drawn as larger dots.
_DENSE = 0.3
_TITLES = ('image', 'truth', 'prediction', 'relative error')

Map = NDArray[np.float64]


def write_error_maps(path: Path, pictures: Sequence[Picture]) -> None:
    """
    Draw each picture, its true and predicted depth, and the signed relative error, as PNG.

    Depths of a row have one colour scale in metres. The error is (prediction - truth) / truth:
    blue is too far, red too near, grey not measured.
    """
    shape = pictures[0].target.shape
    height = 2.9 * shape[0] / shape[1] + 0.35
    figure, axes = new_figure(12.6, max(height, 1.3) * len(pictures), len(pictures), 4)
    for number, picture in enumerate(pictures):
        row = axes[4 * number:4 * number + 4]
        _draw_picture(figure, row, picture)
        if number == 0:
            for ax, title in zip(row, _TITLES):
                ax.set_title(title, fontsize=10)
    save_figure(figure, path)


def _draw_picture(figure: Any, axes: Sequence[Any], picture: Picture) -> None:
    from matplotlib import colormaps
    true, error = _thinned(picture)
    step = _step(picture.target.shape[0])
    predicted = picture.prediction[::step, ::step].astype(np.float64)
    depths = colormaps['turbo_r'].with_extremes(bad='black')
    norm = _inverse(true)
    axes[0].imshow(picture.color[::step, ::step])
    axes[1].imshow(true, cmap=depths, norm=norm, interpolation='nearest')
    shown = axes[2].imshow(np.where(predicted > 0, predicted, np.nan), cmap=depths, norm=norm)
    errors = axes[3].imshow(
        error, cmap=colormaps['RdBu'].with_extremes(bad='#808080'), vmin=-_LIMIT, vmax=_LIMIT,
        interpolation='nearest')
    figure.colorbar(shown, ax=axes[2], label='m', format='{x:.3g}', ticks=_ticks(norm))
    figure.colorbar(errors, ax=axes[3], extend='both')
    axes[0].set_ylabel(picture.name, fontsize=9)
    axes[3].set_xlabel(f'mean |error| {relative_error(picture):.3f}'
                       + (', scaled to its median' if picture.scaled else ''), fontsize=9)
    for ax in axes:
        ax.grid(visible=False)
        ax.set(xticks=[], yticks=[])


def _thinned(picture: Picture) -> tuple[Map, Map]:
    """Give truth and signed relative error, shrunk; NaN where not measured."""
    known = (picture.target > 0) & np.isfinite(picture.prediction) & (picture.prediction > 0)
    rows, columns = np.nonzero(known)
    true = picture.target[known].astype(np.float64)
    error = (picture.prediction[known] - true) / true
    share = max(float(known.mean()), 1e-4)
    step = _step(known.shape[0])
    if share < _DENSE:
        step = max(step, round(math.sqrt(0.5 / share)))
    shape = -(-known.shape[0] // step), -(-known.shape[1] // step)
    maps = np.full((2, *shape), np.nan)
    # Of several pixels in a cell one is shown, in both alike: a mean would hide edges.
    maps[:, rows // step, columns // step] = true, error
    return maps[0], maps[1]


def _step(height: int) -> int:
    return max(1, round(height / _HEIGHT))


def _inverse(true: Map) -> Any:
    """Colour by inverse depth, as everywhere in this project: near things differ more."""
    from matplotlib.colors import FuncNorm
    known = true[np.isfinite(true)]
    near, far = np.percentile(known, (2, 98)) if known.size else (0.5, 10.0)
    return FuncNorm((_turned, _turned), vmin=0.9 * float(near), vmax=1.1 * float(far) + 0.1)


def _turned(values: Any) -> Any:
    return -1 / np.maximum(np.abs(values), 1e-9) * np.where(np.asarray(values) < 0, -1, 1)


def _ticks(norm: Any) -> list[float]:
    inverse = np.linspace(1 / norm.vmin, 1 / norm.vmax, 5)
    return [float(f'{1 / value:.2g}') for value in inverse]
