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

"""Lidar points of a bag, and which of them belong to an image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_index import nearest, stamp_of
from sa4depth_train.bag_reader import BagReader

Points = NDArray[np.float64]

# sensor_msgs/PointField.datatype
_FLOATS = {7: 'f4', 8: 'f8'}


class BagClouds:
    """The messages of one PointCloud2 topic, found by their stamps; ``frame`` is theirs."""

    def __init__(self, reader: BagReader, topic: str) -> None:
        """Read the stamps; BagError when the topic has no messages."""
        self.topic = topic
        self._reader = reader
        self.frame = ''
        places = []
        for time, message in reader.messages(topic):
            places.append((stamp_of(message), time))
            self.frame = str(message.header.frame_id)
        if not places:
            raise BagError(f"bag '{reader.path}': topic {topic} has no messages")
        self._places = sorted(places)
        self._stamps = [stamp for stamp, _ in self._places]

    def distance(self, stamp: int) -> int:
        """Tell how far the nearest cloud is from ``stamp``, in nanoseconds."""
        return abs(self._stamps[self._near(stamp)] - stamp)

    def near(self, stamp: int) -> Points:
        """Give the points (N, 3), metres, of the cloud nearest to ``stamp``."""
        wanted, time = self._places[self._near(stamp)]
        for _, message in self._reader.messages(self.topic, time, time + 1):
            if stamp_of(message) == wanted:
                return cloud_points(message)
        raise BagError(f"bag '{self._reader.path}': a message of {self.topic} is no longer there")

    def _near(self, stamp: int) -> int:
        index = nearest(self._stamps, stamp)
        assert index is not None
        return index


def cloud_points(message: Any) -> Points:
    """Give x, y, z (N, 3) of a sensor_msgs/PointCloud2; BagError when it has none."""
    fields = {field.name: field for field in message.fields}
    there = ', '.join(fields) or 'none'
    if not all(name in fields and fields[name].datatype in _FLOATS for name in 'xyz'):
        raise BagError('expected a PointCloud2 with fields x, y, z of type FLOAT32 or FLOAT64, '
                       f'got {there}')
    order = '>' if message.is_bigendian else '<'
    kind = np.dtype({
        'names': list('xyz'), 'formats': [order + _FLOATS[fields[n].datatype] for n in 'xyz'],
        'offsets': [fields[n].offset for n in 'xyz'], 'itemsize': message.point_step})
    data = np.ascontiguousarray(message.data, dtype=np.uint8)
    rows, width = message.height, message.width * message.point_step
    if data.size < rows * message.row_step or message.row_step < width:
        raise BagError(f'PointCloud2 of {message.width}x{rows} points with {message.point_step} '
                       f'bytes each has only {data.size} bytes')
    packed = data[:rows * message.row_step].reshape(rows, -1)[:, :width]
    points = np.ascontiguousarray(packed).reshape(-1).view(kind)
    return np.stack([points[name].astype(np.float64) for name in 'xyz'], axis=1)
