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

"""The pictures to take in a place: which camera, from where, when, and turning how fast."""

from dataclasses import dataclass

import cv2
import numpy as np
from sa4depth_train.worlds.carriers import Carrier
from sa4depth_train.worlds.near_views import near_poses
from sa4depth_train.worlds.paths import camera_path
from sa4depth_train.worlds.place import Place

# Paths are planned at this rate [Hz] when pictures are to be apart from each other.
PLANNED_RATE = 10.0
_METRES, _DEGREES = (0.3, 0.5), (10.0, 20.0)
# Of pictures that show too little, some others must take the place.
_IN_RESERVE = 2.0
_LONGEST = 16000
# Before one thing a camera stays so long [s], takes so many pictures, and moves less between.
_STAY, _AT_A_THING, _CLOSER = 12.0, 8, 0.45


@dataclass(frozen=True, eq=False)
class Shots:
    """Poses T_world_camera (n, 4, 4), stamps (n) [s], turning (n, 3) [rad/s] in the camera."""

    poses: np.ndarray
    stamps: np.ndarray
    turning: np.ndarray

    def __len__(self) -> int:
        """Count the shots."""
        return len(self.stamps)


def video_shots(place: Place, carrier: Carrier, frames: int, rate: float,
                rng: np.random.Generator) -> Shots:
    """Plan a video of ``frames`` pictures at ``rate`` Hz."""
    poses = camera_path(place, frames, rate, rng, carrier)
    return Shots(poses, np.arange(frames) / rate, _turning(poses, rate))


def spaced_shots(place: Place, carrier: Carrier, frames: int,
                 rng: np.random.Generator) -> Shots:
    """
    Plan twice as many pictures as ``frames`` along one path, none like the one before.

    From one to the next the camera moves 0.3 to 0.5 m or turns 10 to 20 degrees.
    """
    wanted = int(np.ceil(_IN_RESERVE * frames))
    metres, angle = rng.uniform(*_METRES), np.radians(rng.uniform(*_DEGREES))
    seed = rng.integers(1 << 62)
    length = 10 * wanted
    while True:
        # From the same state each time: how often it is tried changes nothing after it.
        video = video_shots(place, carrier, length, PLANNED_RATE, np.random.default_rng(seed))
        chosen = spaced(video.poses, metres, angle)[:wanted]
        if len(chosen) == wanted or length > _LONGEST:
            return Shots(video.poses[chosen], video.stamps[chosen], video.turning[chosen])
        length *= 2


def near_shots(place: Place, frames: int, rng: np.random.Generator) -> Shots:
    """
    Plan twice as many pictures as ``frames``, some before one piece of furniture, some the next.

    Before each the camera moves aside slowly. Raises ConfigError when nothing stands in the place.
    """
    wanted = int(np.ceil(_IN_RESERVE * frames))
    metres, angle = _CLOSER * rng.uniform(*_METRES), _CLOSER * np.radians(rng.uniform(*_DEGREES))
    visits: list[Shots] = []
    while sum(len(visit) for visit in visits) < wanted:
        poses = near_poses(place, round(_STAY * PLANNED_RATE), PLANNED_RATE, rng)
        chosen = spaced(poses, metres, angle)[:_AT_A_THING]
        stamps = _STAY * len(visits) + chosen / PLANNED_RATE
        visits.append(Shots(poses[chosen], stamps, _turning(poses, PLANNED_RATE)[chosen]))
    return Shots(*(np.concatenate(column)[:wanted] for column in (
        [visit.poses for visit in visits], [visit.stamps for visit in visits],
        [visit.turning for visit in visits])))


def spaced(poses: np.ndarray, metres: float, angle: float) -> np.ndarray:
    """Choose indices from poses (n, 4, 4), each so far or so turned [rad] from the last one."""
    chosen = [0]
    for index in range(1, len(poses)):
        last, pose = poses[chosen[-1]], poses[index]
        cosine = (np.sum(last[:3, :3] * pose[:3, :3]) - 1) / 2
        if (np.linalg.norm(pose[:3, 3] - last[:3, 3]) >= metres
                or np.arccos(np.clip(cosine, -1, 1)) >= angle):
            chosen.append(index)
    return np.array(chosen)


def _turning(poses: np.ndarray, rate: float) -> np.ndarray:
    R = poses[:, :3, :3]
    after, before = np.minimum(np.arange(len(R)) + 1, len(R) - 1), np.maximum(
        np.arange(len(R)) - 1, 0)
    between = R[before].transpose(0, 2, 1) @ R[after]
    turns = np.stack([cv2.Rodrigues(turn)[0].ravel() for turn in between])
    return turns * rate / np.maximum(after - before, 1)[:, None]
