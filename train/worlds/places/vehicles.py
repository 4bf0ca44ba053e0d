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

"""Cars, vans and bicycles; each is centred on the origin, its length along x, z = 0 below."""

from collections.abc import Sequence

import numpy as np
from sa4depth_train.worlds.mesh import merged, Mesh
from sa4depth_train.worlds.places.site import Site, WHOLE
from sa4depth_train.worlds.places.solids import rod, slab, soft, tube
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

# Stations from the front to the rear: (share of the length, height of the belt line, height of
# the top, half width at the belt, half width at the top), heights and widths as shares.
_SALOON = ((0.0, 0.42, 0.42, 0.88, 0.80), (0.04, 0.50, 0.50, 0.95, 0.88),
           (0.28, 0.64, 0.65, 1.0, 0.92), (0.44, 0.66, 0.98, 1.0, 0.74),
           (0.56, 0.66, 1.0, 1.0, 0.74), (0.72, 0.67, 0.97, 1.0, 0.74),
           (0.87, 0.68, 0.69, 0.98, 0.90), (0.98, 0.62, 0.62, 0.93, 0.85),
           (1.0, 0.55, 0.55, 0.90, 0.82))
_HATCHBACK = ((0.0, 0.42, 0.42, 0.88, 0.80), (0.05, 0.52, 0.52, 0.95, 0.88),
              (0.26, 0.62, 0.63, 1.0, 0.92), (0.43, 0.63, 0.97, 1.0, 0.76),
              (0.60, 0.64, 1.0, 1.0, 0.76), (0.86, 0.65, 0.95, 0.99, 0.74),
              (0.97, 0.64, 0.66, 0.96, 0.90), (1.0, 0.55, 0.55, 0.92, 0.84))
_VAN = ((0.0, 0.30, 0.30, 0.90, 0.84), (0.05, 0.44, 0.44, 0.97, 0.90),
        (0.13, 0.52, 0.53, 1.0, 0.94), (0.28, 0.56, 0.96, 1.0, 0.88),
        (0.34, 0.56, 1.0, 1.0, 0.90), (0.985, 0.56, 1.0, 1.0, 0.90),
        (1.0, 0.56, 0.97, 0.98, 0.88))
# Form: stations, length, height, width [m], share of the length with glass in the sides.
_FORMS = ((_SALOON, (4.3, 5.0), (1.40, 1.52), (1.75, 1.90), 1.0),
          (_HATCHBACK, (3.5, 4.4), (1.42, 1.70), (1.62, 1.85), 1.0),
          (_VAN, (4.7, 6.2), (1.9, 2.6), (1.85, 2.05), 0.36))


def car(site: Site) -> Parts:
    """Make a parked saloon, hatchback or van; its front points to -x."""
    stations, lengths, heights, widths, glazed = _FORMS[int(site.rng.choice(3, p=(
        0.35, 0.42, 0.23)))]
    length, height, width = (site.between(*span) for span in (lengths, heights, widths))
    body, glass = _loft(np.array(stations), (length, 0.5 * width, height), glazed)
    black = site.palette.plain((22, 22, 24), shine=0.2)
    parts: Parts = [(site.new('car'), body)]
    if glass is not None:
        parts.append((site.palette.plain((34, 40, 46), shine=0.9), glass))
    radius = site.between(0.28, 0.34)
    grey = site.palette.plain((150, 152, 156), shine=0.5)
    for x in (-0.31 * length, 0.29 * length):
        for y in (-0.5 * width + 0.09, 0.5 * width - 0.09):
            parts += [(black, _wheel(radius, 0.2, (x, y, radius))),
                      (grey, _wheel(0.6 * radius, 0.215, (x, y, radius)))]
    return parts + _details(site, length, height, width)


def bicycle(site: Site) -> Parts:
    """Make a bicycle that stands along x."""
    paint, black = site.some('car', again=0.2), site.palette.plain((24, 24, 26))
    r = 0.33
    angle = np.linspace(0, 2 * np.pi, 17)
    parts: Parts = []
    for x in (-0.52, 0.52):
        ring = np.stack([x + r * np.cos(angle), 0 * angle, r + r * np.sin(angle)], 1)
        parts.append((black, tube(ring, 0.02, sides=5)))
    crank, saddle, head = (-0.05, 0, 0.3), (-0.2, 0, 0.85), (0.38, 0, 0.88)
    for line in ((crank, saddle), (crank, head), (saddle, head), ((-0.52, 0, r), crank),
                 ((-0.52, 0, r), saddle), ((0.52, 0, r), head), (head, (0.34, 0, 1.02))):
        parts.append((paint, tube(line, 0.02, sides=6)))
    parts += [(black, tube([(0.28, -0.28, 1.02), (0.34, 0, 1.02), (0.28, 0.28, 1.02)], 0.015)),
              (black, soft((0.26, 0.15, 0.07), (-0.2, 0, 0.9), rings=6, segments=10))]
    return parts


def _loft(stations: np.ndarray, size: tuple[float, float, float],
          glazed: float) -> tuple[Mesh, Mesh | None]:
    length, half, height = size
    x = (stations[:, 0] - 0.5) * length
    belt, top = stations[:, 1] * height, stations[:, 2] * height
    wide, narrow = stations[:, 3] * half, stations[:, 4] * half
    sill = 0.22
    body, glass = [], []
    for k in range(len(x) - 1):
        a, b = k, k + 1
        for side in (1, -1):
            low = [(x[a], side * wide[a] * 0.96, sill), (x[b], side * wide[b] * 0.96, sill),
                   (x[b], side * wide[b], belt[b]), (x[a], side * wide[a], belt[a])]
            high = [low[3], low[2], (x[b], side * narrow[b], top[b]),
                    (x[a], side * narrow[a], top[a])]
            body.append(low if side < 0 else low[::-1])
            is_glass = max(top[a] - belt[a], top[b] - belt[b]) > 0.1 and stations[b, 0] <= glazed
            (glass if is_glass else body).append(high if side < 0 else high[::-1])
        lid = [(x[a], -narrow[a], top[a]), (x[b], -narrow[b], top[b]),
               (x[b], narrow[b], top[b]), (x[a], narrow[a], top[a])]
        slope = abs(top[b] - top[a]) > 0.15 * height
        (glass if slope and stations[b, 0] <= max(glazed, 0.3) else body).append(lid)
    body += [_cap(x[0], wide[0], narrow[0], (sill, belt[0], top[0])),
             _cap(x[-1], wide[-1], narrow[-1], (sill, belt[-1], top[-1]))[::-1]]
    return merged([_quad(corners) for corners in body]), merged(
        [_quad(corners) for corners in glass]) if glass else None


def _cap(x: float, wide: float, narrow: float,
         heights: tuple[float, float, float]) -> list[tuple[float, float, float]]:
    sill, _, top = heights
    return [(x, 0.96 * wide, sill), (x, -0.96 * wide, sill), (x, -narrow, top), (x, narrow, top)]


def _quad(corners: Sequence[Sequence[float]]) -> Mesh:
    points = np.asarray(corners, float)
    normal = np.cross(points[2] - points[0], points[3] - points[1])
    normal /= max(float(np.linalg.norm(normal)), 1e-9)
    uv = points[:, [0, 2]] if abs(normal[2]) < 0.7 else points[:, :2]
    return Mesh(points, np.tile(normal, (4, 1)), uv, np.array([[0, 1, 2], [0, 2, 3]]))


def _details(site: Site, length: float, height: float, width: float) -> Parts:
    black = site.palette.plain((28, 28, 30), shine=0.2)
    white, red = site.palette.plain((236, 236, 228), shine=0.6), site.palette.plain((170, 20, 24))
    parts: Parts = [(black, slab((0.16, 0.96 * width, 0.18), (side * length / 2, 0, 0.32)))
                    for side in (-1, 1)]
    parts.append((black, slab((0.9 * length, 0.9 * width, 0.1), (0, 0, 0.24))))
    z = 0.46 * height if height < 1.8 else 0.36 * height
    for y in (-0.36 * width, 0.36 * width):
        parts += [(white, slab((0.1, 0.3, 0.13), (-length / 2 + 0.05, y, z - 0.02))),
                  (red, slab((0.08, 0.2, 0.2), (length / 2 - 0.02, y * 1.1, z + 0.02)))]
        parts.append((black, soft((0.1, 0.2, 0.14), (-0.2 * length, 1.5 * y, 0.62 * height),
                                  rings=6, segments=8)))
    for side in (-1, 1):
        plate = panel((side * (length / 2 + 0.085), side * -0.26, 0.32), (0, side * 0.52, 0),
                      (0, 0, 0.11), picture=True, cell=WHOLE)
        parts.append((site.some('label'), plate))
    return parts


def _wheel(radius: float, width: float, at: tuple[float, float, float]) -> Mesh:
    wheel = rod(radius, width, segments=16).moved((0, 0, -width / 2))
    # The axle runs along y.
    return wheel.moved((0, 0, 0), pitch=np.pi / 2).moved((0, 0, 0), yaw=np.pi / 2).moved(at)
