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

"""Where a camera was, from the odometry topic of a bag."""

from bisect import bisect_left
from collections.abc import Callable
import logging
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.transform_tree import pose_matrix
from sa4depth_train.bag_reader import BagReader

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


class _Sample(NamedTuple):
    stamp: int
    quaternion: Vector
    position: Vector
    child_frame: str


class BagPoses:
    """
    Poses of a topic of nav_msgs/Odometry or geometry_msgs/PoseStamped, read when first asked.

    They are taken as poses of the camera's optical frame. An Odometry names its frame; where
    that is not ``camera_frame`` a warning names both: nothing here knows the way between them.
    """

    def __init__(
        self, reader: BagReader, topic: Callable[[], str | None], tolerance: int,
        camera_frame: str,
    ) -> None:
        """Take the topic that ``topic`` names (None: no poses); ``tolerance`` is in ns."""
        self._reader = reader
        self._topic = topic
        self._tolerance = tolerance
        self._camera_frame = camera_frame
        self._samples: list[_Sample] | None = None

    def at(self, stamp: int) -> Matrix | None:
        """
        Give T_camera2world (4x4, metres) at ``stamp`` [ns], or None.

        Interpolated between the samples before and after it; None where the nearer of them is
        more than ``tolerance`` away.
        """
        samples = self._read()
        right = bisect_left(samples, stamp, key=lambda sample: sample.stamp)
        near = samples[max(0, right - 1):right + 1]
        if not near or min(abs(s.stamp - stamp) for s in near) > self._tolerance:
            return None
        first, last = near[0], near[-1]
        if first.stamp == last.stamp:
            return pose_matrix(first.quaternion, first.position)
        share = (stamp - first.stamp) / (last.stamp - first.stamp)
        share = min(1.0, max(0.0, share))
        position = (1 - share) * first.position + share * last.position
        return pose_matrix(_slerp(first.quaternion, last.quaternion, share), position)

    def _read(self) -> list[_Sample]:
        if self._samples is None:
            topic = self._topic()
            messages = (_sample(message) for _, message in self._reader.messages(topic))
            usable = [sample for sample in messages if sample is not None]
            self._samples = sorted(usable, key=lambda sample: sample.stamp)
            self._warn(topic)
        return self._samples

    def _warn(self, topic: str | None) -> None:
        named = {s.child_frame.lstrip('/') for s in self._samples or ()} - {''}
        if named - {self._camera_frame.lstrip('/')}:
            logging.getLogger(__name__).warning(
                "%s: %s gives poses of '%s', the images are from '%s'; they are taken as poses "
                'of the camera', self._reader.path, topic, "', '".join(sorted(named)),
                self._camera_frame)


def _sample(message: Any) -> _Sample | None:
    stamp = message.header.stamp
    # Odometry wraps its pose with a covariance.
    pose = getattr(message.pose, 'pose', message.pose)
    q, p = pose.orientation, pose.position
    quaternion, position = np.array([q.x, q.y, q.z, q.w]), np.array([p.x, p.y, p.z])
    length = np.linalg.norm(quaternion)
    if not (np.isfinite(length) and length > 0.5 and np.isfinite(position).all()):
        # An estimator that has not started yet.
        return None
    return _Sample(int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec), quaternion / length,
                   position, str(getattr(message, 'child_frame_id', '')))


def _slerp(first: Vector, last: Vector, share: float) -> Vector:
    cosine = float(first @ last)
    if cosine < 0:
        # The same rotation, the short way round.
        last, cosine = -last, -cosine
    angle = np.arccos(min(1.0, cosine))
    if angle < 1e-6:
        return first
    return (np.sin((1 - share) * angle) * first + np.sin(share * angle) * last) / np.sin(angle)
