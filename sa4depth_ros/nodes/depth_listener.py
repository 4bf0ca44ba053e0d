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

"""How other parts of the same process get at the depth of a camera, without messages."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.nodes.arrival import Arrival
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthFrame
from std_msgs.msg import Header


@dataclass(frozen=True, eq=False)
class SeenDepth:
    """
    One image (h, w, 3) uint8 as it came, its calibration (None: unknown) and its depth.

    ``header`` is that of the image message, ``arrival`` tells when it came.
    Nothing is copied: all of it is to be read only.
    """

    header: Header
    rgb: NDArray[np.uint8]
    camera: CameraModel | None
    frame: DepthFrame
    arrival: Arrival | None = None


class DepthListener(Protocol):
    """What hears of each depth image; called in the worker's thread, so it must be quick."""

    def needs_depth(self) -> bool:
        """Tell whether depth is to be computed for it even when nobody subscribes."""
        ...

    def put(self, seen: SeenDepth) -> None:
        """Take one, after it was published and before the engine runs again."""
        ...
