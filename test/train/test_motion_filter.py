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

"""Optical flow, and what of it a turning camera explains."""

import math

import numpy as np
from planes import BOARD, K, picture, pose, WALL, WIDTH
import pytest
from sa4depth_train.motion_filter import measure_motion, Motion, motion_frame


def _motion(first: np.ndarray, second: np.ndarray) -> Motion:
    return measure_motion(motion_frame(first, K), motion_frame(second, K))


def test_a_sideways_step_gives_the_flow_of_the_wall() -> None:
    motion = _motion(picture(pose(), board=False), picture(pose(x=0.2), board=False))
    assert motion.flow == pytest.approx(120 * 0.2 / WALL / WIDTH, rel=0.05)
    # A turn of the camera looks nearly like a step along a wall: no parallax, nothing to learn.
    assert motion.parallax < 0.1 * motion.flow


def test_a_board_before_the_wall_gives_parallax() -> None:
    motion = _motion(picture(pose()), picture(pose(x=0.1)))
    difference = 120 * 0.1 * (1 / BOARD - 1 / WALL) / WIDTH
    assert 0.2 * difference < motion.parallax < difference
    assert motion.parallax > 4 * motion.noise


@pytest.mark.parametrize('degrees', [1.0, 4.0])
def test_a_turn_on_the_spot_is_flow_without_parallax(degrees: float) -> None:
    motion = _motion(picture(pose()), picture(pose(yaw=math.radians(degrees))))
    assert motion.flow == pytest.approx(120 * math.tan(math.radians(degrees)) / WIDTH, rel=0.15)
    assert motion.parallax < 0.03 * motion.flow + 0.0005


def test_nothing_moves() -> None:
    motion = _motion(picture(pose()), picture(pose()))
    assert motion.flow < 1e-4
    assert motion.parallax < 1e-4


def test_what_cannot_be_matched_is_unknown_not_still() -> None:
    plain = np.full((96, 160, 3), 90, np.uint8)
    other = np.random.default_rng(1).integers(0, 255, (96, 160, 3)).astype(np.uint8)
    for first, second in ((plain, plain), (picture(pose()), other), (picture(pose()), plain)):
        assert math.isnan(_motion(first, second).flow)
    wide = measure_motion(motion_frame(picture(pose()), K), motion_frame(plain[:, :100], K))
    assert math.isnan(wide.flow)


def test_pixels_of_a_small_frame_have_their_own_K() -> None:
    frame = motion_frame(np.zeros((480, 640, 3), np.uint8),
                         np.array([[500.0, 0, 319.5], [0, 500, 239.5], [0, 0, 1]]))
    assert frame.gray.shape == (240, 320)
    np.testing.assert_allclose(frame.K, [[250, 0, 159.5], [0, 250, 119.5], [0, 0, 1]])
