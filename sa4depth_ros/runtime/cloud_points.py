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

"""From the packed bytes of a point cloud to coordinates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError

# Type numbers of sensor_msgs/PointField.
_FLOATS = {7: 'f4', 8: 'f8'}


def unpack_points(
    data: Any, fields: Mapping[str, tuple[int, int]], *, width: int, height: int,
    point_step: int, row_step: int, is_bigendian: bool,
) -> NDArray[np.float64]:
    """
    Give x, y, z (N, 3) of a cloud as sensor_msgs/PointCloud2 packs it.

    ``fields`` maps names to offset and type number. Raises FrameError with cause 'encoding' for
    a cloud without x, y, z, 'size' when bytes are missing.
    """
    there = ', '.join(fields) or 'none'
    if not all(name in fields and fields[name][1] in _FLOATS for name in 'xyz'):
        raise FrameError('expected a PointCloud2 with fields x, y, z of type FLOAT32 or FLOAT64, '
                         f'got {there}', 'encoding')
    order = '>' if is_bigendian else '<'
    kind = np.dtype({
        'names': list('xyz'), 'formats': [order + _FLOATS[fields[name][1]] for name in 'xyz'],
        'offsets': [fields[name][0] for name in 'xyz'], 'itemsize': point_step})
    content = np.ascontiguousarray(data, dtype=np.uint8)
    if content.size < height * row_step or row_step < width * point_step:
        raise FrameError(f'PointCloud2 of {width}x{height} points with {point_step} bytes each '
                         f'has only {content.size} bytes', 'size')
    packed = content[:height * row_step].reshape(height, -1)[:, :width * point_step]
    points = np.ascontiguousarray(packed).reshape(-1).view(kind)
    return np.stack([points[name].astype(np.float64) for name in 'xyz'], axis=1)
