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
from sa4depth_train.drawing import add_legend, new_figure, save_figure
from sa4depth_train.pose_evaluation import ALONE, MotionResult, REFINED
from sa4depth_train.scale_metrics import Values
from sa4depth_train.trajectory import Poses

_TITLES = {ALONE: 'PoseNet alone', REFINED: 'refined'}
_COLORS = {ALONE: '#d95f02', REFINED: '#1f78b4'}
# Beyond this ratio of the largest to the smallest value an axis is logarithmic.
_WIDE = 8


def write_trajectory_plot(path: Path, result: MotionResult) -> None:
    """
    Draw the path, from above or whichever way it is widest, as PNG.

    Estimates are aligned to the truth with scale, and one that cannot be is left out; where
    none can, or there is no truth, each is drawn in its own unit.
    """
    figure, axes = new_figure(7.0, 6.0)
    fitted = {name: track.fitted for name, track in result.tracks.items()
              if track.fitted is not None}
    together = bool(fitted)
    shown = fitted or {name: track.poses for name, track in result.tracks.items()}
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
    add_legend(axes[0])
    save_figure(figure, path)


def write_scale_plot(path: Path, result: MotionResult) -> None:
    """
    Draw the scales of method.md 1 over time as PNG.

    |translation| over the true one in the unit of depth and, where the recording has depth,
    below it true over predicted depth, divided by its median.
    """
    with_depth = bool(np.isfinite(result.depth_scales).any())
    figure, axes = new_figure(9.0, 6.0 if with_depth else 3.4, 1 + with_depth, sharex=True)
    _translation_panel(axes[0], result)
    axes[0].set_ylabel('|t| / |true t in unit of depth|' if with_depth
                       else '|t| / |true t|, over median')
    if with_depth:
        _depth_panel(axes[1], result)
    axes[-1].set_xlabel('time [s]')
    save_figure(figure, path)


def _translation_panel(ax: Any, result: MotionResult) -> None:
    middle = (result.seconds[1:] + result.seconds[:-1]) / 2
    shown = []
    for name, track in result.tracks.items():
        known = np.isfinite(track.ratios) & (track.ratios > 0)
        shown.append(track.ratios[known])
        spread = track.metrics['scale_std']
        _series(ax, middle[known], shown[-1], _COLORS[name],
                f'{_TITLES[name]}: std/median {spread:.3f}')
    joined = np.concatenate(shown)
    if not joined.size:
        ax.text(0.5, 0.5, 'not measured', transform=ax.transAxes, ha='center')
        return
    if joined.max() > _WIDE * joined.min():
        ax.set_yscale('log')
    if REFINED in result.tracks and result.failed.any():
        ratios = np.where(result.failed, result.tracks[REFINED].ratios, np.nan)
        ax.plot(middle, ratios, 'x', color='#c00000', markersize=6,
                label=f'refinement failed: {result.failed.mean():.0%}')
    ax.axhline(1, color='#888888', linewidth=0.8)
    add_legend(ax)


def _depth_panel(ax: Any, result: MotionResult) -> None:
    scales = result.depth_scales
    ax.set_ylabel('true / predicted depth, over median')
    spread = result.figures['scale_consistency']
    _series(ax, result.seconds, scales / np.nanmedian(scales), '#33803a',
            f'depth: std/median {spread:.3f}')
    ax.axhline(1, color='#888888', linewidth=0.8)
    add_legend(ax)


def _series(ax: Any, x: Values, y: Values, color: str, label: str) -> None:
    ax.plot(x, y, '.-', color=color, markersize=3, linewidth=0.8, label=label)


def _draw(ax: Any, poses: Poses, plane: tuple[int, int], **style: Any) -> None:
    positions = poses[:, :3, 3]
    ax.plot(positions[:, plane[0]], positions[:, plane[1]], **style)
    ax.plot(*positions[0, list(plane)], 'o', color=style['color'], markersize=4)


def _plane(poses: Poses) -> tuple[int, int]:
    """Choose the two axes along which the path is widest."""
    widest = np.argsort(np.ptp(poses[:, :3, 3], axis=0))[1:]
    return int(widest.min()), int(widest.max())
