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

"""From the bytes of a camera image, raw or compressed, to RGB."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError

Image = NDArray[np.uint8]
Buffer = Any


@dataclass(frozen=True)
class _Format:
    """Samples per pixel, bytes per sample and the way to RGB (None: it is RGB)."""

    samples: int
    bytes_each: int
    code: int | None

    def decode(self, raw: NDArray[Any]) -> Image:
        if self.bytes_each == 2:
            # As in cv_bridge: the full 16 bits map to the full 8 bits.
            raw = (raw >> 8).astype(np.uint8)
        if self.code is None:
            return raw
        return cv2.cvtColor(raw, self.code)  # type: ignore[return-value]


def _formats() -> dict[str, _Format]:
    # ROS names a Bayer pattern by its first 2x2 pixels, OpenCV by the second row's middle.
    bayer = {'rggb': cv2.COLOR_BayerBG2RGB, 'bggr': cv2.COLOR_BayerRG2RGB,
             'gbrg': cv2.COLOR_BayerGR2RGB, 'grbg': cv2.COLOR_BayerGB2RGB}
    colors: dict[str, tuple[int, int | None]] = {
        'rgb': (3, None), 'bgr': (3, cv2.COLOR_BGR2RGB), 'rgba': (4, cv2.COLOR_RGBA2RGB),
        'bgra': (4, cv2.COLOR_BGRA2RGB), 'mono': (1, cv2.COLOR_GRAY2RGB)}
    colors |= {f'bayer_{pattern}': (1, code) for pattern, code in bayer.items()}
    formats = {f'{name}{8 * size}': _Format(samples, size, code)
               for name, (samples, code) in colors.items() for size in (1, 2)}
    uyvy, yuyv = (_Format(2, 1, code) for code in (cv2.COLOR_YUV2RGB_UYVY, cv2.COLOR_YUV2RGB_YUY2))
    formats |= {'yuv422': uyvy, 'uyvy': uyvy, 'yuv422_yuy2': yuyv, 'yuyv': yuyv}
    # Drivers that fill messages straight from OpenCV use its type names, then BGR is meant.
    formats |= {'8UC1': formats['mono8'], '8UC3': formats['bgr8'], '8UC4': formats['bgra8'],
                '16UC1': formats['mono16']}
    return formats


_PACKED = _formats()
_PLANAR = {'nv12': cv2.COLOR_YUV2RGB_NV12, 'nv21': cv2.COLOR_YUV2RGB_NV21}
SUPPORTED_ENCODINGS = frozenset(_PACKED) | frozenset(_PLANAR)


def to_rgb(
    data: Buffer, *, width: int, height: int, step: int, encoding: str,
    is_bigendian: bool = False,
) -> Image:
    """
    Give the image as (height, width, 3) uint8 RGB, without a copy where it is rgb8.

    ``data`` is any buffer of bytes, ``step`` the bytes of one row with padding (0: none),
    ``encoding`` a name of sensor_msgs/image_encodings. Raises FrameError with cause 'empty',
    'encoding' or 'size'.
    """
    if width <= 0 or height <= 0 or len(data) == 0:
        raise FrameError(f'the image is empty: {width}x{height} with {len(data)} bytes; check '
                         'the camera driver', 'empty')
    if encoding in _PLANAR:
        return _planar_to_rgb(data, width, height, step, encoding)
    if encoding not in _PACKED:
        raise FrameError(f"image encoding '{encoding}' is not supported; have the driver send "
                         f"one of {', '.join(sorted(SUPPORTED_ENCODINGS))}", 'encoding')
    layout = _PACKED[encoding]
    if layout.samples == 2 and width % 2:
        raise FrameError(f'{encoding} needs an even width, the image has {width}', 'size')
    order = '>' if is_bigendian else '<'
    dtype = np.dtype(f'{order}u{layout.bytes_each}')
    pixel = () if layout.samples == 1 else (layout.samples,)
    return layout.decode(_rows(data, (height, width, *pixel), step, dtype, encoding))


def decode_compressed(data: Buffer, image_format: str) -> Image:
    """
    Give a sensor_msgs/CompressedImage (JPEG, PNG, ...) as (height, width, 3) uint8 RGB.

    ``image_format`` is the message's format, as compressed_image_transport writes it.
    Raises FrameError with cause 'empty' or 'compressed'.
    """
    if len(data) == 0:
        raise FrameError('the compressed image has no data; check the camera driver', 'empty')
    encoding = image_format.split(';')[0].strip()
    demosaic = encoding.startswith('bayer') and encoding in _PACKED
    flag = cv2.IMREAD_GRAYSCALE if demosaic else cv2.IMREAD_COLOR
    image = _decoded(data, flag | cv2.IMREAD_IGNORE_ORIENTATION, image_format)
    if demosaic:
        return _PACKED[f'{encoding.rstrip("168")}8'].decode(image)
    # compressed_image_transport says so when it did not swap to OpenCV's order.
    if 'compressed rgb' in image_format:
        return image
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def _decoded(data: Buffer, flags: int, image_format: str) -> Image:
    decode: Callable[..., Any] = cv2.imdecode
    image = decode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise FrameError(
            f"cannot decode a compressed image of format '{image_format}' ({len(data)} bytes); "
            'expected JPEG, PNG or another format of OpenCV, undamaged', 'compressed')
    return image  # type: ignore[no-any-return]


def _planar_to_rgb(data: Buffer, width: int, height: int, step: int, encoding: str) -> Image:
    if width % 2 or height % 2:
        raise FrameError(f'{encoding} needs even sides, the image is {width}x{height}', 'size')
    rows = _rows(data, (height * 3 // 2, width), step, np.dtype(np.uint8), encoding)
    # OpenCV takes the two planes as one image without padding.
    packed = np.ascontiguousarray(rows)
    return cv2.cvtColor(packed, _PLANAR[encoding])  # type: ignore[return-value]


def _rows(
    data: Buffer, shape: tuple[int, ...], step: int, dtype: 'np.dtype[Any]', encoding: str,
) -> NDArray[Any]:
    """View ``data`` as an array of ``shape`` whose rows are ``step`` bytes apart."""
    row = np.empty(shape[1:], dtype)
    step = step or row.nbytes
    # The last row may come without its padding.
    total = step * (shape[0] - 1) + row.nbytes
    buffer = memoryview(data).cast('B')
    if step < row.nbytes or len(buffer) < total:
        raise FrameError(
            f'expected at least {row.nbytes} bytes in a row and {total} in an image of '
            f'{shape[0]} rows ({encoding}), got step {step} and {len(buffer)} bytes; the '
            'message is damaged or the driver fills it wrongly', 'size')
    return np.ndarray(shape, dtype, buffer, strides=(step, *row.strides))
