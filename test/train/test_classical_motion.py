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

"""The classical baseline against motion that was planted in rendered pictures."""

import cv2
import numpy as np
from planes import BOARD, HEIGHT, K, picture, WALL, WIDTH
import pytest
from sa4depth_train.classical_motion import (
    classical_path, ClassicalFrame, ClassicalMotion, depth_at)

STEP = (0.12, -0.04, 0.1)


def turned(degrees: float, t=(0.0, 0.0, 0.0)) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = cv2.Rodrigues(np.radians(degrees) * np.array([0.2, 1.0, -0.1]))[0]
    T[:3, 3] = t
    return T


def frame(T: np.ndarray, brightness: float = 1.0) -> ClassicalFrame:
    """Show wall and board of planes.py to a camera at T_camera2world, with exact depth."""
    gray = brightness * cv2.cvtColor(picture(T), cv2.COLOR_RGB2GRAY)
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    pixels = np.stack([columns, rows, np.ones_like(rows)], -1)
    rays = pixels @ np.linalg.inv(K).T @ T[:3, :3].T
    wall, board = ((z - T[2, 3]) / rays[..., 2] for z in (WALL, BOARD))
    at = T[:3, 3] + rays * board[..., None]
    depth = np.where((np.abs(at[..., :2]) < 0.6).all(-1), board, wall)
    return ClassicalFrame(gray.astype(np.uint8), K, depth.astype(np.float32))


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Degrees between two directions or two rotations."""
    cosine = (np.trace(a.T @ b) - 1) / 2 if a.ndim == 2 else a @ b / np.linalg.norm(
        a) / np.linalg.norm(b)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


@pytest.mark.parametrize('brightness', [1.0, 0.6])
def test_essential_matrix_finds_rotation_and_direction(brightness: float) -> None:
    pose = turned(2.0, STEP)
    found = ClassicalMotion().essential(frame(np.eye(4)), frame(pose, brightness))
    truth = np.linalg.inv(pose)
    assert found is not None
    assert np.linalg.norm(found[:3, 3]) == pytest.approx(1)
    assert angle(found[:3, :3], truth[:3, :3]) < 0.05
    assert angle(found[:3, 3], truth[:3, 3]) < 1


def test_known_depth_gives_metres() -> None:
    pose = turned(2.0, STEP)
    found = ClassicalMotion().projection(frame(np.eye(4)), frame(pose))
    assert found is not None
    np.testing.assert_allclose(found, np.linalg.inv(pose), atol=2e-3)


def test_a_path_has_the_lengths_that_it_was_given() -> None:
    poses = [turned(1.5 * n, n * np.array(STEP)) for n in range(5)]
    frames = [frame(pose) for pose in poses]
    step = float(np.linalg.norm(STEP))
    path = classical_path(frames, [step] * 4)
    assert path.lost == 0
    assert np.linalg.norm(path.poses[-1][:3, 3] - poses[-1][:3, 3]) < 0.03 * 4 * step
    by_depth = classical_path(frames, None)
    assert np.linalg.norm(by_depth.poses[-1][:3, 3] - poses[-1][:3, 3]) < 0.01 * 4 * step


def test_a_step_that_is_not_found_is_like_the_one_before() -> None:
    poses = [turned(0.0, n * np.array(STEP)) for n in range(3)]
    frames = [frame(pose) for pose in poses]
    frames[2] = ClassicalFrame(np.full_like(frames[2].gray, 90), K, frames[2].depth)
    path = classical_path(frames, None)
    assert path.lost == 1
    np.testing.assert_allclose(path.poses[2], path.poses[1] @ path.poses[1], atol=1e-9)


def test_without_texture_nothing_is_found() -> None:
    size = (HEIGHT, WIDTH)
    blank = ClassicalFrame(np.full(size, 90, np.uint8), K, np.ones(size, np.float32))
    assert ClassicalMotion().essential(blank, blank) is None
    assert ClassicalMotion().projection(blank, blank) is None


def test_depth_at_edges_and_where_there_is_none_does_not_count() -> None:
    depth = np.full((9, 12), 2.0, np.float32)
    depth[:, 8:] = 3.0
    depth[0:3, 0:3] = 0
    depth[4, 3] = np.nan
    points = np.array([[4.2, 4.0], [7.6, 4.0], [1.0, 1.0], [10.0, 6.0]])
    np.testing.assert_allclose(depth_at(depth, points), [2.0, 0.0, 0.0, 3.0])
