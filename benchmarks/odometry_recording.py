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

"""A recording, or its last part, as every way to odometry is given it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.preprocess import FrameGeometry
from sa4depth_ros.runtime.registered_depth import on_rectified_pixels
from sa4depth_train.bag_index import BagIndex, FrameEntry
from sa4depth_train.classical_motion import ClassicalFrame
from sa4depth_train.data_config import DataConfig

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RecordedFrame:
    """
    One frame: ``rgb`` (h, w, 3) as recorded, its ``camera``, and the time in ``seconds``.

    ``depth`` (h, w) in metres, 0 unknown, is on rectified pixels; None where there is none.
    """

    rgb: NDArray[np.uint8]
    camera: CameraModel
    geometry: FrameGeometry
    depth: NDArray[np.float32] | None
    seconds: float

    def classical(self) -> ClassicalFrame:
        """Give the frame as the classical baseline takes it."""
        gray = cv2.cvtColor(self.geometry.rectify(self.rgb), cv2.COLOR_RGB2GRAY)
        return ClassicalFrame(gray, self.camera.P, self.depth)


class Recording:
    """
    The frames with a known pose of a bag, from the fraction ``start`` in [0, 1) on.

    Of these each ``every``-th.
    """

    def __init__(self, path: Path, start: float = 0.0, every: int = 1) -> None:
        """Index the bag; BagError when it cannot be read or has fewer than three poses."""
        self._bag = BagIndex(path, DataConfig(), need_depth=False)
        entries = self._bag.frames
        # As evaluate counts, so that the part that training held out is exactly this one.
        first = len(entries) - round(len(entries) * (1 - start))
        self._entries = [entry for entry in entries[first::every] if entry.pose is not None]
        if len(self._entries) < 3:
            raise BagError(f"bag '{path}': expected at least 3 images with a pose, got "
                           f'{len(self._entries)}; odometry cannot be measured without truth')
        self._geometry: FrameGeometry | None = None

    def __len__(self) -> int:
        """Count the frames."""
        return len(self._entries)

    def __iter__(self) -> Iterator[RecordedFrame]:
        """Decode frame by frame."""
        for entry in self._entries:
            rgb = self._bag.read_image(entry)
            camera = self._bag.camera(entry, (rgb.shape[1], rgb.shape[0]))
            geometry = self._geometry_of(camera)
            yield RecordedFrame(rgb, camera, geometry, self._depth(entry, geometry),
                                entry.image.stamp * 1e-9)

    @cached_property
    def truth(self) -> Matrix:
        """Poses (N, 4, 4) T_camera2world in metres."""
        return np.stack([pose for entry in self._entries if (pose := entry.pose) is not None])

    @cached_property
    def lengths(self) -> list[float]:
        """How long each of the N-1 steps is, metres."""
        return [float(step) for step in
                np.linalg.norm(np.diff(self.truth[:, :3, 3], axis=0), axis=1)]

    @property
    def has_depth(self) -> bool:
        """Whether every frame has depth of a depth camera."""
        return all(entry.depth is not None for entry in self._entries)

    @property
    def stamps(self) -> list[int]:
        """Times of the N frames in nanoseconds."""
        return [entry.image.stamp for entry in self._entries]

    def _geometry_of(self, camera: CameraModel) -> FrameGeometry:
        last, size = self._geometry, (camera.width, camera.height)
        if last is None or last.camera is None or last.camera.key != camera.key:
            last = self._geometry = FrameGeometry(size, size, camera)
        return last

    def _depth(self, entry: FrameEntry, geometry: FrameGeometry) -> NDArray[np.float32] | None:
        depth = self._bag.read_depth(entry)
        return None if depth is None else on_rectified_pixels(depth, geometry)
