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

"""What goes into the odometry, what comes out, and what can be set."""

from dataclasses import dataclass, field
import math

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.runtime.camera_model import CameraModel

Matrix = NDArray[np.float64]

GUESSES = ('constant_velocity', 'posenet')
INITIALISING, TRACKING, LOST = 'initialising', 'tracking', 'lost'


@dataclass(frozen=True)
class OdometrySettings:
    """
    How the odometry behaves; shares lie in [0, 1].

    ``initial_guess``: where the alignment starts, constant_velocity or posenet.
    ``min_inliers``: share of the points seen that must agree; ``min_overlap``: share of points
    that must be seen; ``sure_inliers``: share of all points that are seen and agree, below which
    other first guesses are tried as well. ``keyframe_flow``: movement of the picture, as a share
    of its width, after which a frame becomes the next keyframe; ``keyframe_overlap``: share of
    points still seen below which it does. ``stationary_flow``: movement of the picture in pixels
    of the network input that counts as none. ``memory``: seconds for which a lost camera is
    looked for at its keyframe; after that the odometry goes on from where it was.
    ``predicted_depth_sigma``, ``measured_depth_sigma``: relative standard deviation of depth at
    a point, of a network and of a sensor; the larger, the less a point says along its epipolar
    line. ``predicted_relief_sigma`` takes the place of the first in a last correction of turn
    and direction. ``predicted_scale_sigma``: relative standard deviation of the scale that all
    depth of a network has in common, which covariances in metres tell. ``refine_depth``: whether
    predicted depth of a keyframe is corrected by what later frames see.
    """

    initial_guess: str = 'constant_velocity'
    min_inliers: float = 0.06
    sure_inliers: float = 0.15
    min_overlap: float = 0.2
    keyframe_flow: float = 0.08
    keyframe_overlap: float = 0.7
    stationary_flow: float = 0.15
    memory: float = 1.0
    predicted_depth_sigma: float = 0.3
    predicted_relief_sigma: float = 3.0
    measured_depth_sigma: float = 0.05
    predicted_scale_sigma: float = 0.15
    refine_depth: bool = False

    def __post_init__(self) -> None:
        if self.initial_guess not in GUESSES:
            raise ConfigError(f"initial_guess must be one of {', '.join(GUESSES)}, got "
                              f"'{self.initial_guess}'")

    def depth_sigmas(self, is_predicted: bool) -> tuple[float, float]:
        """Give depth_sigma and relief_sigma of depth that a network or a sensor made."""
        if is_predicted:
            return self.predicted_depth_sigma, self.predicted_relief_sigma
        return self.measured_depth_sigma, self.measured_depth_sigma


@dataclass(frozen=True, eq=False)
class OdometryInput:
    """
    An image and its depth.

    ``rgb`` (h, w, 3) uint8 as it left the camera, ``camera`` of these pixels. ``depth`` (h', w')
    float32 along the optical axis, 0 or not finite where it is unknown, on the pixels of
    ``depth_camera``; None: on the rectified pixels of ``camera`` at the size of ``depth``.
    ``unit`` is 'm' or 'relative', ``seconds`` the stamp. ``is_predicted``: depth is a network's,
    whose scale varies a little from frame to frame.
    """

    rgb: NDArray[np.uint8]
    camera: CameraModel
    depth: NDArray[np.float32]
    depth_camera: CameraModel | None
    unit: str
    seconds: float
    is_predicted: bool = False


@dataclass(frozen=True, eq=False)
class OdometryResult:
    """
    Where the camera is.

    ``state`` is 'initialising', 'tracking' or 'lost', ``reason`` says why it does not track.
    ``T_camera2odom`` (4, 4) is the pose of the optical frame in an odom that coincided with it
    at the start. ``twist`` (6,) [v, w] of the camera, per second, and ``twist_covariance``
    (6, 6) are in its optical frame; ``pose_covariance`` (6, 6) is of [position, rotation] about
    the axes of odom. Ratios and mean robust costs are NaN where nothing was aligned.
    ``timings`` are seconds.
    """

    state: str
    reason: str
    T_camera2odom: Matrix
    twist: Matrix
    pose_covariance: Matrix
    twist_covariance: Matrix
    unit: str
    is_keyframe: bool = False
    is_stationary: bool = False
    inlier_ratio: float = math.nan
    overlap: float = math.nan
    cost_before: float = math.nan
    cost_after: float = math.nan
    timings: dict[str, float] = field(default_factory=dict)
