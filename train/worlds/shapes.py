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

"""Basic shapes: rectangles, boxes, turned bodies, cushions and leaves."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from sa4depth_train.worlds.mesh import merged, Mesh, Vector

# The light is computed at vertices, so that large faces need several.
CELL = 0.25


def panel(origin: Vector, along_u: Vector, along_v: Vector, *,
          picture: bool = False, cell: float = CELL) -> Mesh:
    """
    Make a rectangle with corners origin, origin + u, origin + v; its normal is u x v.

    The texture runs along u and v, in metres, or 0..1 when it is a picture (v upwards).
    """
    start, u, v = (np.asarray(a, float) for a in (origin, along_u, along_v))
    length_u, length_v = np.linalg.norm(u), np.linalg.norm(v)
    columns, rows = (max(1, int(np.ceil(length / cell))) for length in (length_u, length_v))
    t, s = (a.ravel() for a in np.meshgrid(np.linspace(0, 1, rows + 1),
                                           np.linspace(0, 1, columns + 1), indexing='ij'))
    normal = np.cross(u, v) / (length_u * length_v)
    uv = np.stack([s, t], 1) * (1.0 if picture else np.array([length_u, length_v]))
    return Mesh(start + s[:, None] * u + t[:, None] * v, np.tile(normal, (len(s), 1)), uv,
                _grid_faces(rows, columns))


def box(size: Sequence[float], centre: Sequence[float] = (0, 0, 0), *,
        grain: str = 'x') -> Mesh:
    """Make an upright box; the texture's u runs along the grain axis where it can."""
    x, y, z = (0.5 * side for side in size)
    c = np.asarray(centre, float)
    X, Y, Z = np.diag([2.0 * x, 2.0 * y, 2.0 * z])
    faces = [
        (c + [-x, -y, z], X, Y), (c + [-x, y, -z], X, -Y),      # top, bottom
        (c + [-x, -y, -z], X, Z), (c + [x, y, -z], -X, Z),      # front (-y), back
        (c + [x, -y, -z], Y, Z), (c + [-x, y, -z], -Y, Z),      # right (+x), left
    ]
    axis = {'x': X, 'y': Y, 'z': Z}[grain]
    return merged([_grained_panel(origin, u, v, axis) for origin, u, v in faces])


def turned(profile: Sequence[tuple[float, float]], *, segments: int = 24,
           smooth: bool = False) -> Mesh:
    """
    Turn a profile of (radius, height) about z, listed so that outside is to its right.

    A profile that climbs outside (bottom to top) is seen from outside. ``smooth`` rounds the
    edges between profile points; otherwise each ring is flat.
    """
    points = np.asarray(profile, float)
    spans = np.linalg.norm(np.diff(points, axis=0), axis=1)
    slopes = np.diff(points, axis=0) / np.maximum(spans, 1e-9)[:, None]
    outward = np.stack([slopes[:, 1], -slopes[:, 0]], 1)
    if smooth:
        joined = np.concatenate([outward[:1], outward[:-1] + outward[1:], outward[-1:]])
        joined /= np.maximum(np.linalg.norm(joined, axis=1), 1e-9)[:, None]
        pairs = list(pairwise(joined))
    else:
        pairs = [(normal, normal) for normal in outward]
    along = np.concatenate([[0.0], np.cumsum(spans)])
    return merged([_ring(points[i:i + 2], pairs[i], along[i:i + 2], segments)
                   for i in range(len(spans))])


def cylinder(radius: float, height: float, *, segments: int = 24) -> Mesh:
    """Make a closed cylinder that stands on z = 0."""
    return turned([(0, 0), (radius, 0), (radius, height), (0, height)], segments=segments)


def ball(radius: float, *, rings: int = 12, segments: int = 20) -> Mesh:
    """Make a sphere about the origin."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    return turned(list(zip(radius * np.cos(angles), radius * np.sin(angles))),
                  segments=segments, smooth=True)


def cushion(size: Sequence[float], centre: Sequence[float] = (0, 0, 0), *,
            roundness: float = 0.35) -> Mesh:
    """
    Make a soft box: a superellipsoid, whose texture lies in metres along x and y + z.

    Barr, "Superquadrics and Angle-Preserving Transformations", 1981; normals from its dual.
    """
    latitude = np.linspace(-np.pi / 2, np.pi / 2, 17)
    longitude = np.linspace(-np.pi, np.pi, 33)
    v, u = (a.ravel() for a in np.meshgrid(latitude, longitude, indexing='ij'))
    half = 0.5 * np.asarray(size, float)

    def bent(exponent: float) -> np.ndarray:
        ring = _power(np.cos(v), exponent)
        return np.stack([ring * _power(np.cos(u), exponent),
                         ring * _power(np.sin(u), exponent), _power(np.sin(v), exponent)], 1)

    vertices = half * bent(roundness)
    normals = bent(2.0 - roundness) / half
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-9)[:, None]
    uv = np.stack([vertices[:, 0], vertices[:, 1] + vertices[:, 2]], 1)
    return Mesh(vertices + np.asarray(centre, float), normals, uv, _grid_faces(16, 32))


def leaf(length: float, width: float, *, lift: float, droop: float) -> Mesh:
    """Make a bent leaf that starts at the origin, rises by ``lift`` rad along x and droops."""
    t = np.linspace(0.0, 1.0, 9)
    angle = lift - droop * t
    step = length / 8
    x = np.concatenate([[0.0], np.cumsum(step * np.cos(angle[:-1]))])
    z = np.concatenate([[0.0], np.cumsum(step * np.sin(angle[:-1]))])
    half = 0.5 * width * np.sin(np.pi * (0.06 + 0.94 * t)) ** 0.8
    vertices = np.stack([np.repeat(x, 2), np.stack([-half, half], 1).ravel(),
                         np.repeat(z, 2)], 1)
    normals = np.repeat(np.stack([-np.sin(angle), 0 * angle, np.cos(angle)], 1), 2, axis=0)
    uv = np.stack([np.repeat(t, 2), np.tile([0.0, 1.0], 9)], 1)
    strip = np.array([[2 * i, 2 * i + 2, 2 * i + 1] for i in range(8)]
                     + [[2 * i + 1, 2 * i + 2, 2 * i + 3] for i in range(8)])
    return Mesh(vertices, normals, uv, strip).double_sided()


def _grained_panel(origin: np.ndarray, u: np.ndarray, v: np.ndarray, axis: np.ndarray) -> Mesh:
    if abs(u @ axis) > 0 or not abs(v @ axis) > 0:
        return panel(origin, u, v)
    # u must follow the grain: the same rectangle, started from another corner.
    return panel(origin + u, v, -u)


def _ring(points: np.ndarray, normals: tuple[np.ndarray, np.ndarray], along: np.ndarray,
          segments: int) -> Mesh:
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    c, s = np.cos(angle), np.sin(angle)
    vertices, directions = [], []
    for (radius, height), (out, up) in zip(points, normals):
        vertices.append(np.stack([radius * c, radius * s, np.full_like(c, height)], 1))
        directions.append(np.stack([out * c, out * s, np.full_like(c, up)], 1))
    u = angle * float(points[:, 0].max())
    uv = np.concatenate([np.stack([u, np.full_like(u, value)], 1) for value in along])
    return Mesh(np.concatenate(vertices), np.concatenate(directions), uv,
                _grid_faces(1, segments))


def _grid_faces(rows: int, columns: int) -> np.ndarray:
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).reshape(-1, 1)
    first = corner + [0, 1, columns + 2]
    second = corner + [0, columns + 2, columns + 1]
    return np.concatenate([first, second])


def _power(base: np.ndarray, exponent: float) -> np.ndarray:
    return np.sign(base) * np.abs(base) ** exponent
