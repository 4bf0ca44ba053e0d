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

"""From depth messages, raw or compressed, to metres."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError

Depth = NDArray[np.float32]

DEPTH_ENCODINGS = ('16UC1', 'mono16', '32FC1')
_INVERSE_DEPTH = 1
_HEADER = np.dtype([('format', '<i4'), ('a', '<f4'), ('b', '<f4')])


def image_to_depth(message: Any) -> Depth:
    """
    Decode a sensor_msgs/Image with depth: 16UC1 millimetres or 32FC1 metres (REP 118).

    Gives (h, w) float32 metres, 0 where there is no measurement.
    """
    if message.encoding not in DEPTH_ENCODINGS:
        raise BagError(f"expected a depth image of {', '.join(DEPTH_ENCODINGS)}, got encoding "
                       f"'{message.encoding}'")
    kind = np.dtype(np.float32 if message.encoding == '32FC1' else np.uint16)
    kind = kind.newbyteorder('>' if message.is_bigendian else '<')
    height, width, step = message.height, message.width, message.step
    data = np.ascontiguousarray(message.data, dtype=np.uint8)
    if step < width * kind.itemsize or data.size < step * height:
        raise BagError(f'depth image of {width}x{height} {message.encoding} with step {step} has '
                       f'only {data.size} bytes')
    rows = data[:step * height].reshape(height, step)[:, :width * kind.itemsize]
    values = np.ascontiguousarray(rows).view(kind)
    return _metres(values, millimetres=kind.kind == 'u')


def compressed_to_depth(message: Any) -> Depth:
    """
    Decode a sensor_msgs/CompressedImage with depth: compressedDepth PNG or a 16-bit PNG.

    compressedDepth puts 12 bytes before the PNG: format, depthQuantA, depthQuantB. With
    32FC1 the PNG holds quantised inverse depth, depth = A / (value - B); this is the format
    of image_transport_plugins' compressed_depth_image_transport.
    """
    data = np.ascontiguousarray(message.data, dtype=np.uint8)
    if 'compressedDepth' not in message.format:
        return _metres(_png(data, message.format), millimetres=True)
    if 'rvl' in message.format.lower():
        raise BagError('compressedDepth in RVL format is not supported, only PNG; record with '
                       'compressedDepth.format png, or raw depth')
    if data.size <= _HEADER.itemsize:
        raise BagError(f'compressedDepth message of {data.size} bytes is too short')
    header = data[:_HEADER.itemsize].view(_HEADER)[0]
    values = _png(data[_HEADER.itemsize:], message.format)
    if not message.format.startswith('32FC1'):
        return _metres(values, millimetres=True)
    return _from_inverse(values, float(header['a']), float(header['b']))


def _png(data: NDArray[np.uint8], text: str) -> NDArray[Any]:
    values = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.ndim != 2:
        found = 'nothing' if values is None else f'{values.dtype} {values.shape}'
        raise BagError(f"expected a 16-bit PNG in a depth message of format '{text}', got {found}")
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
