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

"""How well a motion network moves through a recording: PoseNet alone, and refined."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.scale_metrics import depth_scale, scale_figures, scale_ratios, Values
from sa4depth_train.trajectory import aligned, chain, Poses, trajectory_metrics
from tqdm import tqdm

Matrix = NDArray[np.float64]

ALONE, REFINED = 'posenet', 'refined'


@dataclass(frozen=True)
class MotionFrame:
    """
    One frame as the networks see it.

    ``rgb`` (H, W, 3) uint8, ``seen`` (H, W) 1 where it shows the camera's image, and true
    ``depth`` (H, W) metres, 0 where unknown, all at network size; ``K`` (3, 3) of these pixels;
    ``pose`` T_camera2world (4, 4) in metres, None where unknown; ``seconds`` is the time since
    some fixed start.
    """

    rgb: NDArray[np.uint8]
    seen: NDArray[np.float32]
    depth: NDArray[np.float32]
    K: Matrix
    pose: Matrix | None
    seconds: float


@dataclass(frozen=True)
class MotionEstimate:
    """
    The motion between two frames, T_target2source (4, 4), in the unit of predicted depth.

    ``alone`` by PoseNet; ``refined`` is the same where the refinement ``failed``. Residuals
    are the mean robust cost of the refinement before and after, NaN if unknown.
    """

    alone: Matrix
    refined: Matrix
    failed: bool = False
    residual_before: float = math.nan
    residual_after: float = math.nan


class Observation(Protocol):
    """What an estimator keeps of a frame; ``depth`` (H, W) is the predicted one."""

    depth: NDArray[np.float32]


class MotionEstimator(Protocol):
    """
    What estimates motion: the networks of a checkpoint, or a stand-in.

    ``refines`` tells whether there is a refinement at all.
    """

    refines: bool

    def observe(self, frame: MotionFrame) -> Any:
        """Do once what one frame needs: an Observation with its depth and features."""
        ...

    def estimate(self, target: Any, source: Any) -> MotionEstimate:
        """Give the motion from the earlier ``target`` to the later ``source``."""
        ...


@dataclass(frozen=True)
class Track:
    """
    One way to estimate the motion through N frames.

    ``poses`` (N, 4, 4) T_camera2first in the network's unit; ``fitted`` (M, 4, 4) those of
    the M frames whose pose is known, after Sim(3) alignment to the truth, or None; ``ratios``
    (N-1,) scale per frame pair (see scale_ratios); ``metrics`` by trajectory_metrics and
    scale_figures, for the refined one also ``scale_std_unfailed``, without failed pairs.
    """

    poses: Poses
    fitted: Poses | None
    ratios: Values
    metrics: dict[str, float]


@dataclass(frozen=True)
class MotionResult:
    """
    Motion through the N frames of one bag.

    ``truth`` (M, 4, 4) are the known poses T_camera2world; ``seconds`` (N,);
    ``depth_scales`` (N,) median of true over predicted depth, NaN where unknown; ``failed``
    (N-1,) of the refinement; ``figures`` are about all of it; ``notes`` for people.
    """

    bag: str
    seconds: Values
    truth: Poses
    depth_scales: Values
    failed: NDArray[np.bool_]
    tracks: dict[str, Track]
    figures: dict[str, float]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give the figures without the series; None stands for what could not be measured."""
        groups = {'figures': self.figures,
                  **{name: track.metrics for name, track in self.tracks.items()}}
        plain: dict[str, Any] = {
            name: {key: value if math.isfinite(value) else None for key, value in group.items()}
            for name, group in groups.items()}
        return plain | {'notes': self.notes}

    def to_numbers(self) -> dict[str, float]:
        """Give all figures as one level, e.g. 'frames', 'posenet_ate_sim3', 'refined_drift'."""
        return self.figures | {f'{name}_{key}': value for name, track in self.tracks.items()
                               for key, value in track.metrics.items()}


@dataclass
class _Series:
    """What is collected frame by frame and pair by pair."""

    seconds: list[float] = field(default_factory=list)
    poses: list[Matrix | None] = field(default_factory=list)
    depth_scales: list[float] = field(default_factory=list)
    estimates: list[MotionEstimate] = field(default_factory=list)


def measure_motion(
    estimator: MotionEstimator, frames: Iterable[MotionFrame], bag: str = '',
) -> MotionResult:
    """
    Move through consecutive frames and compare with what is known of them.

    Each frame is observed once. Without any pose only what needs none is measured, and a note
    says so. Raises BagError for fewer than two frames.
    """
    series = _collect(estimator, frames, bag)
    if not series.estimates:
        raise BagError(f"bag '{bag}': expected at least two frames to measure motion, got "
                       f'{len(series.seconds)}; choose an earlier --from')
    kinds = (ALONE, REFINED) if estimator.refines else (ALONE,)
    tracks = {kind: _track(kind, series) for kind in kinds}
    failed = np.array([estimate.failed for estimate in series.estimates])
    return MotionResult(
        bag, np.array(series.seconds), _known_poses(series.poses),
        np.array(series.depth_scales), failed, tracks,
        _figures(series, failed, refines=estimator.refines),
        _notes(series, refines=estimator.refines))


def _collect(estimator: MotionEstimator, frames: Iterable[MotionFrame], bag: str) -> _Series:
    series = _Series()
    last = None
    for frame in tqdm(frames, desc=f'{bag} motion', disable=None):
        seen = estimator.observe(frame)
        series.seconds.append(frame.seconds)
        series.poses.append(frame.pose)
        series.depth_scales.append(depth_scale(seen.depth, frame.depth))
        if last is not None:
            series.estimates.append(estimator.estimate(last, seen))
        last = seen
    return series


def _track(kind: str, series: _Series) -> Track:
    motions = [e.alone if kind == ALONE else e.refined for e in series.estimates]
    # T_target2source brings points of the earlier frame into the later one.
    poses = chain(np.linalg.inv(motion) for motion in motions)
    lengths = np.array([np.linalg.norm(motion[:3, 3]) for motion in motions])
    ratios = scale_ratios(lengths, _true_lengths(series.poses), _pair_scales(series))
    figures = scale_figures(ratios)
    if kind == REFINED:
        failed = np.array([estimate.failed for estimate in series.estimates])
        figures['scale_std_unfailed'] = scale_figures(ratios[~failed])['scale_std']
    truth = _known_poses(series.poses)
    if not len(truth):
        return Track(poses, None, ratios, figures)
    there = poses[[pose is not None for pose in series.poses]]
    fitted = aligned(there, truth, scale=True)
    return Track(poses, fitted, ratios, trajectory_metrics(there, truth) | figures)


def _known_poses(poses: Sequence[Matrix | None]) -> Poses:
    known = [pose for pose in poses if pose is not None]
    return np.stack(known) if known else np.empty((0, 4, 4))


def _true_lengths(poses: Sequence[Matrix | None]) -> Values:
    return np.array([
        math.nan if a is None or b is None else np.linalg.norm(b[:3, 3] - a[:3, 3])
        for a, b in pairwise(poses)])


def _pair_scales(series: _Series) -> Values | None:
    """Give the depth scale of each pair's target, None when the recording has no depth."""
    scales = np.array(series.depth_scales[:-1])
    return scales if np.isfinite(scales).any() else None


def _figures(
    series: _Series, failed: NDArray[np.bool_], *, refines: bool,
) -> dict[str, float]:
    scales = scale_figures(np.array(series.depth_scales))
    result = {'frames': float(len(series.seconds)),
              'poses': float(len(_known_poses(series.poses))),
              'depth_scale': scales['scale_median'], 'scale_consistency': scales['scale_std']}
    if refines:
        result |= {
            'failed': float(failed.mean()),
            'residual_before': _median([e.residual_before for e in series.estimates]),
            'residual_after': _median([e.residual_after for e in series.estimates])}
    return result


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(np.median(known)) if known else math.nan


def _notes(series: _Series, *, refines: bool) -> list[str]:
    poses, notes = len(_known_poses(series.poses)), []
    if not poses:
        notes.append('No odometry: the path and the scale of translation were not measured.')
    elif poses < len(series.poses):
        notes.append(f'Odometry for {poses} of {len(series.poses)} frames; the others do not '
                     'count in the path.')
    if poses and _pair_scales(series) is None:
        notes.append('No depth: the scale of translation is relative to its own median over the '
                     'sequence, so its std means something, its level does not.')
    if not refines:
        notes.append('This checkpoint was trained without refinement: PoseNet alone.')
    return notes
