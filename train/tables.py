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

"""Tables of figures, for the terminal and for the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math

from sa4depth_train.error_curves import ErrorCurves

DEPTH_COLUMNS = ('frames', 'abs_rel', 'rmse', 'delta1', 'scaled_abs_rel', 'scaled_rmse',
                 'scaled_delta1', 'median_scale', 'scale_consistency', 'near_consistency',
                 'depth_range')
MOTION_COLUMNS = ('ate_sim3', 'ate_se3', 'rpe_translation', 'rpe_rotation', 'drift',
                  'drift_rotation', 'scale_median', 'scale_std', 'scale_spread')
DEPTH_LEGEND = (
    'rmse in metres; scaled_*: each frame multiplied by its median of true over predicted depth '
    '(median_scale); scale_consistency: standard deviation of that scale over its median; '
    'near_consistency: the same over the nearer half of each frame; depth_range: slope of log '
    'predicted over log true depth, 1 is right, less is a range that is too small.')
MOTION_LEGEND = (
    'ate: RMSE of positions in metres, aligned with scale (sim3) and without (se3). With scale: '
    'rpe: error of one step, percent and degrees; drift: percent and degrees per 100 m over '
    'segments of the path. scale: |translation| over the true one in the unit of depth, its '
    'median, its standard deviation over the median, and the same from the median absolute '
    'deviation (spread).')


@dataclass(frozen=True)
class Table:
    """A table: ``caption``, names of the columns, and rows of plain text, all as long."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def to_text(self) -> str:
        """Lay the table out for a terminal: first column to the left, others to the right."""
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return '\n'.join('  '.join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths))) for line in lines)


def depth_table(bags: Mapping[str, Mapping[str, float]]) -> Table:
    """Make the table of depth metrics (see metrics.summarize) by bag."""
    return figures_table('Depth', 'bag', bags, DEPTH_COLUMNS)


def motion_table(tracks: Mapping[tuple[str, str], Mapping[str, float]]) -> Table:
    """Make the table of motion figures (see Track.metrics) by bag and kind of estimate."""
    rows = {f'{bag} {kind}': metrics for (bag, kind), metrics in tracks.items()}
    return figures_table('Motion', 'bag', rows, MOTION_COLUMNS)


def figures_table(
    caption: str, first: str, rows: Mapping[str, Mapping[str, float]], columns: Sequence[str],
) -> Table:
    """Make a table of ``columns`` out of named figures; ``first`` heads the names of the rows."""
    cells = [[name, *_cells(figures, columns)] for name, figures in rows.items()]
    return Table(caption, (first, *columns), cells)


def spread_table(quantiles: Mapping[str, Sequence[float]]) -> Table:
    """Make the table of the quantiles 0, 10, 50, 90 and 100 % over frames, by metric."""
    rows = [[name, *map(_number, values)] for name, values in quantiles.items()]
    return Table('Over frames', ('', 'least', '10 %', 'median', '90 %', 'largest'), rows)


def bands_table(curves: ErrorCurves, *, scaled: bool) -> Table:
    """Make the table of errors by true depth; bands without a pixel are left out."""
    band = curves.by_depth
    rows = [[f'{near:.3g} to {far:.3g} m', f'{pixels / band.pixels.sum():.1%}', _number(error),
             f'{bias:+.3f}']
            for near, far, pixels, error, bias in zip(
                curves.depths, curves.depths[1:], band.pixels, band.error, band.bias) if pixels]
    return Table(f'By true depth{", scaled" if scaled else ""}: mean relative error, and bias '
                 '(above 0: too far)', ('true depth', 'pixels', 'error', 'bias'), rows)


def _cells(metrics: Mapping[str, float], names: Sequence[str]) -> list[str]:
    return [_number(metrics.get(name, math.nan)) for name in names]


def _number(value: float) -> str:
    if not math.isfinite(value):
        return '-'
    return f'{value:.0f}' if value == int(value) and abs(value) >= 2 else f'{value:.4g}'
