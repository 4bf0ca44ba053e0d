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

"""Tables, pictures and TUM files of compared odometry."""

from collections.abc import Mapping, Sequence
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odometry_methods import Result
from odometry_recording import Recording
from sa4depth_ros.runtime.tum_file import write_tum
from sa4depth_train.trajectory import aligned

BEGIN, END = '<!-- odometry: made by benchmarks/odometry.py -->', '<!-- end of odometry -->'
COLORS = ('#1f78b4', '#33a02c', '#a6761d', '#d95f02', '#7570b3', '#666666')
COLUMNS = {
    'ATE m, rigid': 'ate_se3', 'ATE m, scaled': 'ate_sim3', 'ATE m, told': 'ate_told',
    'scale': 'scale',
    'RPE % of a step': 'rpe_translation', 'RPE degrees': 'rpe_rotation', 't_err %': 'drift',
    't_err %, scaled': 'drift_scaled', 'r_err degrees / 100 m': 'drift_rotation',
    'NEES position': 'nees_position', 'NEES rotation': 'nees_rotation'}


def tables(cases: Mapping[str, Sequence[Result]]) -> str:
    """Lay out in Markdown: a table for each case, a row for each way."""
    blocks = []
    for title, ways in cases.items():
        lines = [f'\n**{title}**: {len(ways[0].path.poses)} frames, '
                 f'{ways[0].metrics["path_length"]:.1f} m\n',
                 '| way | ' + ' | '.join(COLUMNS) + ' | steps lost |',
                 '|---' * (len(COLUMNS) + 2) + '|']
        lines += [' | '.join([f'| {way.title}', *(
            _number(way.metrics.get(key, math.nan)) for key in COLUMNS.values()),
            f'{way.path.lost} |']) for way in ways]
        blocks.append('\n'.join(lines))
    return '\n'.join(blocks)


def write_paths(folder: Path, recording: Recording, ways: Sequence[Result]) -> None:
    """Write the truth and every path, as it was found, as TUM files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tum(folder / 'truth.tum', recording.stamps, recording.truth)
    for way in ways:
        name = '_'.join(way.title.replace(',', '').replace('+', '').split())
        write_tum(folder / f'{name}.tum', recording.stamps, way.path.poses)


def draw_paths(path: Path, title: str, recording: Recording, ways: Sequence[Result]) -> None:
    """Draw the paths along the two widest axes of the truth, aligned with scale, as PNG."""
    # Not pyplot, which keeps global state and may look for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(7.0, 5.6), layout='constrained')
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    truth = recording.truth[:, :3, 3]
    widest = np.sort(np.argsort(np.ptp(truth, axis=0))[1:])
    _line(ax, truth[:, widest], 'truth', '#111111', 2.4)
    for way, color in zip(ways, COLORS):
        fitted = aligned(way.path.poses, recording.truth, scale=not way.own_scale)
        if fitted is not None:
            key = 'ate_se3' if way.own_scale else 'ate_sim3'
            _line(ax, fitted[:, :3, 3][:, widest],
                  f'{way.title}: {way.metrics[key]:.2g} m', color, 1.2)
    ax.set(xlabel=f'{"xyz"[widest[0]]} [m]', ylabel=f'{"xyz"[widest[1]]} [m]')
    ax.set_title(title, loc='left')
    ax.set_aspect('equal', adjustable='datalim')
    ax.grid(visible=True, linewidth=0.4, alpha=0.6)
    figure.legend(loc='outside lower center', ncols=2, frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def _line(
    ax: Any, points: NDArray[np.float64], label: str, color: str, width: float,
) -> None:
    ax.plot(points[:, 0], points[:, 1], color=color, linewidth=width, label=label)
    ax.plot(*points[0], 'o', color=color, markersize=4)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return '-'
    return f'{value:.3g}' if abs(value) < 100 else f'{value:.0f}'
