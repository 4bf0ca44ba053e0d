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

"""What a running camera's depth says of the scale next to measured depth or lidar points."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.registered_depth import on_rectified_pixels
from sa4depth_ros.runtime.scale_depth import depth_log_scale, project_points
from sa4depth_ros.runtime.scale_frame import (
    Measured, no_match, ScaleFrame, ScaleSink, SourceSettings)
from sa4depth_ros.runtime.scale_tracks import rectifying
from sa4depth_ros.runtime.stamped_buffer import StampedBuffer

Depth = NDArray[np.float32]
Matrix = NDArray[np.float64]

_SAME_PLACE = 1e-3


class _FrameSource:
    """Compares each frame alone with the reference of the same time."""

    def __init__(
        self, settings: SourceSettings, references: StampedBuffer[Callable[[], Measured]],
    ) -> None:
        self._settings = settings
        self._references = references

    def reset(self) -> None:
        """Forget nothing: each frame is measured alone."""

    def measure(self, frame: ScaleFrame, sink: ScaleSink) -> bool:
        """Tell ``sink`` what ``frame`` says; always complete."""
        settings = self._settings
        try:
            depth = self._depth(frame, _matched(self._references, frame, settings.tolerance))
            inside = (depth >= settings.min_depth) & (depth <= settings.max_depth)
            sink.add(depth_log_scale(frame.depth, np.where(inside, depth, np.float32(0))))
        except FrameError as error:
            sink.refuse(error)
        return True

    def _depth(self, frame: ScaleFrame, measured: Measured) -> Depth:
        """Give the reference on the pixels of the rectified image; FrameError."""
        raise NotImplementedError


class DepthSource(_FrameSource):
    """Compares with a depth camera that is registered to the images."""

    def _depth(self, frame: ScaleFrame, measured: Measured) -> Depth:
        _check_registered(self._settings.lookup, measured.frame_id, frame.frame_id)
        camera = frame.camera
        assert (camera.width, camera.height) == frame.geometry.image_size
        return on_rectified_pixels(measured.values.astype(np.float32), frame.geometry)


class LidarSource(_FrameSource):
    """Compares with points of a lidar, brought into the camera's frame."""

    def _depth(self, frame: ScaleFrame, measured: Measured) -> Depth:
        camera = frame.camera
        T_lidar2camera = self._settings.lookup(frame.frame_id, measured.frame_id)
        return project_points(measured.values, rectifying(camera) @ T_lidar2camera, camera.P,
                              frame.geometry.image_size)


def _matched(
    references: StampedBuffer[Callable[[], Measured]], frame: ScaleFrame, tolerance: float,
) -> Measured:
    found = references.near(frame.stamp)
    if found is None or abs(found[0] - frame.stamp) > tolerance * 1e9:
        raise no_match('reference', [] if found is None else [found[0]], frame.stamp, tolerance)
    return found[1]()


def _check_registered(lookup: Callable[[str, str], Matrix], frame: str, camera: str) -> None:
    try:
        away = np.abs(lookup(camera, frame) - np.eye(4)).max()
    except FrameError as error:
        raise FrameError(
            f"expected depth images in the frame of the images, '{camera}', got '{frame}': use "
            'the depth that is registered to the colour camera (depth_image_proc register)',
            'transform') from error
    if away > _SAME_PLACE:
        raise FrameError(
            f"the depth images are in the frame '{frame}', which is not where '{camera}' is: use "
            'the depth that is registered to the colour camera (depth_image_proc register)',
            'transform')
