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

"""Organised xyz+rgb point clouds, written straight into a message buffer."""

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.camera_model import Matrix

POINT_STEP = 16
"""Bytes of a point: float32 x, y, z at 0, 4, 8 and packed 0x00RRGGBB at 12."""


def cloud_shape(height: int, width: int, stride: int) -> tuple[int, int]:
    """Rows and columns of the cloud of an image when every ``stride``-th pixel is taken."""
    return -(-height // stride), -(-width // stride)


class CloudBuilder:
    """Back-projects depth images; keeps the pixel rays of the last camera."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._ray_x: NDArray[np.float32] = np.empty(0, np.float32)
        self._ray_y: NDArray[np.float32] = np.empty(0, np.float32)

    def fill(
        self, out: NDArray[np.uint8], depth: NDArray[np.float32], matrix: Matrix,
        rgb: NDArray[np.uint8], stride: int = 1,
    ) -> None:
        """
        Write the cloud of ``depth`` (h, w) and ``rgb`` (h, w, 3) into ``out``.

        ``out`` is a writable uint8 array of rows * columns * POINT_STEP bytes (cloud_shape),
        ``matrix`` (3x3) the pinhole intrinsics of these pixels. Points are in the optical
        frame, in depth's unit: X = z K^-1 [u v 1]. Depth that is not finite gives NaN points.
        """
        rows, columns = cloud_shape(depth.shape[0], depth.shape[1], stride)
        points = out.view(np.float32).reshape(rows, columns, 4)
        z = depth[::stride, ::stride]
        # z - z is 0, or NaN where z is infinite: all invalid points become NaN.
        with np.errstate(invalid='ignore'):
            z = z + (z - z)
        self._prepare_rays(depth.shape, matrix, stride)
        np.multiply(z, self._ray_x, out=points[..., 0])
        np.multiply(z, self._ray_y, out=points[..., 1])
        points[..., 2] = z
        out.view(np.uint32).reshape(rows, columns, 4)[..., 3] = _packed(rgb[::stride, ::stride])

    def _prepare_rays(self, shape: tuple[int, ...], matrix: Matrix, stride: int) -> None:
        key = (shape, matrix.tobytes(), stride)
        if key == self._key:
            return
        v, u = (np.arange(0, side, stride, dtype=np.float64) for side in shape)
        self._ray_x = ((u - matrix[0, 2]) / matrix[0, 0]).astype(np.float32)
        self._ray_y = ((v - matrix[1, 2]) / matrix[1, 1]).astype(np.float32)[:, None]
        self._key = key


def _packed(rgb: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """(h, w, 3) uint8 RGB as (h, w) little-endian 0x00RRGGBB."""
    rgb = np.ascontiguousarray(rgb)
    bgrx = np.zeros((*rgb.shape[:2], 4), dtype=np.uint8)
    cv2.mixChannels([rgb], [bgrx], [2, 0, 1, 1, 0, 2])
    return bgrx.view('<u4')[..., 0]
