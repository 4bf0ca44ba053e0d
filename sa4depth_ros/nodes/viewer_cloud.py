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

"""A received point cloud as a .ply file, and as a picture from beside the camera."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

BACKGROUND = (24, 26, 30)
PLY_POINT = np.dtype([('x', '<f4'), ('y', '<f4'), ('z', '<f4'),
                      ('red', 'u1'), ('green', 'u1'), ('blue', 'u1')])


@dataclass(frozen=True, eq=False)
class Cloud:
    """Valid points only: xyz (n, 3) float32 in the optical frame, rgb (n, 3) uint8."""

    xyz: NDArray[np.float32]
    rgb: NDArray[np.uint8]


def cloud_from_bytes(data: NDArray[np.uint8], offsets: dict[str, int], step: int) -> Cloud:
    """
    Read the float32 fields x, y, z and rgb (packed) of a PointCloud2's data.

    ``offsets`` and ``step`` are in bytes; points that are not finite are left out.
    """
    layout: Any = {'names': ['x', 'y', 'z', 'rgb'], 'formats': ['<f4', '<f4', '<f4', '<u4'],
                   'offsets': [offsets[name] for name in ('x', 'y', 'z', 'rgb')],
                   'itemsize': step}
    kind = np.dtype(layout)
    points = data[:data.size // step * step].view(kind)
    xyz = np.stack([points['x'], points['y'], points['z']], -1)
    valid = np.isfinite(xyz).all(-1)
    packed = points['rgb'][valid]
    rgb = np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], -1)
    return Cloud(xyz[valid], rgb.astype(np.uint8))


def colors_from_bytes(
    data: NDArray[np.uint8], shape: tuple[int, int], offset: int, step: int,
) -> NDArray[np.uint8]:
    """
    Read the packed colours of an organised PointCloud2 as an image (rows, columns, 3) RGB.

    ``shape`` is (rows, columns), ``offset`` that of the field rgb and ``step`` the length of
    a point in bytes. Also points without depth have their colour.
    """
    bgr = data.reshape(*shape, step)[..., offset:offset + 3]
    return np.ascontiguousarray(bgr[..., ::-1])


def write_ply(path: Path, cloud: Cloud) -> None:
    """Write a binary little-endian PLY with x, y, z [m] and red, green, blue."""
    points = np.empty(len(cloud.xyz), PLY_POINT)
    for index, name in enumerate(('x', 'y', 'z')):
        points[name] = cloud.xyz[:, index]
    for index, name in enumerate(('red', 'green', 'blue')):
        points[name] = cloud.rgb[:, index]
    properties = ''.join(
        f'property {"float" if kind == np.float32 else "uchar"} {name}\n'
        for name, kind in ((name, PLY_POINT[name]) for name in PLY_POINT.names or ()))
    header = ('ply\nformat binary_little_endian 1.0\n'
              'comment sa4depth_ros, optical frame: x right, y down, z forward\n'
              f'element vertex {len(points)}\n{properties}end_header\n')
    path.write_bytes(header.encode() + points.tobytes())


def view_from_beside(cloud: Cloud, size: tuple[int, int] = (960, 640), *,
                     yaw: float = 24.0, pitch: float = 16.0) -> NDArray[np.uint8]:
    """
    Draw the cloud as seen from the left and above, (h, w, 3) RGB for ``size`` (w, h).

    The eye is turned about the cloud's median point by ``yaw`` and ``pitch`` degrees and moved
    back; each point is a small square, near ones last (painter's algorithm).
    """
    width, height = size
    image = np.full((height, width, 3), BACKGROUND, np.uint8)
    if not len(cloud.xyz):
        return image
    near = cloud.xyz[cloud.xyz[:, 2] <= np.percentile(cloud.xyz[:, 2], 99)]
    pivot = np.median(near, axis=0)
    a, b = np.radians(yaw), np.radians(pitch)
    turn = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]) @ \
        np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    points = (cloud.xyz - pivot) @ turn.T
    points[:, 2] += 1.25 * pivot[2]
    shown = points[:, 2] > 0.2 * pivot[2]
    points, colors = points[shown], cloud.rgb[shown]
    uv = points[:, :2] / points[:, 2:]
    low, high = np.percentile(uv, (1.5, 98.5), axis=0)
    scale = 0.92 * min(width / max(high[0] - low[0], 1e-6), height / max(high[1] - low[1], 1e-6))
    pixel = ((uv - (low + high) / 2) * scale + [width / 2, height / 2]).astype(int)
    _splat(image, pixel, colors, points[:, 2])
    cv2.putText(image, f'{len(cloud.xyz)} points, seen from {yaw:g} deg left, {pitch:g} deg above',
                (12, height - 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (170, 172, 176), 1, cv2.LINE_AA)
    return image


def _splat(image: NDArray[np.uint8], pixel: NDArray[np.int_], colors: NDArray[np.uint8],
           depth: NDArray[np.floating]) -> None:
    order = np.argsort(-depth)
    pixel, colors = pixel[order], colors[order]
    # As many pixels each as it takes for neighbours to touch.
    side = int(np.clip(np.ceil(1.25 * np.sqrt(image[..., 0].size / len(pixel))), 2, 6))
    offsets = [(dx, dy) for dy in range(side) for dx in range(side)]
    # Far to near in slices: within one, all squares may cover each other in any order.
    for part in np.array_split(np.arange(len(pixel)), 64):
        for dx, dy in offsets:
            x, y = pixel[part, 0] + dx, pixel[part, 1] + dy
            inside = (x >= 0) & (x < image.shape[1]) & (y >= 0) & (y < image.shape[0])
            image[y[inside], x[inside]] = colors[part][inside]
