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

"""How far an estimated camera path is from the true one, measured by evo (method.md 5)."""

from collections.abc import Iterable, Sequence
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError

Poses = NDArray[np.float64]

# Segment lengths of the KITTI odometry benchmark, metres.
KITTI_SEGMENTS = (100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0)
_SHORT_PATH_PARTS = 8
_LEAST_POSES = 3


def chain(steps: Iterable[Poses]) -> Poses:
    """
    Give the camera's poses (N+1, 4, 4) from its N steps.

    Each step is T_next2previous (4, 4); the result is T_camera2first, the first one identity.
    """
    poses = [np.eye(4)]
    for step in steps:
        pose = poses[-1] @ np.asarray(step, dtype=np.float64)
        # Thousands of float32 rotations multiplied are no rotation any more.
        u, _, v = np.linalg.svd(pose[:3, :3])
        pose[:3, :3] = u @ v
        poses.append(pose)
    return np.stack(poses)


def trajectory_metrics(
    estimated: Poses, truth: Poses, *, scaled: bool = True,
) -> dict[str, float]:
    """
    Compare two paths (N, 4, 4) of T_camera2world, frame by frame; worlds may differ.

    ``truth`` is in metres. The result, NaN where a path is too short or too straight to be
    aligned: ``scale`` metres per unit of ``estimated`` by the Sim(3) alignment (Umeyama);
    ``ate_sim3`` and ``ate_se3`` RMSE of the positions in metres after aligning with and
    without scale; with that scale, or with none unless ``scaled``, ``rpe_translation`` RMSE of a
    step's translation in percent of the RMS true step, ``rpe_rotation`` RMSE of its rotation in
    degrees, ``drift`` percent and ``drift_rotation`` degrees per 100 m over segments of the path;
    ``path_length`` metres.

    Segments are KITTI's 100..800 m as far as they fit, on a path below 100 m eighths of it.
    """
    if estimated.shape != truth.shape or truth.shape[1:] != (4, 4):
        raise ConfigError(f'expected two paths of one shape (N, 4, 4), got {estimated.shape} and '
                          f'{truth.shape}; give one pose per frame in both')
    result = {'path_length': path_length(truth), **dict.fromkeys((
        'scale', 'ate_sim3', 'ate_se3', 'rpe_translation', 'rpe_rotation', 'drift',
        'drift_rotation'), math.nan)}
    similar = aligned(estimated, truth, scale=True)
    rigid = aligned(estimated, truth, scale=False)
    if similar is None or rigid is None:
        return result
    result['scale'] = path_length(similar) / path_length(estimated)
    result |= {'ate_sim3': _ate(similar, truth), 'ate_se3': _ate(rigid, truth)}
    judged = similar if scaled else rigid
    step = math.sqrt(float(np.mean(step_lengths(truth) ** 2)))
    errors = _relative_errors(judged, truth, 1, 'frames')
    if step > 0:
        result['rpe_translation'] = 100 * _rms(errors[0]) / step
    result['rpe_rotation'] = _rms(errors[1])
    return result | segment_drift(judged, truth, drift_segments(truth))


def aligned(estimated: Poses, truth: Poses, *, scale: bool) -> Poses | None:
    """
    Give ``estimated`` (N, 4, 4) moved, and scaled if ``scale``, to fit ``truth`` best.

    Positions in the least squares sense. None when that is not unique: fewer than 3 poses, no
    motion, or all positions on one line.
    """
    from evo.core.geometry import GeometryException
    if len(truth) < _LEAST_POSES or min(path_length(estimated), path_length(truth)) == 0:
        return None
    path = _path(estimated)
    try:
        path.align(_path(truth), correct_scale=scale)
    except GeometryException:
        return None
    return np.stack(path.poses_se3)


def step_lengths(poses: Poses) -> NDArray[np.float64]:
    """Give the distance (N-1,) from each of N poses (N, 4, 4) to the next."""
    return np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1)


def path_length(poses: Poses) -> float:
    """Give the length of the path through poses (N, 4, 4)."""
    return float(step_lengths(poses).sum())


def drift_segments(truth: Poses) -> list[float]:
    """Give KITTI's lengths [m] that fit a path (N, 4, 4), eighths of it below 100 m."""
    fitting = [segment for segment in KITTI_SEGMENTS if segment <= path_length(truth)]
    return fitting or eighths(truth)


def eighths(truth: Poses) -> list[float]:
    """Give one to seven eighths of the length [m] of a path (N, 4, 4)."""
    return [path_length(truth) * part / _SHORT_PATH_PARTS for part in range(1, _SHORT_PATH_PARTS)]


def segment_drift(
    estimated: Poses, truth: Poses, segments: Sequence[float],
) -> dict[str, float]:
    """
    Give ``drift`` [percent] and ``drift_rotation`` [degrees per 100 m] over segments [m].

    The mean over all parts of the path (N, 4, 4) that are so long; {} where there is none.
    """
    joined = np.concatenate(
        [np.stack(_relative_errors(estimated, truth, segment, 'meters')) * 100 / segment
         for segment in segments], axis=1)
    if not joined.size:
        return {}
    return {'drift': float(joined[0].mean()), 'drift_rotation': float(joined[1].mean())}


def _path(poses: Poses) -> Any:
    from evo.core.trajectory import PosePath3D
    return PosePath3D(poses_se3=list(poses))


def _ate(estimated: Poses, truth: Poses) -> float:
    from evo.core.metrics import APE, PoseRelation
    metric = APE(PoseRelation.translation_part)
    metric.process_data((_path(truth), _path(estimated)))
    return _rms(metric.error)


def _relative_errors(
    estimated: Poses, truth: Poses, delta: float, unit: str,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the errors, metres and degrees, of all motions over ``delta`` of ``unit``."""
    from evo import EvoException
    from evo.core.metrics import PoseRelation, RPE, Unit
    errors = []
    # The frame that ends a segment lies half a step beside the mark at most. More than that is
    # evo's way to let segments end early where the path does, which would flatter.
    tolerance = 0.5 * float(step_lengths(truth).max()) / delta
    for relation in (PoseRelation.translation_part, PoseRelation.rotation_angle_deg):
        metric = RPE(relation, delta=delta, delta_unit=Unit[unit], all_pairs=True,
                     rel_delta_tol=tolerance, pairs_from_reference=True)
        try:
            metric.process_data((_path(truth), _path(estimated)))
        except EvoException:
            return np.empty(0), np.empty(0)
        errors.append(np.asarray(metric.error))
    return errors[0], errors[1]


def _rms(values: NDArray[np.float64]) -> float:
    return math.sqrt(float(np.mean(np.square(values)))) if len(values) else math.nan
