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

"""The depth of images, from the points of a lidar."""

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.camera_model import CameraModel, scaled_intrinsics
from sa4depth_ros.runtime.scale_depth import project_points
from sa4depth_ros.runtime.scale_tracks import rectifying
from sa4depth_train.bag_clouds import BagClouds
from sa4depth_train.bag_reader import BagReader
from sa4depth_train.bag_transforms import BagTransforms


class BagLidar:
    """
    Points of one PointCloud2 topic, brought into the camera by /tf_static and projected.

    Raises BagError when the topic is empty or no transform leads to ``camera_frame``.
    """

    def __init__(self, reader: BagReader, topic: str, camera_frame: str) -> None:
        self._clouds = BagClouds(reader, topic)
        self._T_lidar2camera = BagTransforms(reader).between(self._clouds.frame, camera_frame)

    def depth(
        self, stamp: int, camera: CameraModel, size: tuple[int, int],
    ) -> NDArray[np.float32]:
        """
        Project the cloud nearest to an image: (height, width) metres, 0 where no point is.

        ``stamp`` [ns] is that of the image, ``camera`` its calibration; ``size`` (width, height)
        is what its rectified picture is shrunk to. Points are projected at that size, as most of
        them would be lost in shrinking.
        """
        ratios = (size[0] / camera.width, size[1] / camera.height)
        K = scaled_intrinsics(camera.P, ratios)
        T_lidar2view = rectifying(camera) @ self._T_lidar2camera
        return project_points(self._clouds.near(stamp), T_lidar2view, K, size)
