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

"""What stands in warehouses and workshops; each piece is centred on the origin, z = 0 below."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.furnishing import carton
from sa4depth_train.worlds.places.site import Site
from sa4depth_train.worlds.places.solids import moved_parts, rod, round_body, slab, tube
from sa4depth_train.worlds.world import Parts

ORANGE, BLUE, GREEN, YELLOW = ((206.0, 96.0, 30.0), (34.0, 70.0, 140.0), (40.0, 104.0, 70.0),
                               (222.0, 176.0, 40.0))
PALLET = (1.2, 0.8, 0.144)


def rack(site: Site, bays: int, levels: int, bay: float = 2.7) -> Parts:
    """Make a pallet rack along x, 1.1 m deep, laden here and there."""
    frame = site.palette.plain((BLUE, GREEN, (96, 98, 102), ORANGE)[site.number(0, 3)], shine=0.3)
    beam = site.palette.plain((ORANGE, YELLOW, (150, 152, 156))[site.number(0, 2)], shine=0.3)
    step, depth = site.between(1.2, 1.9), 1.1
    height, length = levels * step + 0.3, bays * bay
    full = site.between(0.4, 0.95)
    parts: Parts = []
    for k in range(bays + 1):
        x = -length / 2 + k * bay
        for y in (-depth / 2, depth / 2):
            parts.append((frame, slab((0.09, 0.07, height), (x, y, height / 2), grain='z')))
        parts += [(frame, tube([(x, -depth / 2, z), (x, depth / 2, z + 0.6)], 0.02, sides=4))
                  for z in np.arange(0.2, height - 0.7, 0.7)]
    for level in range(levels + 1):
        z = level * step
        if level:
            parts += [(beam, slab((length, 0.05, 0.12), (0, y, z)))
                      for y in (-depth / 2, depth / 2)]
        for k in range(bays * 2):
            if site.chance(full) and level <= levels:
                at = -length / 2 + (k + 0.5) * bay / 2, site.between(-0.06, 0.06), z + 0.06 * (
                    level > 0)
                parts += moved_parts(pallet(site, step - 0.35), at)
    return parts


def pallet(site: Site, space: float) -> Parts:
    """Make a pallet with goods up to ``space`` metres high: cartons, sacks, a crate or film."""
    wood = site.palette.plain((176, 144, 104))
    w, d, h = PALLET
    parts: Parts = [(wood, slab((w, 0.1, 0.1), (0, y, 0.05))) for y in (-0.35, 0, 0.35)]
    parts.append((wood, slab((w, d, 0.03), (0, 0, h - 0.02))))
    room = site.between(0.3, 1.0) * (space - h)
    style = site.number(0, 4)
    if style <= 2 and room > 0.2:
        parts += _stacked(site, (w, d, room), h)
    elif style == 3:
        film = slab((w - 0.06, d - 0.06, room), (0, 0, h + room / 2))
        parts.append((site.some('plastic'), film))
    elif room > 0.3:
        drums = site.some('metal')
        parts += [(drums, rod(0.19, min(room, 0.9), segments=14).moved((x, y, h)))
                  for x in (-0.38, 0, 0.38) for y in (-0.2, 0.2)]
    return parts


def pallets(site: Site) -> Parts:
    """Make one laden pallet, or a stack of empty ones."""
    if site.chance(0.6):
        return pallet(site, site.between(0.6, 2.0))
    wood = site.palette.plain((176, 144, 104))
    parts: Parts = []
    for k in range(site.number(2, 12)):
        layer = [(wood, slab((1.2, 0.1, 0.1), (0, y, 0.05))) for y in (-0.35, 0, 0.35)]
        layer.append((wood, slab((1.2, 0.8, 0.03), (0, 0, 0.12))))
        shift = site.between(-0.03, 0.03), site.between(-0.03, 0.03), 0.144 * k
        parts += moved_parts(layer, shift, yaw=site.between(-0.03, 0.03))
    return parts


def barrels(site: Site) -> Parts:
    """Make one to five drums of 200 litres."""
    name = site.some('metal', again=0.2)
    body = round_body([(0, 0), (0.29, 0), (0.29, 0.28), (0.3, 0.3), (0.29, 0.32), (0.29, 0.58),
                       (0.3, 0.6), (0.29, 0.62), (0.29, 0.88), (0, 0.87)], segments=16,
                      smooth=False)
    return [(name, body.moved((0.62 * k - 0.6, site.between(-0.1, 0.1), 0)))
            for k in range(site.number(1, 5))]


def forklift(site: Site) -> Parts:
    """Make a fork-lift truck that faces +x."""
    paint, black = site.new('car'), site.palette.plain((26, 26, 28))
    steel = site.palette.plain((90, 90, 94), shine=0.4)
    parts: Parts = [(paint, slab((1.5, 1.05, 0.55), (-0.25, 0, 0.6))),
                    (paint, slab((0.5, 1.0, 0.5), (-0.8, 0, 1.05))),
                    (black, slab((0.5, 0.5, 0.12), (-0.3, 0, 0.95))),
                    (black, slab((0.12, 0.5, 0.5), (-0.52, 0, 1.2))),
                    (paint, slab((1.1, 1.0, 0.06), (-0.3, 0, 2.1)))]
    for x in (0.2, -0.85):
        parts += [(black, tube([(x, y, 0.9), (x - 0.05, y, 2.1)], 0.035))
                  for y in (-0.46, 0.46)]
        parts += [(black, _wheel(0.3, 0.22, (x, y, 0.3))) for y in (-0.45, 0.45)]
    parts += [(steel, slab((0.1, 0.08, 2.2), (0.6, y, 1.2), grain='z')) for y in (-0.35, 0.35)]
    lift = site.between(0.06, 1.2)
    parts += [(steel, slab((1.1, 0.12, 0.05), (1.2, y, lift))) for y in (-0.25, 0.25)]
    parts.append((steel, slab((0.06, 0.9, 0.5), (0.68, 0, lift + 0.25))))
    return parts


def workbench(site: Site) -> Parts:
    """Make a bench with vice, drawers, tools on its top and a shelf below."""
    w, d = site.between(1.4, 3.0), site.between(0.6, 0.85)
    top, frame = site.some('wood'), site.some('metal')
    parts: Parts = [(top, slab((w, d, 0.06), (0, 0, 0.87))),
                    (frame, slab((w - 0.1, d - 0.1, 0.03), (0, 0, 0.2))),
                    (frame, slab((0.5, d - 0.1, 0.6), (w / 2 - 0.35, 0, 0.53)))]
    parts += [(frame, slab((0.08, 0.08, 0.84), (i * (w / 2 - 0.06), j * (d / 2 - 0.06), 0.42),
                           grain='z')) for i in (-1, 1) for j in (-1, 1)]
    parts += _strewn(site, w, d, 0.9, site.number(3, 14))
    vice = site.palette.plain((60, 74, 92), shine=0.4)
    parts += [(vice, slab((0.14, 0.3, 0.12), (-w / 2 + 0.25, -d / 2 + 0.1, 0.97))),
              (vice, slab((0.2, 0.06, 0.16), (-w / 2 + 0.25, -d / 2 - 0.08, 0.98)))]
    return parts


def machine_tool(site: Site) -> Parts:
    """Make a lathe, mill or press of housings, columns, wheels and a panel."""
    paint, dark = site.new('car'), site.palette.plain((44, 46, 50), shine=0.3)
    w, d, h = site.between(0.7, 2.2), site.between(0.6, 1.2), site.between(0.5, 1.0)
    parts: Parts = [(paint, slab((w, d, h), (0, 0, h / 2)))]
    tall = site.between(0.5, 1.4)
    x = site.between(-0.3, 0.3) * w
    parts += [(paint, slab((0.35 * w, 0.5 * d, tall), (x, 0.2 * d, h + tall / 2))),
              (dark, slab((0.6 * w, 0.7 * d, 0.08), (0, -0.05, h + 0.04))),
              (dark, rod(0.06, 0.5 * tall).moved((x, -0.1 * d, h + 0.4 * tall))),
              (paint, slab((0.3 * w, 0.7 * d, 0.25), (x, -0.1 * d, h + tall - 0.1)))]
    parts += [(dark, _wheel(0.1, 0.03, (w / 2 + 0.05, site.between(-0.3, 0.3) * d, h * 0.7)))
              for _ in range(2)]
    panel = slab((0.3, 0.06, 0.22), (-0.4 * w, -d / 2 - 0.03, h + 0.3))
    stem = slab((0.05, 0.05, 0.4), (-0.4 * w, -d / 2 + 0.05, h + 0.1))
    return [*parts, site.palette.small(panel), (dark, stem)]


def pipe_stack(site: Site) -> Parts:
    """Make a bundle of pipes or beams on the floor."""
    name, length = site.some('metal', again=0.2), site.between(1.5, 5.0)
    r, count = site.between(0.03, 0.12), site.number(2, 5)
    parts: Parts = []
    for row in range(count):
        for k in range(count - row):
            y, z = (k - (count - row - 1) / 2) * 2 * r, r + row * 1.74 * r
            pipe = tube([(-length / 2, y, z), (length / 2, y, z)], 0.98 * r, sides=8)
            parts.append((name, pipe.double_sided()))
    return parts


def step_ladder(site: Site) -> Parts:
    """Make a ladder that stands on four feet."""
    name, h = site.some('metal'), site.between(1.2, 2.6)
    parts: Parts = []
    for y in (-0.2, 0.2):
        parts += [(name, tube([(s * 0.3 * h, y * 1.3, 0), (0, y, h)], 0.025)) for s in (-1, 1)]
    for z in np.arange(0.28, h, 0.28):
        x = 0.3 * h * (1 - z / h)
        parts.append((name, slab((0.09, 0.46, 0.025), (x, 0, float(z)))))
    return parts


def _stacked(site: Site, size: tuple[float, float, float], z: float) -> Parts:
    nx, ny = site.number(1, 3), site.number(1, 2)
    nz = max(1, round(size[2] / site.between(0.25, 0.5)))
    w, d, h = size[0] / nx, size[1] / ny, size[2] / nz
    parts: Parts = []
    name, _ = carton(site, (w, d, h))
    for i in range(nx):
        for j in range(ny):
            for k in range(nz if site.chance(0.8) else max(1, nz - 1)):
                _, mesh = carton(site, (0.97 * w, 0.97 * d, 0.99 * h))
                parts.append((name, mesh.moved((
                    (i - (nx - 1) / 2) * w, (j - (ny - 1) / 2) * d, z + k * h))))
    return parts


def _strewn(site: Site, w: float, d: float, z: float, count: int) -> Parts:
    parts: Parts = []
    for _ in range(count):
        size = site.between(0.04, 0.35), site.between(0.03, 0.2), site.between(0.02, 0.25)
        at = site.between(-0.45, 0.45) * w, site.between(-0.3, 0.4) * d, z
        mesh = slab(size, (0, 0, size[2] / 2)) if site.chance(0.7) else rod(size[1] / 2, size[2])
        parts.append(site.palette.small(mesh.moved(at, yaw=site.between(-1, 1))))
    return parts


def _wheel(radius: float, width: float, at: tuple[float, float, float]) -> Mesh:
    wheel = rod(radius, width, segments=14).moved((0, 0, -width / 2))
    # The axle runs along y.
    return wheel.moved((0, 0, 0), pitch=np.pi / 2).moved((0, 0, 0), yaw=np.pi / 2).moved(at)
