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

"""Plots of the errors of depth: over time, over depth, and over the image."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sa4depth_train.depth_tally import DepthSeries
from sa4depth_train.drawing import add_legend, new_figure, save_figure
from sa4depth_train.error_curves import Curve, ErrorCurves, Values

PLAIN, SCALED, DEPTH = '#d95f02', '#1f78b4', '#33803a'
_LABELS = {PLAIN: 'as predicted', SCALED: 'scaled to the median of each frame'}
# Below the thin line of the other: where both are the same, both are seen.
_WIDTHS = {PLAIN: 2.8, SCALED: 1.1, DEPTH: 1.1}
_WIDE = 8
# Less than this share of the median up and down is no change of scale.
_LEAST_SPAN = 0.05


def write_frames_plot(path: Path, series: DepthSeries) -> None:
    """Draw mean relative error, delta1 and median scale of each picture, as PNG."""
    figure, axes = new_figure(9.0, 7.0, 3, sharex=True)
    for ax, name in zip(axes, ('abs_rel', 'delta1')):
        lines = {SCALED: series.frames[f'scaled_{name}']}
        if series.plain is not None:
            lines = {PLAIN: series.frames[name]} | lines
        for color, values in lines.items():
            _dots(ax, series.places, values, color, f'{_LABELS[color]}: mean {values.mean():.3f}')
        _widen(ax, lines if name == 'abs_rel' else {})
    axes[0].set_ylabel('mean relative error')
    axes[1].set_ylabel('share of pixels\nwithin factor 1.25')
    axes[1].set_ylim(-0.03, 1.03)
    scale = series.frames['median_scale']
    middle = float(np.median(scale))
    _dots(axes[2], series.places, scale, DEPTH,
          f'scale: median {middle:.3g}, std/median {scale.std() / middle:.3f}')
    span = max(float(np.abs(scale - middle).max()) * 1.1, _LEAST_SPAN * middle)
    axes[2].set_ylim(middle - span, middle + span)
    axes[2].axhline(middle, color='#888888', linewidth=0.8)
    axes[2].set_ylabel('true / predicted depth,\nmedian of each frame')
    axes[2].set_xlabel(series.axis)
    for ax in axes:
        add_legend(ax)
    save_figure(figure, path)


def write_error_curves(path: Path, series: DepthSeries) -> None:
    """
    Draw errors by true depth and by image row, predicted over true depth, and bias by place.

    Of the two at the right those of the prediction as it is, scaled where it has no unit. PNG.
    """
    figure, (depth, joint, row, place) = new_figure(
        10.0, 8.6, 2, 2, width_ratios=(1.15, 1), height_ratios=(1, 0.9))
    lines = {SCALED: series.scaled}
    if series.plain is not None:
        lines = {PLAIN: series.plain} | lines
    _draw_depth(depth, lines)
    _draw_rows(row, lines)
    shown = series.scaled if series.plain is None else series.plain
    _draw_joint(figure, joint, shown)
    _draw_places(figure, place, shown.by_place)
    figure.legend(*depth.get_legend_handles_labels(), loc='outside upper left', ncols=4,
                  frameon=False)
    save_figure(figure, path)


def _draw_depth(ax: Any, lines: Mapping[str, ErrorCurves]) -> None:
    for color, curves in lines.items():
        middle = np.sqrt(curves.depths[1:] * curves.depths[:-1])
        _pair(ax, middle, curves.by_depth, color)
    counts = next(iter(lines.values()))
    _share(ax.twinx(), counts)
    ax.axhline(0, color='#888888', linewidth=0.8)
    ax.set(xscale='log', xlabel='true depth [m]', ylabel='relative error')
    _metres(ax.xaxis)
    ax.set_title('By true depth (bars: share of pixels)', fontsize=10)


def _share(ax: Any, curves: ErrorCurves) -> None:
    pixels, edges = curves.by_depth.pixels, curves.depths
    ax.bar(edges[:-1], pixels / pixels.sum(), np.diff(edges), align='edge', color='#999999',
           alpha=0.25)
    ax.set_ylim(0, 1)
    ax.set_yticks([])


def _draw_rows(ax: Any, lines: Mapping[str, ErrorCurves]) -> None:
    for color, curves in lines.items():
        rows = curves.by_row.error.size
        height = (np.arange(rows) + 0.5) / rows
        ax.plot(curves.by_row.error, height, '.-', color=color, markersize=4,
                linewidth=_WIDTHS[color])
        ax.plot(curves.by_row.bias, height, '--', color=color, linewidth=_WIDTHS[color])
    ax.axvline(0, color='#888888', linewidth=0.8)
    ax.set(ylim=(1, 0), xlabel='relative error', ylabel='image row, 0 top, 1 bottom')
    ax.locator_params(axis='x', nbins=6)
    ax.set_title('By image row', fontsize=10)


def _pair(ax: Any, x: Values, curve: Curve, color: str) -> None:
    ax.plot(x, curve.error, '.-', color=color, markersize=4, linewidth=_WIDTHS[color],
            label=f'error, {_LABELS[color]}')
    ax.plot(x, curve.bias, '--', color=color, linewidth=_WIDTHS[color],
            label='bias: above 0 is too far')


def _draw_joint(figure: Any, ax: Any, curves: ErrorCurves) -> None:
    # Each true depth sums to one: otherwise rare depths could not be seen.
    total = curves.joint.sum(axis=1, keepdims=True)
    share = np.where(curves.joint > 0, curves.joint / np.maximum(total, 1), np.nan)
    edges = curves.joint_depths
    mesh = ax.pcolormesh(edges, edges, share.T, cmap='viridis', vmin=0,
                         vmax=max(float(np.nanquantile(share, 0.98)), 1e-6))
    ax.plot(edges[[0, -1]], edges[[0, -1]], color='#c00000', linewidth=0.9)
    ax.set(xscale='log', yscale='log', xlabel='true depth [m]', ylabel='predicted depth [m]',
           aspect='equal')
    for axis in (ax.xaxis, ax.yaxis):
        _metres(axis)
    ax.set_title('Predicted over true depth (red: equal)', fontsize=10)
    figure.colorbar(mesh, ax=ax, shrink=0.9, label='share of the pixels of a true depth')


def _draw_places(figure: Any, ax: Any, curve: Curve) -> None:
    known = np.abs(curve.bias[np.isfinite(curve.bias)])
    limit = min(max(float(np.quantile(known, 0.95)), 0.05), 1.0)
    ax.grid(visible=False)
    image = ax.imshow(curve.bias, cmap='RdBu', vmin=-limit, vmax=limit, extent=(0, 1, 1, 0),
                      aspect='auto', interpolation='nearest')
    ax.set_facecolor('#bbbbbb')
    ax.set(xlabel='image column, 0 left, 1 right')
    ax.set_title('Bias by place in the image (grey: no truth)', fontsize=10)
    figure.colorbar(image, ax=ax, shrink=0.9, label='too near  <  0  <  too far')


def _metres(axis: Any) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter('{x:g}'))
    axis.set_minor_formatter(NullFormatter())


def _dots(ax: Any, x: Values, y: Values, color: str, label: str) -> None:
    ax.plot(x, y, '.-', color=color, markersize=3, linewidth=_WIDTHS[color], label=label)


def _widen(ax: Any, lines: Mapping[str, Values]) -> None:
    """Make an axis logarithmic where its positive values differ a lot, else begin at zero."""
    if not lines:
        return
    values = np.concatenate([line[line > 0] for line in lines.values()])
    if values.size and values.max() > _WIDE * values.min():
        ax.set_yscale('log')
    elif values.size:
        ax.set_ylim(0, 1.1 * float(values.max()))
