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

"""What a running camera's depth says of the scale next to the motion that odometry tells."""

from collections.abc import Callable
import itertools

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.pose_track import PoseTrack
from sa4depth_ros.runtime.scale_frame import (
    no_match, Pose, ScaleFrame, ScaleSink, SourceSettings)
from sa4depth_ros.runtime.scale_tracks import pair_log_scale, rectifying, tracking_picture
from sa4depth_ros.runtime.stamped_buffer import StampedBuffer
from sa4depth_ros.runtime.tracked_motion import PointTracker, TrackedFrame

Matrix = NDArray[np.float64]

_REWIND_NS = 100_000_000


class OdometrySource:
    """Triangulates followed points by the motion that odometry tells, compares their depth."""

    def __init__(
        self, settings: SourceSettings, references: StampedBuffer[Callable[[], Pose]],
        overlap: int = 3,
    ) -> None:
        """Let so many pairs of frames ``overlap`` at a time."""
        self._overlap = overlap
        self._settings = settings
        self._references = references
        self._numbers = itertools.count()
        self.reset()

    def reset(self) -> None:
        """Forget the points that are being followed."""
        self._tracker = PointTracker(self._overlap)
        self._last: ScaleFrame | None = None

    def measure(self, frame: ScaleFrame, sink: ScaleSink) -> bool:
        """Follow points into ``frame`` and tell ``sink`` what pairs of frames it completes."""
        try:
            tracked = self._tracked(frame)
        except FrameError as error:
            sink.refuse(error)
            return True
        pairs = self._tracker.follow(tracked)
        for pair in pairs:
            try:
                sink.add(pair_log_scale(pair, pair.first.source.depth, frame.camera.P))
            except FrameError as error:
                sink.refuse(error)
        return bool(pairs)

    def _tracked(self, frame: ScaleFrame) -> TrackedFrame:
        camera, last = frame.camera, self._last
        if last is not None and (last.camera.key != camera.key
                                 or frame.stamp < last.stamp - _REWIND_NS):
            self.reset()
        pose = self._camera_pose(frame) @ np.linalg.inv(rectifying(camera))
        self._last = frame
        return TrackedFrame(next(self._numbers), *tracking_picture(frame.rgb, frame.geometry),
                            pose, frame)

    def _camera_pose(self, frame: ScaleFrame) -> Matrix:
        around = [(stamp, read()) for stamp, read in self._references.around(frame.stamp)]
        track = PoseTrack()
        for stamp, pose in around:
            track.add(stamp, pose.quaternion, pose.position)
        T_body2world = track.at(frame.stamp, round(self._settings.tolerance * 1e9))
        if T_body2world is None:
            raise no_match('odometry', [stamp for stamp, _ in around], frame.stamp,
                           self._settings.tolerance)
        child = around[-1][1].child
        if not child:
            raise FrameError('the odometry does not say whose poses it gives: expected a '
                             'child_frame_id in its messages, got an empty one', 'transform')
        return T_body2world @ self._settings.lookup(child, frame.frame_id)
