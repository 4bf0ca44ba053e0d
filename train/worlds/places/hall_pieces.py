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

"""What stands in lobbies, gyms, churches and stairwells; pieces are centred on the origin."""

import numpy as np
from sa4depth_train.worlds.places.fixtures import picture_on
from sa4depth_train.worlds.places.site import Site
from sa4depth_train.worlds.places.solids import moved_parts, rod, round_body, slab, soft, tube
from sa4depth_train.worlds.world import Parts


def pillar(site: Site, material: str, height: float, radius: float, *, round_: bool) -> Parts:
    """Make a pillar with base and capital."""
    if round_:
        body = round_body([(1.25 * radius, 0), (1.25 * radius, 0.12), (radius, 0.2),
                           (0.93 * radius, height - 0.3), (1.3 * radius, height - 0.1),
                           (1.3 * radius, height)], segments=20, smooth=False)
        return [(material, body)]
    parts: Parts = [(material, slab((2 * radius, 2 * radius, height), (0, 0, height / 2),
                                    grain='z'))]
    if site.chance(0.5):
        base = slab((2.3 * radius, 2.3 * radius, 0.15), (0, 0, 0.075))
        parts.append((site.some('stone'), base))
    return parts


def counter(site: Site) -> Parts:
    """Make a reception desk with a raised front, screens and a back shelf."""
    w, d = site.between(2.0, 4.5), site.between(0.7, 1.0)
    front, top = site.new('wood'), site.some('stone')
    parts: Parts = [(front, slab((w, 0.12, 1.1), (0, -d / 2, 0.55))),
                    (top, slab((w + 0.1, 0.35, 0.05), (0, -d / 2, 1.12))),
                    (top, slab((w, d, 0.04), (0, 0, 0.74)))]
    parts += [(front, slab((0.12, d, 1.1), (side * w / 2, 0, 0.55))) for side in (-1, 1)]
    black = site.palette.plain((24, 24, 26), shine=0.3)
    for x in np.linspace(-0.3 * w, 0.3 * w, site.number(1, 3)):
        parts.append((black, slab((0.5, 0.04, 0.32), (float(x), 0.1, 1.05))))
        parts.append((black, slab((0.06, 0.06, 0.2), (float(x), 0.1, 0.85))))
    return parts


def stairs(site: Site, rise: float, width: float) -> Parts:
    """Make a straight flight up +y to a landing ``rise`` metres high, with railings."""
    count = max(4, round(rise / 0.17))
    tread, name = site.between(0.27, 0.31), site.new('stone')
    metal = site.some('metal')
    length = count * tread
    parts: Parts = []
    for k in range(count):
        h = rise * (k + 1) / count
        parts.append((name, slab((width, tread, h), (0, (k + 0.5) * tread - length / 2, h / 2))))
    parts.append((name, slab((width, 1.4, 0.25), (0, length / 2 + 0.7, rise - 0.125))))
    for x in (-width / 2 + 0.05, width / 2 - 0.05):
        for z in (0.5, 0.95):
            parts.append((metal, tube([(x, -length / 2, z), (x, length / 2, rise + z),
                                       (x, length / 2 + 1.4, rise + z)], 0.022)))
        parts += [(metal, rod(0.015, 0.95).moved((x, (k + 0.5) * tread - length / 2,
                                                  rise * (k + 1) / count)))
                  for k in range(0, count, 2)]
    return parts


def pew(width: float, wood: str) -> Parts:
    """Make a church bench that faces +y."""
    parts: Parts = [(wood, slab((width, 0.4, 0.04), (0, 0, 0.44))),
                    (wood, slab((width, 0.04, 0.5), (0, -0.22, 0.7))),
                    (wood, slab((width, 0.16, 0.03), (0, -0.3, 0.82)))]
    return parts + [(wood, slab((0.05, 0.5, 0.95), (x, -0.05, 0.475), grain='z'))
                    for x in (-width / 2, width / 2)]


def wall_bars(site: Site) -> Parts:
    """Make gymnastic wall bars, back to +y."""
    wood = site.some('wood')
    parts: Parts = []
    for k in range(site.number(1, 6)):
        for x in (-0.45, 0.45):
            parts.append((wood, slab((0.05, 0.12, 2.5), (x + 0.95 * k, -0.06, 1.25), grain='z')))
        parts += [(wood, tube([(0.95 * k - 0.45, -0.08, z), (0.95 * k + 0.45, -0.08, z)], 0.018))
                  for z in np.arange(0.15, 2.5, 0.17)]
    return parts


def hoop(site: Site) -> Parts:
    """Make a basketball hoop on its arm, back to +y, 3.05 m high."""
    metal = site.palette.plain((190, 80, 30))
    grey, white = site.some('metal'), site.palette.plain((232, 232, 230))
    angle = np.linspace(0, 2 * np.pi, 15)
    ring = np.stack([0.225 * np.cos(angle), -1.6 + 0.225 * np.sin(angle), 0 * angle + 3.05], 1)
    return [(white, slab((1.8, 0.04, 1.05), (0, -1.3, 3.4))), (metal, tube(ring, 0.012)),
            (metal, slab((0.3, 0.14, 0.05), (0, -1.36, 3.05))),
            (grey, tube([(-0.5, 0, 3.4), (-0.2, -1.28, 3.4)], 0.04)),
            (grey, tube([(0.5, 0, 3.4), (0.2, -1.28, 3.4)], 0.04))]


def mats(site: Site) -> Parts:
    """Make a stack of mats or a vaulting box."""
    name, w, d = site.new('fabric'), site.between(1.0, 2.0), site.between(0.6, 1.2)
    if site.chance(0.5):
        return [(name, soft((w, d, 0.1), (0, 0, 0.05 + 0.09 * k), roundness=0.12))
                for k in range(site.number(1, 8))]
    wood = site.some('wood')
    parts: Parts = [(wood, slab((1.5 - 0.06 * k, 0.8 - 0.08 * k, 0.2), (0, 0, 0.1 + 0.21 * k)))
                    for k in range(site.number(3, 5))]
    top = max(mesh.vertices[:, 2].max() for _, mesh in parts)
    return [*parts, (name, soft((1.3, 0.5, 0.14), (0, 0, float(top) + 0.05), roundness=0.3))]


def planter(site: Site) -> Parts:
    """Make a tub with a bush or a small tree in it."""
    w, h = site.between(0.4, 1.2), site.between(0.35, 0.6)
    tub, leaf = site.some('stone'), site.some('leaf')
    parts: Parts = [(tub, slab((w, w, h), (0, 0, h / 2)))]
    for _ in range(site.number(4, 10)):
        size = site.between(0.3, 0.9) * w + 0.2
        at = site.between(-0.25, 0.25) * w, site.between(-0.25, 0.25) * w, h + site.between(
            0.1, 0.9)
        parts.append((leaf, soft((size, size, 0.8 * size), at, roundness=0.9, rings=6,
                                 segments=10)))
    return parts


def display(site: Site) -> Parts:
    """Make a free-standing board, banner or showcase."""
    w, h = site.between(0.6, 1.8), site.between(1.4, 2.1)
    metal, name = site.some('metal'), site.new('poster')
    front = moved_parts([picture_on(name, w, 0.75 * h, 0.021)], (0, 0, 0.6 * h))
    back = moved_parts(front, (0, 0, 0), yaw=np.pi)
    feet: Parts = [(metal, slab((0.06, 0.5, 0.04), (x, 0, 0.02))) for x in (-0.4 * w, 0.4 * w)]
    posts: Parts = [(metal, slab((0.05, 0.04, 0.3 * h), (x, 0, 0.15 * h)))
                    for x in (-0.4 * w, 0.4 * w)]
    return [*front, *back, *feet, *posts, (metal, slab((w + 0.04, 0.04, 0.75 * h + 0.04),
                                                       (0, 0, 0.6 * h)))]
