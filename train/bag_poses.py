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

from collections.abc import Callable
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.pose_track import PoseTrack
from sa4depth_train.bag_reader import BagReader

Matrix = NDArray[np.float64]


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
        self._track: PoseTrack | None = None

    def at(self, stamp: int) -> Matrix | None:
        """
        Give T_camera2world (4x4, metres) at ``stamp`` [ns], or None.

        Interpolated between the samples before and after it; None where the nearer of them is
        more than ``tolerance`` away.
        """
        return self._read().at(stamp, self._tolerance)

    def _read(self) -> PoseTrack:
        if self._track is None:
            self._track, named = PoseTrack(), set()
            topic = self._topic()
            for _, message in self._reader.messages(topic):
                if _add(self._track, message):
                    named.add(str(getattr(message, 'child_frame_id', '')).lstrip('/'))
            self._warn(topic, named - {''})
        return self._track

    def _warn(self, topic: str | None, named: set[str]) -> None:
        if named - {self._camera_frame.lstrip('/')}:
            logging.getLogger(__name__).warning(
                "%s: %s gives poses of '%s', the images are from '%s'; they are taken as poses "
                'of the camera', self._reader.path, topic, "', '".join(sorted(named)),
                self._camera_frame)


def _add(track: PoseTrack, message: Any) -> bool:
    stamp = message.header.stamp
    # Odometry wraps its pose with a covariance.
    pose = getattr(message.pose, 'pose', message.pose)
    q, p = pose.orientation, pose.position
    return track.add(int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec),
                     np.array([q.x, q.y, q.z, q.w]), np.array([p.x, p.y, p.z]))
