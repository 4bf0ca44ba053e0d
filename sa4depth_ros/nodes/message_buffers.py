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

"""
Messages that are filled in place and sent again and again.

``publish`` serialises before it returns, so one message per topic can be reused; its data is
an ``array.array`` that NumPy writes through. Assigning bytes or arrays to ``data`` instead
costs up to 250 ms a frame on Humble, and a NumPy array is iterated element by element.
"""

from array import array
import sys

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.depth_estimator import DepthFrame
from sa4depth_ros.runtime.point_cloud import cloud_shape, CloudBuilder, POINT_STEP
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField
from std_msgs.msg import Header

_BIG_ENDIAN = sys.byteorder == 'big'


class ImageBuffer:
    """One sensor_msgs/Image of a fixed encoding."""

    def __init__(self, encoding: str) -> None:
        self._message = Image(encoding=encoding, is_bigendian=_BIG_ENDIAN)

    def fill(self, header: Header, pixels: NDArray[np.generic]) -> Image:
        """Give the message with ``pixels``, (h, w) or (h, w, c) of the encoding's type."""
        message = self._message
        if len(message.data) != pixels.nbytes:
            message.data = array('B', bytes(pixels.nbytes))
        target = np.frombuffer(message.data, dtype=pixels.dtype)
        np.copyto(target.reshape(pixels.shape), pixels)
        message.header = header
        message.height, message.width = pixels.shape[:2]
        message.step = pixels.nbytes // pixels.shape[0]
        return message


class CloudBuffer:
    """One organised sensor_msgs/PointCloud2 of x, y, z and rgb."""

    def __init__(self) -> None:
        self._builder = CloudBuilder()
        fields = [
            PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
            for index, name in enumerate(('x', 'y', 'z', 'rgb'))]
        self._message = PointCloud2(
            fields=fields, is_bigendian=_BIG_ENDIAN, is_dense=False, point_step=POINT_STEP)

    def fill(self, header: Header, frame: DepthFrame, stride: int) -> PointCloud2:
        """Give the cloud of ``frame``, which has a K, with every ``stride``-th row and column."""
        assert frame.K is not None
        message = self._message
        height, width = frame.depth.shape
        message.height, message.width = cloud_shape(height, width, stride)
        message.row_step = message.width * POINT_STEP
        size = message.height * message.row_step
        if len(message.data) != size:
            message.data = array('B', bytes(size))
        target = np.frombuffer(message.data, dtype=np.uint8)
        self._builder.fill(target, frame.depth, frame.K, frame.color(), stride)
        message.header = header
        return message


def camera_info_message(header: Header, frame: DepthFrame) -> CameraInfo:
    """
    Say exactly what the pixels of ``frame``, which has a K, are.

    They are rectified and have their own size: K of them, no distortion, R identity,
    P = [K 0], neither binning nor a region of interest.
    """
    assert frame.K is not None
    height, width = frame.depth.shape
    projection = np.hstack([frame.K, np.zeros((3, 1))])
    return CameraInfo(
        header=header, height=height, width=width, distortion_model='plumb_bob', d=[0.0] * 5,
        k=frame.K.ravel(), r=np.eye(3).ravel(), p=projection.ravel())
