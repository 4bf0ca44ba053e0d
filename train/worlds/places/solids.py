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

"""Shapes for many small things: fast boxes, tubes, soft bodies, sheets of cloth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from sa4depth_train.worlds.mesh import Mesh, Vector
from sa4depth_train.worlds.shapes import box, cylinder, turned
from sa4depth_train.worlds.world import Parts


@dataclass(frozen=True)
class Surface:
    """A level top that can carry things: its rectangle [m], its height and the room above."""

    x0: float
    x1: float
    y0: float
    y1: float
    z: float
    space: float = 0.6


@dataclass(frozen=True, eq=False)
class Piece:
    """
    One thing to put into a room: it faces -y, stands on z = 0 about the origin.

    ``size`` is (width, depth, height) in metres, without what hangs over; ``tops`` may carry
    clutter.
    """

    parts: Parts
    size: tuple[float, float, float]
    tops: tuple[Surface, ...] = ()


def slab(size: Sequence[float], centre: Sequence[float] = (0, 0, 0), *,
         grain: str = 'x') -> Mesh:
    """Make an upright box of 12 triangles; the texture's u runs along the grain axis."""
    unit, axes = _unit_box(grain)
    side = np.asarray(size, float)
    middle = np.asarray(centre, float)
    # Boxes at different places show different parts of the texture.
    uv = unit.uv * side[axes] + middle[axes]
    return Mesh(unit.vertices * side + middle, unit.normals, uv, unit.faces)


def tube(points: Sequence[Vector], radius: float, *, sides: int = 6) -> Mesh:
    """Make an open pipe along a polyline of at least two points."""
    line = np.asarray(points, float)
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    spread = np.abs(line[-1] - line[0])
    first = np.cross(along, np.eye(3)[int(np.argmin(spread))])
    first /= np.maximum(np.linalg.norm(first, axis=1), 1e-9)[:, None]
    second = np.cross(along, first)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    normals = (np.cos(angle)[None, :, None] * first[:, None]
               + np.sin(angle)[None, :, None] * second[:, None])
    vertices = line[:, None] + radius * normals
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    uv = np.stack(np.broadcast_arrays(radius * angle[None], length[:, None]), -1)
    return Mesh(vertices.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2),
                _grid(len(line), sides + 1))


def soft(size: Sequence[float], centre: Sequence[float] = (0, 0, 0), *, roundness: float = 0.35,
         rings: int = 8, segments: int = 16) -> Mesh:
    """Make a soft box (superellipsoid) of few faces, texture in metres."""
    unit, normals, faces = _unit_soft(roundness, rings, segments)
    half = 0.5 * np.asarray(size, float)
    vertices = half * unit
    turned_out = normals / half
    turned_out /= np.maximum(np.linalg.norm(turned_out, axis=1), 1e-9)[:, None]
    uv = np.stack([vertices[:, 0], vertices[:, 1] + vertices[:, 2]], 1)
    return Mesh(vertices + np.asarray(centre, float), turned_out, uv, faces)


def sheet(points: np.ndarray, *, both: bool = True) -> Mesh:
    """Make a surface through points (rows, columns, 3); its normal is d/dcolumn x d/drow."""
    across, down = np.gradient(points, axis=1), np.gradient(points, axis=0)
    normals = np.cross(across, down)
    normals /= np.maximum(np.linalg.norm(normals, axis=2), 1e-9)[..., None]
    u = np.cumsum(np.linalg.norm(across, axis=2), axis=1)
    v = np.cumsum(np.linalg.norm(down, axis=2), axis=0)
    made = Mesh(points.reshape(-1, 3), normals.reshape(-1, 3),
                np.stack([u, v], -1).reshape(-1, 2), _grid(*points.shape[:2]))
    return made.double_sided() if both else made


def round_body(profile: Sequence[tuple[float, float]], *, segments: int = 12,
               smooth: bool = True) -> Mesh:
    """Turn a profile of (radius, height) with few faces."""
    return turned(profile, segments=segments, smooth=smooth)


def rod(radius: float, height: float, *, segments: int = 10) -> Mesh:
    """Make a closed upright cylinder that stands on z = 0."""
    return cylinder(radius, height, segments=segments)


def stretched(mesh: Mesh, scale: Vector) -> Mesh:
    """Scale along the axes, normals included."""
    factor = np.asarray(scale, float)
    normals = mesh.normals / factor
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-9)[:, None]
    return replace(mesh, vertices=mesh.vertices * factor, normals=normals)


def tilted(mesh: Mesh, angle: float) -> Mesh:
    """Turn about the x axis by ``angle`` rad."""
    c, s = np.cos(angle), np.sin(angle)
    R = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    return replace(mesh, vertices=mesh.vertices @ R.T, normals=mesh.normals @ R.T)


def moved_parts(parts: Parts, at: Vector, *, yaw: float = 0.0, pitch: float = 0.0) -> Parts:
    """Move every mesh of a piece."""
    return [(name, mesh.moved(at, yaw=yaw, pitch=pitch)) for name, mesh in parts]


@lru_cache(maxsize=4)
def _unit_box(grain: str) -> tuple[Mesh, np.ndarray]:
    # Which axis of the box each vertex' u and v follow, found by stretching one axis at a time.
    unit = box((0.2, 0.2, 0.2), grain=grain)
    axes = np.zeros((len(unit.vertices), 2), int)
    for axis in range(3):
        size = np.full(3, 0.2)
        size[axis] = 0.1
        axes[np.abs(box(size, grain=grain).uv - 0.5 * unit.uv) < 1e-9] = axis
    same = np.abs(unit.uv) < 1e-9
    axes = _filled(axes, same)
    return Mesh(unit.vertices / 0.2, unit.normals, unit.uv / 0.2, unit.faces), axes


def _filled(axes: np.ndarray, zero: np.ndarray) -> np.ndarray:
    # A coordinate of 0 says nothing: take the axis of the same face's other vertices.
    for start in range(0, len(axes), 4):
        face = slice(start, start + 4)
        for k in range(2):
            axes[face, k] = axes[face, k][~zero[face, k]][0]
    return axes


@lru_cache(maxsize=64)
def _unit_soft(roundness: float, rings: int,
               segments: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    latitude = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    longitude = np.linspace(-np.pi, np.pi, segments + 1)
    v, u = (a.ravel() for a in np.meshgrid(latitude, longitude, indexing='ij'))

    def bent(exponent: float) -> np.ndarray:
        ring = _power(np.cos(v), exponent)
        return np.stack([ring * _power(np.cos(u), exponent),
                         ring * _power(np.sin(u), exponent), _power(np.sin(v), exponent)], 1)

    return bent(roundness), bent(2.0 - roundness), _grid(rings + 1, segments + 1)


def _power(base: np.ndarray, exponent: float) -> np.ndarray:
    return np.sign(base) * np.abs(base) ** exponent


@lru_cache(maxsize=64)
def _grid(rows: int, columns: int) -> np.ndarray:
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1, 1)
    return np.concatenate([corner + [0, 1, columns + 1], corner + [0, columns + 1, columns]])
