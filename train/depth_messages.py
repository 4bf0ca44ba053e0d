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

"""From depth messages of a bag, raw or compressed, to metres."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError, FrameError
from sa4depth_ros.runtime.depth_decoding import compressed_depth, raw_depth

Depth = NDArray[np.float32]


def image_to_depth(message: Any) -> Depth:
    """
    Decode a sensor_msgs/Image with depth: 16UC1 millimetres or 32FC1 metres (REP 118).

    Gives (h, w) float32 metres, 0 where there is no measurement. Raises BagError.
    """
    try:
        return raw_depth(
            message.data, width=message.width, height=message.height, step=message.step,
            encoding=message.encoding, is_bigendian=bool(message.is_bigendian))
    except FrameError as error:
        raise BagError(str(error)) from error


def compressed_to_depth(message: Any) -> Depth:
    """Decode a sensor_msgs/CompressedImage with depth, see compressed_depth. Raises BagError."""
    try:
        return compressed_depth(message.data, message.format)
    except FrameError as error:
        raise BagError(str(error)) from error
