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
from sa4depth_ros.errors import BagError, FrameError
from sa4depth_ros.runtime.cloud_points import unpack_points
from sa4depth_train.bag_index import nearest, stamp_of
from sa4depth_train.bag_reader import BagReader

Points = NDArray[np.float64]


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
    fields = {field.name: (field.offset, field.datatype) for field in message.fields}
    try:
        return unpack_points(
            message.data, fields, width=message.width, height=message.height,
            point_step=message.point_step, row_step=message.row_step,
            is_bigendian=bool(message.is_bigendian))
    except FrameError as error:
        raise BagError(str(error)) from error
