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

"""From depth as messages hold it, raw or compressed, to metres (REP 118)."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError

Depth = NDArray[np.float32]

DEPTH_ENCODINGS = ('16UC1', 'mono16', '32FC1')
_HEADER = np.dtype([('format', '<i4'), ('a', '<f4'), ('b', '<f4')])


def raw_depth(
    data: Any, *, width: int, height: int, step: int, encoding: str, is_bigendian: bool,
) -> Depth:
    """
    Decode the fields of a sensor_msgs/Image: 16UC1 millimetres or 32FC1 metres.

    Gives (h, w) float32 metres, 0 where there is no measurement. Raises FrameError.
    """
    if encoding not in DEPTH_ENCODINGS:
        raise FrameError(f"expected a depth image of {', '.join(DEPTH_ENCODINGS)}, got encoding "
                         f"'{encoding}'", 'depth_encoding')
    kind = np.dtype(np.float32 if encoding == '32FC1' else np.uint16)
    kind = kind.newbyteorder('>' if is_bigendian else '<')
    pixels = np.ascontiguousarray(data, dtype=np.uint8)
    if width * height == 0 or step < width * kind.itemsize or pixels.size < step * height:
        raise FrameError(f'depth image of {width}x{height} {encoding} with step {step} has '
                         f'only {pixels.size} bytes', 'depth_size')
    rows = pixels[:step * height].reshape(height, step)[:, :width * kind.itemsize]
    return _metres(np.ascontiguousarray(rows).view(kind), millimetres=kind.kind == 'u')


def compressed_depth(data: Any, text: str) -> Depth:
    """
    Decode a sensor_msgs/CompressedImage of format ``text``: compressedDepth or a 16-bit PNG.

    compressedDepth puts 12 bytes before the PNG: format, depthQuantA, depthQuantB. With
    32FC1 the PNG holds quantised inverse depth, depth = A / (value - B); this is the format
    of image_transport_plugins' compressed_depth_image_transport. Gives the same as
    ``raw_depth``.
    """
    content = np.ascontiguousarray(data, dtype=np.uint8)
    if 'compressedDepth' not in text:
        return _metres(_png(content, text), millimetres=True)
    if 'rvl' in text.lower():
        raise FrameError('compressedDepth in RVL format is not supported, only PNG; send or '
                         'record with compressedDepth.format png, or raw depth', 'depth_encoding')
    if content.size <= _HEADER.itemsize:
        raise FrameError(f'compressedDepth message of {content.size} bytes is too short',
                         'depth_size')
    header = content[:_HEADER.itemsize].view(_HEADER)[0]
    values = _png(content[_HEADER.itemsize:], text)
    if not text.startswith('32FC1'):
        return _metres(values, millimetres=True)
    return _from_inverse(values, float(header['a']), float(header['b']))


def _png(data: NDArray[np.uint8], text: str) -> NDArray[Any]:
    values = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if values is None or values.dtype != np.uint16 or values.ndim != 2:
        found = 'nothing' if values is None else f'{values.dtype} {values.shape}'
        raise FrameError(f"expected a 16-bit PNG in a depth message of format '{text}', got "
                         f'{found}', 'depth_encoding')
    return values


def _from_inverse(values: NDArray[Any], a: float, b: float) -> Depth:
    with np.errstate(divide='ignore', invalid='ignore'):
        depth = np.float32(a) / (values.astype(np.float32) - np.float32(b))
    return _metres(np.where(values > 0, depth, 0), millimetres=False)


def _metres(values: NDArray[Any], *, millimetres: bool) -> Depth:
    depth = values.astype(np.float32)
    if millimetres:
        depth *= np.float32(0.001)
    depth[~((depth > 0) & (depth < np.inf))] = 0
    return depth
