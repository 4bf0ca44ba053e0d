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

"""Poses at moments, and what lies between them."""

from bisect import bisect_left, insort
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.transform_tree import pose_matrix

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


class PoseSample(NamedTuple):
    """A pose at ``stamp`` [ns]: unit quaternion (x, y, z, w) and position (3,) in metres."""

    stamp: int
    quaternion: Vector
    position: Vector


class PoseTrack:
    """Poses in the order of their stamps, the newest ``most`` of them (0: all)."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._samples: list[PoseSample] = []

    def add(self, stamp: int, quaternion: Vector, position: Vector) -> bool:
        """Take a pose; False for what is none, as of an estimator that has not started yet."""
        length = np.linalg.norm(quaternion)
        if not (np.isfinite(length) and length > 0.5 and np.isfinite(position).all()):
            return False
        insort(self._samples, PoseSample(stamp, quaternion / length, position),
               key=lambda sample: sample.stamp)
        if self._most and len(self._samples) > self._most:
            del self._samples[0]
        return True

    def clear(self) -> None:
        """Forget all poses."""
        self._samples.clear()

    @property
    def newest(self) -> int | None:
        """Give the last stamp [ns], None without poses."""
        return self._samples[-1].stamp if self._samples else None

    def at(self, stamp: int, tolerance: int) -> Matrix | None:
        """
        Give the pose (4, 4) at ``stamp`` [ns], interpolated between those before and after it.

        None where the nearer of them is more than ``tolerance`` [ns] away.
        """
        right = bisect_left(self._samples, stamp, key=lambda sample: sample.stamp)
        near = self._samples[max(0, right - 1):right + 1]
        if not near or min(abs(s.stamp - stamp) for s in near) > tolerance:
            return None
        first, last = near[0], near[-1]
        if first.stamp == last.stamp:
            return pose_matrix(first.quaternion, first.position)
        share = (stamp - first.stamp) / (last.stamp - first.stamp)
        share = min(1.0, max(0.0, share))
        position = (1 - share) * first.position + share * last.position
        return pose_matrix(_slerp(first.quaternion, last.quaternion, share), position)


def _slerp(first: Vector, last: Vector, share: float) -> Vector:
    cosine = float(first @ last)
    if cosine < 0:
        # The same rotation, the short way round.
        last, cosine = -last, -cosine
    angle = np.arccos(min(1.0, cosine))
    if angle < 1e-6:
        return first
    return (np.sin((1 - share) * angle) * first + np.sin(share * angle) * last) / np.sin(angle)
