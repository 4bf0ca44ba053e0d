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

"""Pictures of a textured wall with a textured board before it, for tests of motion."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from sa4depth_train.frame import Frame
from sa4depth_train.frame_cache import FrameCache

WIDTH, HEIGHT = 160, 96
K = np.array([[120.0, 0, 79.5], [0, 120.0, 47.5], [0, 0, 1]])
WALL, BOARD = 6.0, 2.0


def pose(x: float = 0.0, yaw: float = 0.0) -> np.ndarray:
    """Give T_camera2world (4, 4), moved to the right by x metres and turned by yaw radians."""
    T = np.eye(4)
    T[:3, :3] = cv2.Rodrigues(np.array([0.0, yaw, 0.0]))[0]
    T[0, 3] = x
    return T


def picture(T_camera2world: np.ndarray, board: bool = True) -> np.ndarray:
    """Show wall and board, (HEIGHT, WIDTH, 3) uint8, to a camera at a pose."""
    image = _plane(T_camera2world, WALL, 12.0, 0)[0]
    if board:
        near, covers = _plane(T_camera2world, BOARD, 1.2, 1)
        image = np.where(covers[..., None], near, image)
    return image


def _plane(T: np.ndarray, depth: float, side: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(seed).integers(0, 255, (60, 60, 3)).astype(np.uint8)
    texture = cv2.resize(noise, (720, 720), interpolation=cv2.INTER_CUBIC)
    place = np.diag([side / 720, side / 720, 1.0])
    place[:2, 2] = -side / 2
    T_world2camera = np.linalg.inv(T)
    plane = np.column_stack([T_world2camera[:3, 0], T_world2camera[:3, 1],
                             T_world2camera[:3, 2] * depth + T_world2camera[:3, 3]])
    H = K @ plane @ place
    image = cv2.warpPerspective(texture, H, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    covers = cv2.warpPerspective(np.ones((720, 720), np.uint8), H, (WIDTH, HEIGHT))
    return image, covers > 0


@dataclass
class FakeFrames:
    """Stands for BagFrames: pictures every tenth of a second, cached in a folder."""

    pictures: list[np.ndarray]
    folder: Path
    K: np.ndarray

    def __getitem__(self, index: int) -> Frame:
        rgb = self.pictures[index]
        return Frame(rgb, np.zeros(rgb.shape[:2], np.float32), self.K, None, f'frame {index}')

    def stamp(self, index: int) -> float:
        return 100 + index * 0.1

    def place(self, index: int) -> tuple[FrameCache, int]:
        return FrameCache(self.folder, len(self.pictures), 0), index
