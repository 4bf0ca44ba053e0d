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

"""Where an alignment may begin: likely motions from the keyframes that are known."""

from collections.abc import Iterator
from dataclasses import dataclass
import math

import numpy as np
from sa4depth_ros.runtime.odometry_frame import OdometryFrame
from sa4depth_ros.runtime.odometry_types import Matrix
from sa4depth_ros.runtime.rigid_motion import inverse, motion_of

# Seconds over which a velocity can be trusted.
_STEADY = 0.5
# A turn that is tried to each side when all else has failed. The alignment itself looks about
# 11 degrees to each side of its start.
_WIDE = math.radians(15.0)


@dataclass(eq=False)
class Keyframe:
    """
    A frame that others are aligned to, with its pose.

    ``T_camera2odom`` (4, 4) in the unit of depth; ``covariance`` (6, 6) of [position, rotation]
    about the axes of odom.
    """

    frame: OdometryFrame
    T_camera2odom: Matrix
    covariance: Matrix


@dataclass(eq=False)
class Step:
    """
    A frame that was tracked: the motion from its keyframe, its pose, and its velocity.

    Motion and pose are (4, 4), ``covariance`` as in Keyframe. ``velocity`` (6,) [v, w], per
    second, is that of the world as the camera sees it.
    """

    frame: OdometryFrame
    T_keyframe2frame: Matrix
    T_camera2odom: Matrix
    covariance: Matrix
    velocity: Matrix

    def motion_until(self, seconds: float) -> Matrix:
        """Give the motion (4, 4) of points from this frame to the time ``seconds``."""
        return motion_of(self.velocity * min(seconds - self.frame.seconds, _STEADY))


# A first guess T_keyframe2frame and its keyframe.
Start = tuple[Matrix, Keyframe]


def likely_starts(
    keyframe: Keyframe, former: Keyframe | None, last: Step, seconds: float,
) -> Iterator[Start]:
    """
    Give first guesses (4, 4) for a frame at the time ``seconds``, the likelier ones first.

    ``last`` is the last frame that was tracked, ``former`` the keyframe before ``keyframe``.
    """
    still, predicted = last.T_keyframe2frame, last.motion_until(seconds)
    yield predicted @ still, keyframe
    yield still, keyframe
    if last.frame is not keyframe.frame and not last.frame.flaw:
        yield predicted, Keyframe(last.frame, last.T_camera2odom, last.covariance)
    if former is not None:
        # Made in a fast turn, a keyframe may be too blurred for what comes after, or too sharp.
        T_camera2odom = last.T_camera2odom @ inverse(predicted)
        yield inverse(T_camera2odom) @ former.T_camera2odom, former


def wide_starts(keyframe: Keyframe, last: Step) -> Iterator[Start]:
    """Give first guesses (4, 4) that are turned to each side, up and down."""
    for x, y in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        turn = motion_of(_WIDE * np.array([0.0, 0.0, 0.0, x, y, 0.0]))
        yield turn @ last.T_keyframe2frame, keyframe
