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

"""The ways to odometry that are compared, each a path through the same frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
import math
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from odometry_recording import RecordedFrame, Recording
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions
from sa4depth_ros.runtime.motion_engines import MotionEngines
from sa4depth_ros.runtime.odometry_estimator import OdometryEstimator
from sa4depth_ros.runtime.odometry_types import OdometryInput, OdometrySettings
from sa4depth_ros.runtime.preprocess import Preprocessor
from sa4depth_train.classical_motion import classical_path
from sa4depth_train.trajectory import chain, trajectory_metrics
from scipy.spatial.transform import Rotation

Poses = NDArray[np.float64]
Depth = NDArray[np.float32]
# Frames at the start of a path without an error to speak of.
_FIRST = 5
DepthOf = Callable[[RecordedFrame], tuple[Depth, str]]


@dataclass(frozen=True)
class Models:
    """A motion model (any of its files), a depth model, and CPU threads for each."""

    motion: Path
    depth: Path
    threads: int = 1


class Path3D(NamedTuple):
    """
    Poses (N, 4, 4) T_camera2first, steps that were not found, and seconds a frame.

    ``covariances`` (N, 6, 6) are of [position, rotation] about the axes of the first camera,
    where the way gives any.
    """

    poses: Poses
    lost: int
    seconds: float
    covariances: Poses | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """
    A way, the path it found and the figures of trajectory_metrics.

    ``own_scale`` says that errors of steps and segments were taken without alignment of scale;
    ``drift_scaled`` of the metrics is with it in any case.
    """

    title: str
    path: Path3D
    own_scale: bool
    metrics: dict[str, float]


def compare(recording: Recording, models: Models) -> Iterator[Result]:
    """Go every way through a recording, those with true depth where it has any."""
    estimator = DepthEstimator(models.depth, options=EngineOptions(threads=models.threads))
    motion = MotionEngines(models.motion, threads=models.threads)
    try:
        if recording.has_depth:
            yield _judged('ours, exact depth', recording, our_path(recording, models, _recorded))
        unit_m = estimator.card.unit == 'm'
        for title, is_refined in (('ours, depth of the model', False),
                                  ('the same, depth corrected', True)):
            yield _judged(title, recording, our_path(
                recording, models, _predicted(estimator), is_predicted=True,
                settings=OdometrySettings(refine_depth=is_refined)), own_scale=unit_m)
        if motion.has_guess:
            yield _judged('PoseNet alone', recording, guessed_path(recording, motion),
                          own_scale=False)
    finally:
        motion.close()
        estimator.close()
    yield _judged('KLT + essential matrix, true length of each step', recording,
                  _classical(recording, recording.lengths))
    if recording.has_depth:
        yield _judged('KLT + PnP, exact depth', recording, _classical(recording, None))


def our_path(
    recording: Recording, models: Models, depth_of: DepthOf, *, is_predicted: bool = False,
    settings: OdometrySettings = OdometrySettings(),  # noqa: B008
) -> Path3D:
    """Run the estimator of the pose node; frames that it refuses count as lost."""
    estimator = OdometryEstimator(
        models.motion, threads=models.threads, settings=settings)
    poses, covariances, lost, seconds = [], [], 0, 0.0
    try:
        for frame in recording:
            depth, unit = depth_of(frame)
            begin = perf_counter()
            pose = np.eye(4) if not poses else poses[-1]
            covariance = np.eye(6) if not poses else covariances[-1]
            try:
                result = estimator.update(OdometryInput(
                    rgb=frame.rgb, camera=frame.camera, depth=depth, depth_camera=None,
                    unit=unit, seconds=frame.seconds, is_predicted=is_predicted))
                lost += result.state == 'lost'
                pose, covariance = result.T_camera2odom, result.pose_covariance
            except FrameError:
                lost += 1
            poses.append(pose)
            covariances.append(covariance)
            seconds += perf_counter() - begin
    finally:
        estimator.close()
    # What was rounded on the way is no rotation to evo.
    u, _, v = np.linalg.svd(np.stack(poses)[:, :3, :3])
    rounded = np.stack(poses)
    rounded[:, :3, :3] = u @ v
    return Path3D(rounded, lost, seconds / len(poses), np.stack(covariances))


def guessed_path(recording: Recording, motion: MotionEngines) -> Path3D:
    """Chain what PoseNet says of each pair of frames."""
    prepare = Preprocessor(motion.size[1], motion.size[0])
    begin = perf_counter()
    pictures = (prepare(frame.rgb, frame.camera)[0] for frame in recording)
    steps = [np.linalg.inv(motion.guess(*pair)) for pair in pairwise(pictures)]
    return Path3D(chain(steps), 0, (perf_counter() - begin) / len(recording))


def told(poses: Poses, lengths: list[float]) -> Poses:
    """Give a path (N, 4, 4) with its own turns and directions and N-1 steps of these lengths."""
    steps = np.linalg.inv(poses[:-1]) @ poses[1:]
    own = np.linalg.norm(steps[:, :3, 3], axis=1)
    # A step that rests has no direction: it stays.
    steps[:, :3, 3] *= (lengths / np.maximum(own, 1e-12))[:, None]
    return chain(list(steps))


def consistency(poses: Poses, covariances: Poses, truth: Poses) -> dict[str, float]:
    """
    Compare squared errors of a path with its covariances (N, 6, 6).

    ``nees_position`` and ``nees_rotation`` are medians over the frames of e^T C^-1 e / 3: about
    0.8 where the covariance is right, more where it is too small. The first frames, whose
    errors are rounding, do not count.
    """
    expected = np.linalg.inv(truth[0]) @ truth
    shift = (poses - expected)[_FIRST:, :3, 3]
    turns = Rotation.from_matrix(
        poses[_FIRST:, :3, :3] @ expected[_FIRST:, :3, :3].transpose(0, 2, 1)).as_rotvec()
    C = covariances[_FIRST:]
    return {f'nees_{name}': float(np.median(
        (errors * np.linalg.solve(block, errors[..., None])[..., 0]).sum(-1) / 3))
        for name, errors, block in (('position', shift, C[:, :3, :3]),
                                    ('rotation', turns, C[:, 3:, 3:]))}


def _classical(recording: Recording, lengths: list[float] | None) -> Path3D:
    begin = perf_counter()
    poses, lost = classical_path((frame.classical() for frame in recording), lengths)
    return Path3D(poses, lost, (perf_counter() - begin) / len(recording))


def _recorded(frame: RecordedFrame) -> tuple[Depth, str]:
    assert frame.depth is not None
    return frame.depth, 'm'


def _predicted(estimator: DepthEstimator) -> DepthOf:
    def predict(frame: RecordedFrame) -> tuple[Depth, str]:
        found = estimator.estimate(frame.rgb, frame.camera)
        return found.depth, found.unit
    return predict


def _judged(title: str, recording: Recording, path: Path3D, *, own_scale: bool = True) -> Result:
    metrics, scaled = (trajectory_metrics(path.poses, recording.truth, scaled=each)
                       for each in (not own_scale, True))
    metrics['drift_scaled'] = scaled.get('drift', math.nan)
    metrics['ate_told'] = trajectory_metrics(
        told(path.poses, recording.lengths), recording.truth, scaled=False)['ate_se3']
    # In an unknown unit, covariances in metres mean nothing.
    if path.covariances is not None and own_scale:
        metrics |= consistency(path.poses, path.covariances, recording.truth)
    return Result(title, path, own_scale, metrics)
