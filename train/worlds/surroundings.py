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

"""The shell of a room: walls with a hole or without, and the soft shade in its corners."""

from collections.abc import Sequence

import cv2
import numpy as np
from sa4depth_train.worlds.mesh import merged, Mesh, Vector
from sa4depth_train.worlds.shapes import panel

# A hole in a wall or a spot on the floor as fractions of it: left, right, bottom, top.
Region = tuple[float, float, float, float]


def wall(origin: Vector, along_u: Vector, along_v: Vector,
         hole: Region | None = None) -> Mesh:
    """Make a wall with picture coordinates, leaving out the hole (fractions of u and v)."""
    if hole is None:
        return panel(origin, along_u, along_v, picture=True)
    left, right, bottom, top = hole
    pieces = [(0, left, 0, 1), (right, 1, 0, 1), (left, right, 0, bottom), (left, right, top, 1)]
    return merged([_piece(np.asarray(origin, float), np.asarray(along_u, float),
                          np.asarray(along_v, float), piece) for piece in pieces])


def wall_shade(shape: tuple[int, int], size: tuple[float, float]) -> np.ndarray:
    """
    Ambient occlusion of a wall (h, w) in 0..1 of ``size`` (width, height) metres.

    Darker towards all four edges, where another surface takes half of the sky.
    """
    x = (np.arange(shape[1]) + 0.5) / shape[1] * size[0]
    y = (np.arange(shape[0]) + 0.5) / shape[0] * size[1]
    across = _corner(x) * _corner(size[0] - x)
    down = _corner(y) * _corner(size[1] - y)
    return (down[:, None] * across[None, :]).astype(np.float32)


def contact_shade(shape: tuple[int, int], size: tuple[float, float],
                  footprints: Sequence[tuple[Region, float, float]]) -> np.ndarray:
    """
    Shade (h, w) in 0..1 under furniture on a floor of ``size`` (width, depth) metres.

    Each footprint is (x0, x1, y0, y1) in metres, a softness in metres and a strength 0..1;
    row 0 is the far side (largest y).
    """
    shade = np.ones(shape, np.float32)
    px_x, px_y = shape[1] / size[0], shape[0] / size[1]
    for (x0, x1, y0, y1), softness, strength in footprints:
        mask = np.zeros(shape, np.float32)
        cv2.rectangle(mask, (int(x0 * px_x), int((size[1] - y1) * px_y)),
                      (int(x1 * px_x), int((size[1] - y0) * px_y)), 1.0, -1)
        shade *= 1 - strength * cv2.GaussianBlur(mask, (0, 0), softness * px_x)
    return shade


def _piece(origin: np.ndarray, u: np.ndarray, v: np.ndarray, part: Region) -> Mesh:
    left, right, bottom, top = part
    mesh = panel(origin + left * u + bottom * v, (right - left) * u, (top - bottom) * v,
                 picture=True)
    uv = mesh.uv * [right - left, top - bottom] + [left, bottom]
    return Mesh(mesh.vertices, mesh.normals, uv, mesh.faces)


def _corner(distance: np.ndarray) -> np.ndarray:
    return 1 - 0.30 * np.exp(-distance / 0.18) - 0.12 * np.exp(-distance / 0.7)
