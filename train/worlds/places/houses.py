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

"""Houses, garden walls and fences that surround a yard; in the frame of a wall, room at y < 0."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.site import Site, Wall, WHOLE
from sa4depth_train.worlds.places.solids import rod, slab, tube
from sa4depth_train.worlds.places.trees import hedge
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Parts

STOREY = (2.7, 3.4)


def build_house(site: Site, wall: Wall, start: float, length: float) -> None:
    """Put a house along a wall from ``start`` metres on, its front at y = 0."""
    storeys, storey = site.number(1, 4), site.between(*STOREY)
    height, depth = storeys * storey + site.between(0.2, 0.8), site.between(6, 10)
    name = site.new('facade')
    parts: Parts = [(name, slab((length, depth, height), (0, depth / 2, height / 2)))]
    if site.chance(0.4):
        plinth = slab((length + 0.06, 0.1, site.between(0.3, 0.9)), (0, 0, 0.2))
        parts.append((site.some('stone'), plinth))
    if site.chance(0.55) and length < 16:
        parts += _gable(site, length, depth, height)
    else:
        parts.append((site.some('metal'), slab((length + 0.3, depth + 0.3, 0.25),
                                               (0, depth / 2, height + 0.1))))
    parts += _openings(site, length, storeys, storey)
    if site.chance(0.5):
        x = site.rng.choice([-1, 1]) * (length / 2 - 0.15)
        parts.append((site.some('metal'), rod(0.05, height).moved((x, -0.08, 0))))
    site.hang(wall, parts, start + length / 2, blocks=False)


def build_border(site: Site, wall: Wall) -> None:
    """Put a garden wall, a fence or a hedge along a whole wall."""
    style, length = site.number(0, 3), wall.length
    if style == 0:
        height = site.between(0.6, 2.2)
        parts: Parts = [(site.new('stone' if site.chance(0.5) else 'facade'),
                         slab((length, 0.25, height), (0, 0.12, height / 2))),
                        (site.some('stone'), slab((length, 0.33, 0.07), (0, 0.12, height)))]
    elif style == 1:
        parts = hedge(site, length, site.between(0.8, 2.4))
    elif style == 2:
        parts = _pickets(site, length)
    else:
        parts = _railing(site, length)
    site.hang(wall, parts, length / 2, out=-0.5 if style == 1 else 0.0, blocks=False)


def _openings(site: Site, length: float, storeys: int, storey: float) -> Parts:
    width, tall = site.between(0.8, 1.5), site.between(1.1, 1.7)
    count = max(1, int((length - 0.8) / (width + site.between(0.7, 2.2))))
    sill, frame = site.some('stone'), site.palette.plain((222, 220, 214))
    windows = [site.new('window') for _ in range(site.number(1, 2))]
    door = site.number(0, count - 1)
    shutters = site.new('wood') if site.chance(0.3) else ''
    parts: Parts = []
    for level in range(storeys):
        for k in range(count):
            x, z = (k + 0.5 - count / 2) * length / count, level * storey
            if level == 0 and k == door:
                parts += _entrance(site, x)
                continue
            name = windows[int(site.rng.integers(len(windows)))]
            low = z + (storey - tall) * 0.55
            parts += [_picture(name, x, low, width, tall, 0.012),
                      (sill, slab((width + 0.16, 0.16, 0.06), (x, -0.08, low - 0.03))),
                      (frame, slab((width + 0.14, 0.06, 0.08), (x, -0.02, low + tall + 0.04)))]
            parts += [(frame, slab((0.07, 0.06, tall), (x + side * (width / 2 + 0.035), -0.02,
                                                        low + tall / 2))) for side in (-1, 1)]
            if shutters:
                parts += [(shutters, slab((width / 2, 0.05, tall), (
                    x + side * (0.78 * width + 0.06), -0.03, low + tall / 2), grain='z'))
                    for side in (-1, 1)]
            elif level and site.chance(0.12):
                parts += _balcony(site, x, z, width)
    return parts


def _entrance(site: Site, x: float) -> Parts:
    gate = site.chance(0.2)
    width, height = (2.5, 2.2) if gate else (site.between(0.9, 1.3), site.between(2.0, 2.3))
    parts: Parts = [_picture(site.new('gate' if gate else 'door'), x, 0.1, width, height, 0.02),
                    (site.some('stone'), slab((width + 0.4, 0.8, 0.1), (x, -0.4, 0.05)))]
    if site.chance(0.4):
        roof = slab((width + 0.6, 1.1, 0.08), (x, -0.55, height + 0.4))
        parts.append((site.some('metal'), roof))
    return parts


def _balcony(site: Site, x: float, z: float, width: float) -> Parts:
    metal, w = site.some('metal'), width + 0.9
    parts: Parts = [(site.some('stone'), slab((w, 1.1, 0.16), (x, -0.55, z)))]
    for at in ((x, -1.08, z + 1.0), ):
        parts.append((metal, slab((w, 0.05, 0.05), at)))
    parts += [(metal, rod(0.012, 1.0, segments=5).moved((float(s), -1.08, z)))
              for s in np.arange(x - w / 2, x + w / 2 + 0.01, 0.14)]
    return parts


def _gable(site: Site, length: float, depth: float, height: float) -> Parts:
    rise, over = site.between(1.2, 3.0), 0.35
    roof, wall = site.new('roof'), site.some('facade', again=1.0)
    front = panel((-length / 2 - over, -over, height - 0.1), (length + 2 * over, 0, 0),
                  (0, depth / 2 + over, rise + 0.1), cell=WHOLE)
    back = panel((length / 2 + over, depth + over, height - 0.1), (-length - 2 * over, 0, 0),
                 (0, -depth / 2 - over, rise + 0.1), cell=WHOLE)
    parts: Parts = [(roof, front.double_sided()), (roof, back.double_sided())]
    for side in (-1, 1):
        x = side * length / 2
        points = np.array([(x, 0, height), (x, depth, height), (x, depth / 2, height + rise)])
        faces = np.array([[0, 1, 2]] if side > 0 else [[0, 2, 1]])
        parts.append((wall, Mesh(points, np.tile([float(side), 0, 0], (3, 1)), points[:, 1:],
                                 faces)))
    if site.chance(0.5):
        parts.append((site.some('stone'), slab((0.6, 0.6, 1.6), (
            site.between(-0.3, 0.3) * length, depth / 2, height + rise))))
    return parts


def _pickets(site: Site, length: float) -> Parts:
    name, height = site.new('wood'), site.between(0.8, 2.0)
    wide = site.between(0.07, 0.14)
    gap = site.between(0.01, 0.1)
    parts: Parts = [(name, slab((length, 0.04, 0.08), (0, 0.06, share * height)))
                    for share in (0.2, 0.8)]
    parts += [(name, slab((wide, 0.025, height), (float(x), 0.03, height / 2 + 0.03), grain='z'))
              for x in np.arange(-length / 2 + wide, length / 2, wide + gap)]
    return parts


def _railing(site: Site, length: float) -> Parts:
    name, height = site.new('metal'), site.between(0.9, 2.0)
    parts: Parts = [(name, tube([(-length / 2, 0.05, z), (length / 2, 0.05, z)], 0.02))
                    for z in (0.12, height)]
    parts += [(name, slab((0.02, 0.02, height - 0.1), (float(x), 0.05, height / 2)))
              for x in np.arange(-length / 2, length / 2, site.between(0.11, 0.16))]
    parts += [(name, slab((0.08, 0.08, height + 0.15), (float(x), 0.05, height / 2)))
              for x in np.linspace(-length / 2, length / 2, max(2, int(length / 2.5)))]
    return parts


def _picture(name: str, x: float, z: float, width: float, height: float,
             off: float) -> tuple[str, Mesh]:
    return name, panel((x - width / 2, -off, z), (width, 0, 0), (0, 0, height), picture=True,
                       cell=WHOLE)
