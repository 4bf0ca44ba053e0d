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

"""Corners that are followed land where the picture moved to."""

import numpy as np
import pytest
from sa4depth_train.classical_tracking import PictureTracker, TrackingSettings


def picture(width: int = 320, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    """Show waves of many lengths, moved by x and y pixels, exactly."""
    columns, rows = np.meshgrid(np.arange(width) - x, np.arange(width * 3 // 4) - y)
    rng, total = np.random.default_rng(0), np.zeros(columns.shape)
    for length in np.repeat([80, 40, 25, 16, 11], 4):
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        along = columns * np.cos(angle) + rows * np.sin(angle)
        total += length ** 0.5 * np.sin(2 * np.pi / length * along + phase)
    return np.clip(127 + 7 * total, 0, 255).astype(np.uint8)


@pytest.mark.parametrize('width', [320, 640])
def test_small_pictures_are_enlarged_without_a_shift(width: int) -> None:
    first, second = PictureTracker().follow(picture(width), picture(width, 2.5, -1.25))
    assert len(first) > 200
    np.testing.assert_allclose(np.median(second - first, axis=0), (2.5, -1.25), atol=0.02)


def test_exposure_may_change() -> None:
    image, darker = picture(640), (0.4 * picture(640, 3.5, 1.5)).astype(np.uint8)
    first, second = PictureTracker().follow(image, darker)
    plain = PictureTracker(TrackingSettings(even=False)).follow(image, darker)[0]
    assert len(first) > 200
    assert len(first) > 3 * len(plain)
    np.testing.assert_allclose(np.median(second - first, axis=0), (3.5, 1.5), atol=0.05)


def test_a_hint_finds_what_is_too_far_away() -> None:
    image, far = picture(640), picture(640, 200, 40)
    first, second = PictureTracker(TrackingSettings(levels=0)).follow(image, far)
    lost = np.median(second - first, axis=0) if len(first) else np.zeros(2)
    assert np.linalg.norm(lost - (200, 40)) > 50
    hint = np.array([[1.0, 0, 196], [0, 1.0, 43], [0, 0, 1]])
    first, second = PictureTracker(TrackingSettings(levels=0)).follow(image, far, hint)
    assert len(first) > 200
    np.testing.assert_allclose(np.median(second - first, axis=0), (200, 40), atol=0.05)


def test_a_picture_without_corners_gives_no_points() -> None:
    blank = np.full((120, 160), 80, np.uint8)
    assert [len(points) for points in PictureTracker().follow(blank, blank)] == [0, 0]
