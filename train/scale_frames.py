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

"""The frames of a bag with the depth that a model predicts for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.preprocess import FrameGeometry
from sa4depth_train.bag_index import BagIndex, FrameEntry
from sa4depth_train.bag_reader import BagReader
from sa4depth_train.bag_topics import find_cloud
from sa4depth_train.bag_transforms import BagTransforms
from sa4depth_train.data_config import DataConfig
from sa4depth_train.evaluation import Estimator
from sa4depth_train.scale_config import ScaleConfig


class NumberedFrame(NamedTuple):
    """A frame and its number among the images of the bag."""

    number: int
    entry: FrameEntry


@dataclass(frozen=True, eq=False)
class View:
    """One image as the model takes it: ``rgb`` (h, w, 3) as recorded, and how to rectify it."""

    rgb: NDArray[np.uint8]
    geometry: FrameGeometry

    @property
    def camera(self) -> CameraModel:
        """Calibration of the image."""
        assert self.geometry.camera is not None
        return self.geometry.camera


class ScaleFrames:
    """Reads the frames of one bag for a calibration; call ``close`` at the end."""

    def __init__(self, path: Path, config: ScaleConfig, estimator: Estimator) -> None:
        """Index the bag; BagError when it lacks image or calibration, or the depth asked for."""
        self.config = config
        self._estimator = estimator
        self.reader = BagReader(path)
        data = DataConfig(
            image_topic=config.image_topic, camera_info_topic=config.camera_info_topic,
            depth_topic=config.depth_topic, odom_topic=config.odom_topic,
            max_time_difference=config.max_time_difference,
            min_depth=config.min_depth, max_depth=config.max_depth)
        self.bag = BagIndex(path, data, need_depth=config.reference == 'depth')
        self.transforms = BagTransforms(self.reader)
        self._geometries: dict[Any, FrameGeometry] = {}

    def close(self) -> None:
        """Close the files of the bag."""
        self.bag.close()
        self.reader.close()

    @property
    def entries(self) -> list[NumberedFrame]:
        """All frames from the start that the settings name."""
        frames = self.bag.frames
        first = len(frames) - round(len(frames) * (1 - self.config.start))
        return [NumberedFrame(number, frames[number]) for number in range(first, len(frames))]

    def spread(self, frames: Sequence[NumberedFrame]) -> list[NumberedFrame]:
        """Choose as many as the settings allow, evenly."""
        count = min(self.config.frames, len(frames))
        return [frames[i] for i in np.linspace(0, len(frames) - 1, count).round().astype(int)]

    def view(self, entry: FrameEntry) -> View:
        """Read one image."""
        rgb = self.bag.read_image(entry)
        camera = self.bag.camera(entry, (rgb.shape[1], rgb.shape[0]))
        if camera.key not in self._geometries:
            size = (camera.width, camera.height)
            self._geometries[camera.key] = FrameGeometry(size, size, camera)
        return View(rgb, self._geometries[camera.key])

    def predict(self, view: View) -> NDArray[np.float32]:
        """Give the model's depth of an image, (h, w), on rectified pixels."""
        depth = self._estimator.estimate(view.rgb, view.camera).depth
        if depth.shape != view.rgb.shape[:2]:
            depth = cv2.resize(  # type: ignore[assignment]
                depth, view.geometry.image_size, interpolation=cv2.INTER_LINEAR)
        return depth

    def cloud_topic(self) -> str | None:
        """Name the topic of lidar points, None without one."""
        return find_cloud(self.reader.types(), self.config.lidar_topic)
