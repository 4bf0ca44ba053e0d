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

"""Ceilings of public buildings with their lamps, pipes and trays, and the light of a place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sa4depth_train.worlds.places.site import Color, Region, Site
from sa4depth_train.worlds.places.solids import round_body, slab, tube

MOST_LAMPS = 6
# Ceilings reach so far into the walls [m].
LAP = 0.05


@dataclass(frozen=True)
class Lighting:
    """How bright lamps and daylight are (0..1), their colours, the ambient light and the sky."""

    lamps: float
    day: float
    lamp_color: Color
    day_color: Color
    ambient: Color
    sky: tuple[Color, Color]

    @staticmethod
    def drawn(site: Site, *, daylight: bool) -> 'Lighting':
        """Draw an hour, a weather and the tint of the lamps."""
        day = site.between(0.3, 1.0) if daylight and site.chance(0.8) else 0.0
        lamps = site.between(0.5, 1.0) if day < 0.2 or site.chance(0.5) else site.between(0, 0.3)
        warmth = (-0.04, 0.12) if site.chance(0.7) else (0.1, 0.3)
        lamp_color = _tint(site.between(*warmth))
        day_color = _tint(site.between(-0.1, 0.04))
        base = site.between(0.3, 0.55) * (0.4 + 0.6 * max(day, lamps))
        share = day / max(day + lamps, 1e-6)
        ambient = _mixed(base, share, day_color, lamp_color)
        white = site.chance(0.5)
        sky = (((1.0, 1.0, 1.0), (0.95, 0.97, 1.0)) if white else
               ((0.80, 0.88, 0.96), (0.40, 0.60, 0.90)))
        night = ((0.05, 0.06, 0.09), (0.01, 0.01, 0.03))
        return Lighting(lamps, day, lamp_color, day_color, ambient, sky if day > 0 else night)


def cover_ceiling(site: Site, regions: Sequence[Region], height: float,
                  lighting: Lighting) -> None:
    """Build the ceiling over regions with rows of lamps and whatever runs along it."""
    name = site.new('ceiling')
    lift = 0.0
    for x0, x1, y0, y1 in regions:
        site.rectangle(name, (x0 - LAP, y1 + LAP, height + lift), (x1 - x0 + 2 * LAP, 0, 0),
                       (0, y0 - y1 - 2 * LAP, 0))
        lift += 0.002
    style, pitch = site.number(0, 4), site.between(1.8, 4.0)
    spots = [spot for region in regions for spot in _row(region, pitch)]
    on = site.palette.register('lamp', site.materials.pick('lamp'))
    off = site.palette.plain((206, 206, 200), shine=0.2)
    drops = [_fixture(site, style, on if lighting.lamps > 0.3 else off, spot, height)
             for spot in spots]
    drop = max([0.0, *drops])
    if lighting.lamps > 0.05:
        _add_lamps(site, spots, height - drop - 0.05, lighting)
    _add_bounce(site, regions, lighting)
    if site.chance(0.3):
        _pipes(site, regions[0], height)


def _row(region: Region, pitch: float) -> list[tuple[float, float, bool]]:
    x0, x1, y0, y1 = region
    lengthwise = x1 - x0 >= y1 - y0
    count = max(1, round(max(x1 - x0, y1 - y0) / pitch))
    at = (np.arange(count) + 0.5) / count
    if lengthwise:
        return [(float(x), (y0 + y1) / 2, True) for x in x0 + (x1 - x0) * at]
    return [((x0 + x1) / 2, float(y), False) for y in y0 + (y1 - y0) * at]


def _fixture(site: Site, style: int, glow: str, spot: tuple[float, float, bool],
             height: float) -> float:
    x, y, lengthwise = spot
    white = site.palette.plain((228, 228, 224), shine=0.1)
    long = (1.24, 0.2) if lengthwise else (0.2, 1.24)
    if style == 0:
        size = (0.6, 0.6)
    elif style == 1:
        dome = round_body([(0, -0.1), (0.12, -0.08), (0.17, 0)], segments=14)
        site.builder.add(glow, dome.moved((x, y, height)))
        return 0.1
    elif style == 2:
        site.builder.add(white, slab((*long, 0.06), (x, y, height - 0.03)))
        site.builder.add(glow, slab((long[0] - 0.04, long[1] - 0.08, 0.04),
                                    (x, y, height - 0.075)))
        return 0.1
    elif style == 3:
        size = (1.2, 0.3) if not lengthwise else (0.3, 1.2)
    else:
        for shift in (-0.4, 0.4):
            at = (x + shift, y, height - 0.004) if lengthwise else (x, y + shift, height - 0.004)
            disc = round_body([(0, 0), (0.08, 0), (0.08, 0.02)], segments=12, smooth=False)
            site.builder.add(glow, disc.moved(at))
        return 0.02
    site.builder.add(white, slab((size[0] + 0.04, size[1] + 0.04, 0.014), (x, y, height - 0.007)))
    site.rectangle(glow, (x - size[0] / 2, y + size[1] / 2, height - 0.016), (size[0], 0, 0),
                   (0, -size[1], 0), picture=True)
    return 0.03


def _add_lamps(site: Site, spots: list[tuple[float, float, bool]], z: float,
               lighting: Lighting) -> None:
    # As many lamps as may shine, spread evenly over the fixtures.
    count = min(MOST_LAMPS, len(spots))
    chosen = [spots[round(k * (len(spots) - 1) / max(1, count - 1))] for k in range(count)]
    reach = max(3.2, 0.5 * len(spots) / count * 5)
    color = [lighting.lamps * 1.05 * value for value in lighting.lamp_color]
    shadows = site.number(1, 2)
    for number, (x, y, _) in enumerate(chosen):
        site.lamp((x, y, z), color, cutoff=87.0, shadow=number % 3 == 1 and shadows > number // 3,
                  reach=reach)


def _add_bounce(site: Site, regions: Sequence[Region], lighting: Lighting) -> None:
    x0, x1, y0, y1 = regions[0]
    strength = 0.35 * max(lighting.lamps, lighting.day)
    site.lamp(((x0 + x1) / 2, (y0 + y1) / 2, 0.05), [strength * v for v in lighting.lamp_color],
              direction=(0, 0, 1), cutoff=89.0, reach=6.0)


def _pipes(site: Site, region: Region, height: float) -> None:
    x0, x1, y0, y1 = region
    lengthwise = x1 - x0 >= y1 - y0
    width = (y1 - y0) if lengthwise else (x1 - x0)
    for _ in range(site.number(1, 5)):
        r, across = site.between(0.02, 0.14), site.between(0.1, width - 0.1)
        z = height - r - site.between(0.02, 0.25)
        line = ([(x0, y0 + across, z), (x1, y0 + across, z)] if lengthwise else
                [(x0 + across, y0, z), (x0 + across, y1, z)])
        site.builder.add(site.some('metal'), tube(line, r, sides=10))
    if site.chance(0.5):
        across, z = site.between(0.2, width - 0.4), height - site.between(0.15, 0.35)
        size, at = (((x1 - x0, 0.3, 0.06), ((x0 + x1) / 2, y0 + across, z)) if lengthwise else
                    ((0.3, y1 - y0, 0.06), (x0 + across, (y0 + y1) / 2, z)))
        site.builder.add(site.some('metal'), slab(size, at))


def _tint(warmth: float) -> Color:
    return 1.0 + 0.4 * warmth, 1.0, 1.0 - warmth


def _mixed(strength: float, share: float, first: Color, second: Color) -> Color:
    red, green, blue = (strength * (share * a + (1 - share) * b) for a, b in zip(first, second))
    return red, green, blue
