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

"""How far a camera moved between its frames, by the odometry of its bag."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.bag_poses import BagPoses
from sa4depth_train.bag_transforms import BagTransforms
from sa4depth_train.config import TrainConfig
from sa4depth_train.triplets import Triplets

Positions = dict[int, NDArray[np.float64]]
# Metres; the length of less is more noise of the odometry, and of the images, than motion.
SHORTEST = 0.02


class CameraTravel:
    """
    Metres between the camera's places at two frames, for bags that have odometry.

    Poses of another frame than the camera's, such as base_link, are carried to the camera by
    /tf_static; poses that name no frame (PoseStamped) count as the camera's. A length has no
    direction and needs no rotation, so wheels, IMUs and motion capture all serve.
    """

    def __init__(self, frames: BagFrames, max_time_difference: float) -> None:
        """
        Read the odometry of all bags of ``frames``.

        A pose may be ``max_time_difference`` seconds off an image. Raises BagError when poses
        of another frame come without the transform to the camera.
        """
        self._frames = frames
        tolerance = int(max_time_difference * 1e9)
        self._places: dict[Path, Positions] = {
            bag.path: _positions(bag, tolerance) for bag in frames.bags}

    def __call__(self, first: int, second: int) -> float:
        """Give the metres between two frames of BagFrames, 0 where unknown or too short."""
        places = []
        for index in (first, second):
            bag, entry = self._frames.entry(index)
            place = self._places[bag.path].get(entry.image.stamp)
            if place is None:
                return 0.0
            places.append(place)
        length = float(np.linalg.norm(places[1] - places[0]))
        return length if length >= SHORTEST else 0.0

    def check(self, pairs: Iterable[tuple[int, int]]) -> str:
        """Say for how many ``pairs`` of frames a length is known; BagError when for none."""
        known = [self(*pair) > 0 for pair in pairs]
        if not any(known):
            raise BagError(
                'photometric.odometry needs nav_msgs/Odometry or geometry_msgs/PoseStamped in '
                'the bags, stamped like the images (data.max_time_difference); of '
                f'{len(known)} pairs of frames none has moved {SHORTEST} m by it. See '
                'data.odom_topic, or set photometric.odometry=0')
        return f'odometry: the metres between {sum(known)} of {len(known)} pairs are known'


def camera_travel(
    frames: BagFrames, config: TrainConfig, triplets: Triplets,
) -> tuple[CameraTravel | None, list[str]]:
    """Give the metres between frames where the loss asks for them, and a note for people."""
    if config.photometric.odometry == 0:
        return None, []
    travel = CameraTravel(frames, config.data.max_time_difference)
    return travel, [travel.check(triplets.pairs())]


def _positions(bag: BagIndex, tolerance: int) -> Positions:
    """Give the camera's place in the odometry's world for each stamp of an image."""
    body = bag.odometry_frame
    if body is None:
        return {}
    T_camera2body = (BagTransforms(bag.reader).between(bag.camera_frame, body) if body
                     else np.eye(4))
    # It warns where the poses are not the camera's; here the way between them is known.
    poses = BagPoses(bag.reader, lambda: bag.odometry_topic, tolerance, body)
    found = {entry.image.stamp: poses.at(entry.image.stamp) for entry in bag.frames}
    return {stamp: (T_body2world @ T_camera2body)[:3, 3]
            for stamp, T_body2world in found.items() if T_body2world is not None}
