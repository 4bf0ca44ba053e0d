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

"""What live references of the scale are compared with: one image, its depth, and when."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.preprocess import FrameGeometry

Depth = NDArray[np.float32]
Matrix = NDArray[np.float64]

LIVE_REFERENCES = ('depth', 'lidar', 'odometry')


@dataclass(frozen=True, eq=False)
class ScaleFrame:
    """
    One image (h, w, 3) of ``stamp`` [ns], and what makes the model's own depth (h, w) of it.

    ``frame_id`` is the camera's frame; ``geometry`` has its calibration.
    """

    stamp: int
    frame_id: str
    rgb: NDArray[np.uint8]
    geometry: FrameGeometry
    model_depth: Callable[[], Depth]

    @cached_property
    def depth(self) -> Depth:
        """Model output as depth: (h, w) on rectified pixels, without scale and limits."""
        return self.model_depth()

    @property
    def camera(self) -> CameraModel:
        """Give the calibration; FrameError with cause 'uncalibrated' without one."""
        if self.geometry.camera is None:
            raise FrameError('the camera is not calibrated: its camera_info is missing or has '
                             'K = 0, and without K no reference can be compared', 'uncalibrated')
        return self.geometry.camera


class Measured(NamedTuple):
    """A depth image (h, w) or points (N, 3), metres, and the frame that they are in."""

    values: NDArray[np.floating]
    frame_id: str


class Pose(NamedTuple):
    """Where the frame ``child`` is: quaternion (x, y, z, w), position (3,) in metres."""

    quaternion: Matrix
    position: Matrix
    child: str


@dataclass(frozen=True)
class SourceSettings:
    """
    How references are matched and what of them counts.

    ``tolerance`` is seconds between an image and its reference; metres from ``min_depth`` to
    ``max_depth`` count. ``lookup(parent, child)`` gives T_child2parent (4, 4), or FrameError.
    """

    lookup: Callable[[str, str], Matrix]
    tolerance: float = 0.05
    min_depth: float = 0.1
    max_depth: float = 80.0


class ScaleSink(Protocol):
    """Where measurements go, see ScaleCollector."""

    def add(self, log_scale: float) -> None:
        """Take the logarithm of metres over the unit of the model's depth."""
        ...

    def refuse(self, error: FrameError) -> None:
        """Count what says nothing."""
        ...


class ScaleSource(Protocol):
    """Compares frames with one kind of reference."""

    def reset(self) -> None:
        """Forget earlier frames: the next one is the first."""
        ...

    def measure(self, frame: ScaleFrame, sink: ScaleSink) -> bool:
        """Tell ``sink`` what ``frame`` says; True when a measurement is complete, good or not."""
        ...


def no_match(what: str, stamps: list[int], wanted: int, tolerance: float) -> FrameError:
    """Say that no stamp of the reference is within ``tolerance`` [s] of the ``wanted`` one."""
    if not stamps:
        return FrameError(f'no message of the {what} has come', 'stamps')
    away = min((stamp - wanted for stamp in stamps), key=abs) * 1e-9
    return FrameError(
        f'the nearest message of the {what} is {away:+.3f} s from the image, at most '
        f'{tolerance} s are one moment (scale_time_tolerance); do both use the same clock?',
        'stamps')
