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

"""The picture of a path: what it shows, and that any path can be drawn."""

import numpy as np
import pytest
from sa4depth_ros.cli.trajectory_picture import OURS, trajectory_picture, TRUTH


def pixels_of(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    return np.argwhere((picture == color).all(-1))


def test_both_paths_are_there_and_have_one_scale() -> None:
    """A square is drawn as a square, twice: from above; from the side it is flat."""
    square = np.array([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0], [0, 0, 0.0]])
    picture = trajectory_picture(square, square + (1, 1, 0), unit='m', lines=['title', 'more'])
    above = pixels_of(picture[70:760], OURS)
    rows, columns = np.ptp(above, axis=0)
    assert rows == pytest.approx(columns, abs=12) and rows > 300
    assert len(pixels_of(picture, TRUTH)) > 1000


def test_up_is_up() -> None:
    """A climb to the right goes up in the picture, from the side."""
    climb = np.stack([np.linspace(0, 5, 50), np.zeros(50), np.linspace(0, 2, 50)], 1)
    picture = trajectory_picture(climb, None, unit='m', lines=[])
    side = pixels_of(picture[len(picture) // 3:], OURS)
    left, right = side[side[:, 1] < 300, 0].mean(), side[side[:, 1] > 700, 0].mean()
    assert right < left - 50


@pytest.mark.parametrize('path', [
    np.zeros((1, 3)), np.zeros((5, 3)), np.array([[0, 0, 0], [1e5, 3e4, -2e3]]),
    np.array([[0, 0, 0], [0, 1e-4, 0]])])
def test_any_path_can_be_drawn(path: np.ndarray) -> None:
    picture = trajectory_picture(path, None, unit='own unit', lines=['still'])
    assert len(pixels_of(picture, OURS)) > 10
