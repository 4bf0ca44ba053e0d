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

"""From messages to arrays, and what of a camera_info goes into a CameraModel."""

from typing import Any

from builtin_interfaces.msg import Time
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_decoding import compressed_depth, raw_depth
from sa4depth_ros.runtime.pixel_formats import decode_compressed, SUPPORTED_ENCODINGS, to_rgb
from sensor_msgs.msg import CameraInfo, CompressedImage, Image


def image_to_rgb(message: Image) -> NDArray[np.uint8]:
    """
    Give the pixels as (height, width, 3) uint8 RGB; a view of the message where it is rgb8.

    Encodings that this package does not know (16-bit Bayer floats, vendor types) go through
    cv_bridge where it is installed. Raises FrameError.
    """
    if message.encoding not in SUPPORTED_ENCODINGS and len(message.data) > 0:
        return _by_cv_bridge(message)
    return to_rgb(
        message.data, width=message.width, height=message.height, step=message.step,
        encoding=message.encoding, is_bigendian=bool(message.is_bigendian))


def compressed_to_rgb(message: CompressedImage) -> NDArray[np.uint8]:
    """Give the decoded image as (height, width, 3) uint8 RGB. Raises FrameError."""
    return decode_compressed(message.data, message.format)


def message_to_depth(message: Image | CompressedImage) -> NDArray[np.float32]:
    """Give depth (h, w) float32 in metres, 0 where there is none. Raises FrameError."""
    if isinstance(message, CompressedImage):
        return compressed_depth(message.data, message.format)
    return raw_depth(
        message.data, width=message.width, height=message.height, step=message.step,
        encoding=message.encoding, is_bigendian=bool(message.is_bigendian))


def camera_from_info(info: CameraInfo, image_size: tuple[int, int]) -> CameraModel:
    """Give the calibration for images of ``image_size`` (width, height). Raises FrameError."""
    roi = info.roi
    return CameraModel.from_calibration(
        width=info.width, height=info.height, K=info.k, D=info.d, R=info.r, P=info.p,
        distortion_model=info.distortion_model, binning=(info.binning_x, info.binning_y),
        roi=(roi.x_offset, roi.y_offset, roi.width, roi.height), image_size=image_size)


def info_content(info: CameraInfo) -> tuple[Any, ...]:
    """Give a value that is equal for camera_infos with the same content, whatever the stamp."""
    roi = info.roi
    return (info.width, info.height, info.distortion_model, info.binning_x, info.binning_y,
            roi.x_offset, roi.y_offset, roi.width, roi.height,
            tuple(info.k), tuple(info.d), tuple(info.r), tuple(info.p))


def nanoseconds(stamp: Time) -> int:
    """Give a stamp as one integer."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def _by_cv_bridge(message: Image) -> NDArray[np.uint8]:
    known = ', '.join(sorted(SUPPORTED_ENCODINGS))
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except (ImportError, AttributeError) as error:
        # AttributeError: a cv_bridge that was built for another NumPy.
        raise FrameError(
            f"image encoding '{message.encoding}' is not supported and cv_bridge is not "
            f'available ({error}); have the driver send one of {known}', 'encoding') from error
    try:
        pixels = CvBridge().imgmsg_to_cv2(message, 'rgb8')
    except CvBridgeError as error:
        raise FrameError(
            f"image encoding '{message.encoding}' is not supported, nor can cv_bridge convert "
            f'it ({error}); have the driver send one of {known}', 'encoding') from error
    return np.asarray(pixels, dtype=np.uint8)
