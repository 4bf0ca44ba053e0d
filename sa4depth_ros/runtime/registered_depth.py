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

"""Depth of another camera, registered to the image, on the pixels of the rectified image."""

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.preprocess import FrameGeometry

_OTHER_SHAPE = 0.02


def on_rectified_pixels(
    depth: NDArray[np.float32], geometry: FrameGeometry,
) -> NDArray[np.float32]:
    """
    Give registered depth (rows, columns) of any size the pixels of the rectified image.

    Nearest neighbour: depth is never blended. Raises FrameError with cause 'size' when its shape
    is not the image's.
    """
    (width, height), (rows, columns) = geometry.image_size, depth.shape
    if abs(width * rows / (height * columns) - 1) > _OTHER_SHAPE:
        raise FrameError(
            f'depth of {columns}x{rows} cannot be registered to an image of {width}x{height}, '
            'another shape; use the depth that is aligned to the colour camera', 'size')
    if (columns, rows) != (width, height):
        depth = cv2.resize(  # type: ignore[assignment]
            depth, (width, height), interpolation=cv2.INTER_NEAREST)
    if geometry.needs_remap:
        # The fixed-point maps are floored by INTER_NEAREST, half a pixel off; floats are not.
        x, y = cv2.convertMaps(*geometry.color_maps, cv2.CV_32FC1)
        depth = cv2.remap(depth, x, y, cv2.INTER_NEAREST)  # type: ignore[assignment]
    return depth
