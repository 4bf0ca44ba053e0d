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

"""Things that stand about in public buildings; they face -y, their backs at y = 0."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.site import Site
from sa4depth_train.worlds.places.solids import moved_parts, rod, round_body, slab, soft, tube
from sa4depth_train.worlds.world import Parts


def bench(site: Site) -> Parts:
    """Make a bench, with a back or without."""
    w, d = site.between(1.0, 2.0), site.between(0.35, 0.5)
    wood, metal = site.some('wood'), site.some('metal')
    count = site.number(1, 5)
    parts: Parts = [(wood, slab((w, d / count - 0.012, 0.04), (0, -0.06 - (k + 0.5) * d / count,
                                                               0.43))) for k in range(count)]
    for x in (-0.4 * w, 0.4 * w):
        parts.append((metal, slab((0.05, d - 0.04, 0.41), (x, -0.06 - d / 2, 0.205))))
    if site.chance(0.5):
        parts += [(wood, slab((w, 0.03, 0.09), (0, -0.05, z))) for z in (0.62, 0.76)]
        parts += [(metal, slab((0.04, 0.03, 0.42), (x, -0.02, 0.62)))
                  for x in (-0.4 * w, 0.4 * w)]
    return parts


def bin_(site: Site) -> Parts:
    """Make a waste bin: round, square or with wheels."""
    style, name = site.number(0, 2), site.some('plastic', again=0.2)
    if style == 0:
        r, h = site.between(0.13, 0.22), site.between(0.3, 0.7)
        body = round_body([(0.0, 0.0), (0.85 * r, 0), (r, h), (0.94 * r, h), (0.8 * r, 0.05),
                           (0, 0.05)], smooth=False)
        return [(name, body.moved((0, -r - 0.04, 0)))]
    if style == 1:
        w, h = site.between(0.25, 0.4), site.between(0.55, 0.9)
        return [(name, slab((w, w, h), (0, -w / 2 - 0.02, h / 2))),
                site.palette.small(slab((0.8 * w, 0.02, 0.12), (0, -w - 0.03, h - 0.12)))]
    dark = site.palette.plain((30, 30, 32))
    wheels = [(dark, _wheel(0.1, 0.05, (x, -0.12, 0.1))) for x in (-0.22, 0.22)]
    return [(name, slab((0.5, 0.52, 0.9), (0, -0.34, 0.56))), *wheels,
            (name, slab((0.56, 0.62, 0.06), (0, -0.36, 1.04)))]


def chairs(site: Site) -> Parts:
    """Make a row of joined seats."""
    name, metal = site.some('plastic' if site.chance(0.6) else 'fabric'), site.some('metal')
    count = site.number(1, 5)
    parts: Parts = [(metal, slab((0.56 * count, 0.06, 0.05), (0, -0.4, 0.36)))]
    for x in (-0.2 * count, 0.2 * count):
        parts += [(metal, slab((0.05, 0.05, 0.36), (x, -0.4, 0.18))),
                  (metal, slab((0.05, 0.5, 0.03), (x, -0.4, 0.015)))]
    for k in range(count):
        x = (k - (count - 1) / 2) * 0.56
        parts += [(name, soft((0.5, 0.46, 0.06), (x, -0.42, 0.42), roundness=0.3)),
                  (name, soft((0.48, 0.06, 0.44), (x, -0.16, 0.68), roundness=0.3))]
    return parts


def locker_row(site: Site) -> Parts:
    """Make a row of lockers, in one to three tiers."""
    count, tiers = site.number(2, 8), site.number(1, 3)
    w, h, d = site.between(0.28, 0.4), site.between(1.6, 1.95), site.between(0.4, 0.5)
    name = site.some('metal', again=0.2)
    dark = site.palette.plain((40, 40, 42), shine=0.4)
    parts: Parts = [(name, slab((count * w, d, h), (0, -d / 2, h / 2 + 0.1))),
                    (dark, slab((count * w, d - 0.05, 0.1), (0, -d / 2, 0.05)))]
    for k in range(count):
        for tier in range(tiers):
            x, z = (k - (count - 1) / 2) * w, 0.1 + (tier + 0.5) * h / tiers
            parts += [(name, slab((w - 0.016, 0.02, h / tiers - 0.016), (x, -d - 0.01, z))),
                      (dark, slab((0.03, 0.02, 0.07), (x + 0.38 * w, -d - 0.03, z)))]
            for line in range(3):
                parts.append((dark, slab((0.5 * w, 0.002, 0.008),
                                         (x, -d - 0.021, z + 0.4 * h / tiers - 0.02 * line))))
    return parts


def trolley(site: Site) -> Parts:
    """Make a cart: cleaning, catering or transport, laden with boxes."""
    w, d, h = site.between(0.6, 1.1), site.between(0.4, 0.6), site.between(0.75, 1.05)
    metal, shelf = site.some('metal'), site.some('plastic')
    dark = site.palette.plain((28, 28, 30))
    levels = np.linspace(0.2, h - 0.1, site.number(2, 3))
    parts: Parts = [(shelf, slab((w, d, 0.03), (0, -d / 2 - 0.1, float(z)))) for z in levels]
    for x in (-w / 2, w / 2):
        for y in (-0.1, -0.1 - d):
            parts += [(metal, rod(0.014, h - 0.12).moved((x, y, 0.12))),
                      (dark, _wheel(0.06, 0.03, (x, y, 0.06)))]
        parts.append((metal, tube([(x, -0.1, h), (x, -0.1 - d, h)], 0.014)))
    for z in levels:
        for _ in range(site.number(0, 3)):
            size = site.between(0.12, 0.35), site.between(0.12, 0.3), site.between(0.08, 0.25)
            at = site.between(-0.3, 0.3) * w, -0.1 - d / 2, float(z) + 0.015 + size[2] / 2
            parts.append(site.palette.packet(size, at))
    return parts


def carton_stack(site: Site) -> Parts:
    """Make boxes piled up, some of them open."""
    parts: Parts = []
    z, w, d = 0.0, site.between(0.3, 0.7), site.between(0.3, 0.55)
    for _ in range(site.number(1, 4)):
        h = site.between(0.2, 0.5)
        at = site.between(-0.04, 0.04), -d / 2 - 0.08, z
        parts += moved_parts([carton(site, (w, d, h))], at, yaw=site.between(-0.12, 0.12))
        z += h
        w, d = w * site.between(0.75, 1.0), d * site.between(0.75, 1.0)
    return parts


def carton(site: Site, size: tuple[float, float, float]) -> tuple[str, Mesh]:
    """Make a printed cardboard box of (x, y, z) metres on z = 0."""
    mesh = slab(size, (0, 0, size[2] / 2))
    side = np.tile([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)], (6, 1))
    return site.some('carton', again=0.6), Mesh(mesh.vertices, mesh.normals, side, mesh.faces)


def _wheel(radius: float, width: float, at: tuple[float, float, float]) -> Mesh:
    wheel = rod(radius, width, segments=12).moved((0, 0, -width / 2))
    # Turned so that the axle runs along x.
    return wheel.moved((0, 0, 0), pitch=np.pi / 2).moved(at)
