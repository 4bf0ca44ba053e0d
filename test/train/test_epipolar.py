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

"""Motion from followed points: planted motion, noise, and points behind the camera."""

import cv2
import numpy as np
import pytest
from sa4depth_train.epipolar import in_front, refined_motion

NOISE = 0.3 / 500


def motion(turn=(0.02, -0.03, 0.01), t=(0.6, 0.0, 0.8)) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = cv2.Rodrigues(np.array(turn))[0], t
    return T


def points(T: np.ndarray, count: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Give points x/z, y/z in both pictures, 3 to 20 steps away."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(-0.6, 0.6, (count, 2))
    depth = rng.uniform(3, 20, count)
    X = np.concatenate([first, np.ones((count, 1))], 1) * depth[:, None]
    Y = X @ T[:3, :3].T + T[:3, 3]
    return first, Y[:, :2] / Y[:, 2:]


def test_exact_points_give_the_exact_motion() -> None:
    truth = motion()
    start = motion((0.0, 0.0, 0.0), (0.3, 0.3, 0.9))
    found, cost = refined_motion(start, *points(truth), NOISE)
    np.testing.assert_allclose(found, truth, atol=1e-6)
    assert cost < 1e-6


def test_outliers_hardly_pull() -> None:
    truth = motion()
    first, second = points(truth)
    rng = np.random.default_rng(1)
    second = second + rng.normal(0, NOISE, second.shape)
    second[:40] += rng.uniform(-0.1, 0.1, (40, 2))
    found, _ = refined_motion(motion((0.02, -0.02, 0.01), (0.5, 0.1, 0.8)), first, second, NOISE)
    turn = cv2.Rodrigues(found[:3, :3] @ truth[:3, :3].T)[0]
    assert np.degrees(np.linalg.norm(turn)) < 0.02
    assert found[:3, 3] @ truth[:3, 3] > np.cos(np.radians(0.5))


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_the_scene_ends_up_in_front(sign: float) -> None:
    truth = motion()
    given = truth.copy()
    given[:3, 3] *= sign
    np.testing.assert_allclose(in_front(given, *points(truth)), truth)
