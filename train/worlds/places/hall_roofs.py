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

"""Roofs of halls: slabs, girders, skylights, and lamps high up."""

import numpy as np
from sa4depth_train.worlds.places.ceilings import LAP, Lighting
from sa4depth_train.worlds.places.site import Region, Site
from sa4depth_train.worlds.places.solids import round_body, slab, tube


def cover_hall(site: Site, region: Region, height: float, lighting: Lighting) -> None:
    """Build the ceiling with what carries it, and hang lamps."""
    x0, x1, y0, y1 = region
    name = site.new('metal' if site.chance(0.3) else 'ceiling')
    site.rectangle(name, (x0 - LAP, y1 + LAP, height), (x1 - x0 + 2 * LAP, 0, 0),
                   (0, y0 - y1 - 2 * LAP, 0))
    drop = 0.0
    if height > 3.4 and site.chance(0.7):
        drop = _girders(site, region, height)
    if lighting.day > 0 and site.chance(0.35):
        _skylights(site, region, height, lighting)
    _lamps(site, region, height, min(drop, height - 2.7), lighting)


def _girders(site: Site, region: Region, height: float) -> float:
    x0, x1, y0, y1 = region
    name, depth = site.new('metal' if site.chance(0.6) else 'wood'), site.between(0.2, 0.7)
    truss = site.chance(0.5) and height > 4
    for x in np.linspace(x0, x1, max(3, round((x1 - x0) / site.between(2.5, 6))))[1:-1]:
        if truss:
            _truss(site, name, (float(x), y0, y1), height, depth)
        else:
            site.builder.add(name, slab((0.2, y1 - y0, depth), (
                float(x), (y0 + y1) / 2, height - depth / 2), grain='y'))
    for y in np.linspace(y0, y1, site.number(3, 7))[1:-1]:
        site.builder.add(name, slab((x1 - x0, 0.1, 0.12), ((x0 + x1) / 2, float(y),
                                                           height - 0.06)))
    if site.chance(0.4):
        r, y = site.between(0.15, 0.35), site.between(y0 + 1, y1 - 1)
        z = height - depth - r - 0.05
        site.builder.add(site.some('metal'), tube([(x0, y, z), (x1, y, z)], r, sides=12))
    return depth


def _truss(site: Site, name: str, line: tuple[float, float, float], height: float,
           depth: float) -> None:
    x, y0, y1 = line
    low, high = height - depth, height - 0.05
    for z in (low, high):
        site.builder.add(name, slab((0.1, y1 - y0, 0.08), (x, (y0 + y1) / 2, z), grain='y'))
    count = max(4, round((y1 - y0) / 1.2))
    edge = np.linspace(y0, y1, count + 1)
    for k in range(count):
        ends = ((x, edge[k], low), (x, edge[k + 1], high))
        if k % 2:
            ends = (x, edge[k], high), (x, edge[k + 1], low)
        site.builder.add(name, tube(ends, 0.03, sides=4))


def _skylights(site: Site, region: Region, height: float, lighting: Lighting) -> None:
    x0, x1, y0, y1 = region
    name = site.palette.register('lamp', site.materials.pick('lamp'))
    for x in np.linspace(x0, x1, site.number(3, 7))[1:-1]:
        w, d = 1.4, 0.5 * (y1 - y0)
        site.rectangle(name, (float(x) - w / 2, (y0 + y1 + d) / 2, height - 0.02), (w, 0, 0),
                       (0, -d, 0), picture=True)
    color = [0.8 * lighting.day * value for value in lighting.day_color]
    site.lamp(((x0 + x1) / 2, (y0 + y1) / 2, height - 0.05), color, cutoff=88.0, shadow=False,
              reach=2.0 * height)


def _lamps(site: Site, region: Region, height: float, drop: float, lighting: Lighting) -> None:
    x0, x1, y0, y1 = region
    z = height - drop - 0.05
    columns, rows = (max(2, round(side / site.between(3, 5))) for side in (x1 - x0, y1 - y0))
    style = site.number(0, 2)
    glow = site.palette.register('lamp', site.materials.pick('lamp'))
    name = glow if lighting.lamps > 0.3 else site.palette.plain((206, 206, 200), shine=0.2)
    white = site.palette.plain((200, 202, 204), shine=0.2)
    for x in x0 + (x1 - x0) * (np.arange(columns) + 0.5) / columns:
        for y in y0 + (y1 - y0) * (np.arange(rows) + 0.5) / rows:
            at = float(x), float(y), z
            if style == 0:
                site.builder.add(white, slab((1.5, 0.2, 0.08), at))
                site.builder.add(name, slab((1.45, 0.12, 0.04), (at[0], at[1], z - 0.05)))
            elif style == 1:
                bell = round_body([(0.25, -0.3), (0.2, -0.12), (0.06, 0)], segments=14)
                site.builder.add(white, bell.double_sided().moved(at))
                site.builder.add(name, round_body([(0, -0.24), (0.2, -0.22)], segments=12,
                                                  smooth=False).moved(at))
            else:
                site.rectangle(name, (at[0] - 0.3, at[1] + 0.3, z), (0.6, 0, 0), (0, -0.6, 0),
                               picture=True)
    _shine(site, region, z - 0.4, lighting)


def _shine(site: Site, region: Region, z: float, lighting: Lighting) -> None:
    x0, x1, y0, y1 = region
    color = [lighting.lamps * value for value in lighting.lamp_color]
    for number, (i, j) in enumerate(((0.25, 0.3), (0.75, 0.7), (0.25, 0.7), (0.75, 0.3))):
        site.lamp((x0 + i * (x1 - x0), y0 + j * (y1 - y0), z), color, cutoff=87.0,
                  shadow=number < 2, reach=0.8 * z + 0.15 * (x1 - x0))
    site.lamp(((x0 + x1) / 2, (y0 + y1) / 2, 0.1),
              [0.4 * max(lighting.lamps, lighting.day) * v for v in lighting.lamp_color],
              direction=(0, 0, 1), cutoff=89.0, reach=0.5 * (x1 - x0))
