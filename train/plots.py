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

"""Plots of a path and of scale over time."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from sa4depth_train.pose_evaluation import ALONE, MotionResult, REFINED
from sa4depth_train.trajectory import Poses

_TITLES = {ALONE: 'PoseNet alone', REFINED: 'refined'}
_COLORS = {ALONE: '#d95f02', REFINED: '#1f78b4'}
_DPI = 110


def write_trajectory_plot(path: Path, result: MotionResult) -> None:
    """
    Draw the path, from above or whichever way it is widest, as PNG.

    Estimates are aligned to the truth with scale; where there is no truth, or nothing can be
    aligned, each is drawn in its own unit.
    """
    figure, axes = _figure(7.0, 6.0, 1)
    fits = {name: track.fitted for name, track in result.tracks.items()}
    together = all(fitted is not None for fitted in fits.values())
    shown = {name: track.fitted if together and track.fitted is not None else track.poses
             for name, track in result.tracks.items()}
    plane = _plane(result.truth if together else next(iter(shown.values())))
    if together:
        _draw(axes[0], result.truth, plane, label='truth', color='#222222', linewidth=2.2)
    for name, poses in shown.items():
        ate = result.tracks[name].metrics.get('ate_sim3', math.nan)
        error = f', ATE {ate:.3g} m' if together else ''
        _draw(axes[0], poses, plane, label=_TITLES[name] + error, color=_COLORS[name],
              linewidth=1.3)
    unit = 'm' if together else 'own unit'
    axes[0].set_xlabel(f'{"xyz"[plane[0]]} [{unit}]')
    axes[0].set_ylabel(f'{"xyz"[plane[1]]} [{unit}]')
    axes[0].set_aspect('equal', adjustable='datalim')
    title = 'path, aligned with scale' if together else 'path, not aligned (no truth to align to)'
    axes[0].set_title(title)
    axes[0].legend()
    _save(figure, path)


def write_scale_plot(path: Path, result: MotionResult) -> None:
    """
    Draw the scales of method.md 1 over time as PNG.

    Above |translation| over the true one in the unit of depth, below true over predicted
    depth, divided by its median.
    """
    figure, axes = _figure(9.0, 5.6, 2)
    middle = (result.seconds[1:] + result.seconds[:-1]) / 2
    for name, track in result.tracks.items():
        spread = track.metrics['scale_std']
        label = f'{_TITLES[name]}: std/median {spread:.3f}'
        axes[0].plot(middle, track.ratios, '.-', color=_COLORS[name], markersize=3,
                     linewidth=0.8, label=label)
    _mark_failures(axes[0], result, middle)
    depth_known = np.isfinite(result.depth_scales).any()
    axes[0].set_title('|translation| / |true translation in the unit of depth|' if depth_known
                      else '|translation| / |true translation|, over its median (no depth)')
    _depth_panel(axes[1], result)
    axes[1].set_xlabel('time [s]')
    for ax, series in zip(axes, ([t.ratios for t in result.tracks.values()],
                                 [result.depth_scales])):
        if not np.isfinite(np.concatenate(series)).any():
            ax.text(0.5, 0.5, 'not measured', transform=ax.transAxes, ha='center')
    _save(figure, path)


def _depth_panel(ax: Any, result: MotionResult) -> None:
    ax.set_title('true depth / predicted depth, median of each frame over that of the sequence')
    scales = result.depth_scales
    if np.isfinite(scales).any():
        spread = result.figures['scale_consistency']
        ax.plot(result.seconds, scales / np.nanmedian(scales), '.-', color='#33803a',
                markersize=3, linewidth=0.8, label=f'depth: std/median {spread:.3f}')
        ax.axhline(1, color='#888888', linewidth=0.8)
        ax.legend(loc='upper right')


def _mark_failures(ax: Any, result: MotionResult, middle: Any) -> None:
    if result.failed.any() and REFINED in result.tracks:
        where = result.failed & np.isfinite(result.tracks[REFINED].ratios)
        ax.plot(middle[where], result.tracks[REFINED].ratios[where], 'x', color='#c00000',
                markersize=6, label=f'refinement failed: {result.failed.mean():.0%}')
    if any(np.isfinite(track.ratios).any() for track in result.tracks.values()):
        ax.set_yscale('log')
        ax.axhline(1, color='#888888', linewidth=0.8)
        ax.legend(loc='upper right')


def _figure(width: float, height: float, rows: int) -> tuple[Any, list[Any]]:
    # Not pyplot, which keeps global state and may look for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(width, height), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, 1, squeeze=False, sharex=rows > 1)[:, 0]
    for ax in axes:
        ax.grid(visible=True, linewidth=0.4, alpha=0.6)
    return figure, list(axes)


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=_DPI)


def _draw(ax: Any, poses: Poses, plane: tuple[int, int], **style: Any) -> None:
    positions = poses[:, :3, 3]
    ax.plot(positions[:, plane[0]], positions[:, plane[1]], **style)
    ax.plot(*positions[0, list(plane)], 'o', color=style['color'], markersize=4)


def _plane(poses: Poses) -> tuple[int, int]:
    """Choose the two axes along which the path is widest."""
    widest = np.argsort(np.ptp(poses[:, :3, 3], axis=0))[1:]
    return int(widest.min()), int(widest.max())
