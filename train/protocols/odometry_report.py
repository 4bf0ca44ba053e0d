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

"""The motion networks of a checkpoint on a sequence of KITTI's odometry benchmark."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.frame import Frame
from sa4depth_train.motion_estimator import motion_frame, NetworkMotion
from sa4depth_train.pose_evaluation import measure_motion, MotionFrame, MotionResult
from sa4depth_train.protocols.depth_set import read_rgb
from sa4depth_train.protocols.kitti_errors import kitti_errors
from sa4depth_train.protocols.kitti_odometry import KittiSequence


def measure_sequence(
    sequence: KittiSequence, motion: NetworkMotion, excerpt: Excerpt,
) -> MotionResult:
    """
    Move through the frames of ``excerpt``; each track's metrics get KITTI's errors, too.

    ``t_err``, ``r_err`` and ``segments`` of kitti_errors, after Sim(3) alignment of the whole
    path as papers on monocular odometry do.
    """
    numbers = excerpt.of(len(sequence.images), f'sequence {sequence.name}')
    frames = _frames(sequence, numbers, motion.size)
    result = measure_motion(motion, frames, f'kitti_odometry_{sequence.name}')
    tracks = {
        kind: track if track.fitted is None else replace(
            track, metrics=track.metrics | kitti_errors(track.fitted, result.truth))
        for kind, track in result.tracks.items()}
    return replace(result, tracks=tracks)


def _frames(
    sequence: KittiSequence, numbers: Sequence[int], size: tuple[int, int],
) -> Iterator[MotionFrame]:
    for number in numbers:
        rgb = read_rgb(sequence.images[number])
        unknown = np.zeros(rgb.shape[:2], dtype=np.float32)
        frame = Frame(rgb, unknown, sequence.K, None, sequence.images[number].name)
        seconds = float(sequence.seconds[number] - sequence.seconds[numbers[0]])
        yield motion_frame(frame, sequence.poses[number], seconds, size)
