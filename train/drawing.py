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

"""Figures of one look, drawn without a screen."""

from pathlib import Path
from typing import Any

from sa4depth_ros.errors import BagError

_DPI = 110


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, **grid: Any,
) -> tuple[Any, list[Any]]:
    """
    Make a figure of ``width`` by ``height`` inches; also give its axes, row by row.

    ``grid`` goes to matplotlib's Figure.subplots.
    """
    # Not pyplot, which keeps global state and may look for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(width, height), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **grid).ravel()
    for ax in axes:
        ax.grid(visible=True, linewidth=0.4, alpha=0.6)
    return figure, list(axes)


def add_legend(ax: Any) -> None:
    """Explain the lines above the plot: inside it would hide data."""
    ax.legend(loc='lower center', bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as PNG; BagError when that is not possible."""
    try:
        figure.savefig(path, dpi=_DPI)
    except OSError as error:
        raise BagError(f"cannot write the picture '{path}': {error}. Is the folder "
                       'writable?') from error
