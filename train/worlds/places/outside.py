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

"""What windows show and let in: ground and houses outside, daylight, the sun."""

from collections.abc import Sequence

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.ceilings import Lighting
from sa4depth_train.worlds.places.site import moved, Site, Wall, WHOLE
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Light, Material

MOST_LIGHTS = 8
SUN_DISTANCE = 40.0


def lay_outside(site: Site, walls: Sequence[Wall], lighting: Lighting) -> None:
    """Build the outside of windowed walls and let daylight in, as far as lights are left."""
    below = site.between(0.1, 0.4) if site.chance(0.4) else site.between(2.5, 9.0)
    for wall in walls:
        _ground_and_house(site, wall, below, lighting)
        if lighting.day > 0:
            _daylight(site, wall, lighting)
    if walls and lighting.day > 0.4 and site.chance(0.5):
        _sun(site, walls[0], lighting)
    del site.builder.lights[MOST_LIGHTS:]


def _ground_and_house(site: Site, wall: Wall, below: float, lighting: Lighting) -> None:
    reach, top = site.between(5, 25), site.between(0.5, 12)
    ground = panel((wall.length / 2 - 30, 0.45, -below), (60, 0, 0), (0, reach, 0), cell=WHOLE)
    house = panel((wall.length / 2 - 30, reach + 0.45, -below), (60, 0, 0), (0, 0, top),
                  cell=WHOLE)
    _glowing(site, 'ground', moved(wall, ground), lighting)
    if site.chance(0.7):
        _glowing(site, 'facade' if site.chance(0.6) else 'leaf', moved(wall, house), lighting)


def _glowing(site: Site, role: str, mesh: Mesh, lighting: Lighting) -> None:
    # Outside is brighter than what the lamps inside make of it.
    material = site.materials.pick(role)
    tile = material.tile or (4.0, 4.0)
    name = site.palette.register(role, Material(material.texture, tile, 0.0,
                                                0.02 + 0.7 * lighting.day))
    site.builder.add(name, mesh)


def _daylight(site: Site, wall: Wall, lighting: Lighting) -> None:
    c, s = np.cos(wall.yaw), np.sin(wall.yaw)
    inward = np.array([s, -c, -0.25])
    color = [lighting.day * 0.6 * value for value in lighting.day_color]
    for share in (0.5,) if wall.length < 6 else (0.25, 0.75):
        x, y = wall.x + share * wall.length * c, wall.y + share * wall.length * s
        site.lamp((x - 0.3 * s, y + 0.3 * c, 2.0), color, direction=inward, cutoff=86.0,
                  reach=max(3.0, wall.length / 3))


def _sun(site: Site, wall: Wall, lighting: Lighting) -> None:
    # A distant spot: its shadow map then covers this wall and not the whole neighbourhood.
    c, s = np.cos(wall.yaw), np.sin(wall.yaw)
    turn, rise = site.between(-0.8, 0.8), site.between(0.3, 1.0)
    flat = np.cos(turn) * np.array([s, -c]) + np.sin(turn) * np.array([c, s])
    ray = np.array([*(np.cos(rise) * flat), -np.sin(rise)])
    middle = np.array([wall.x + wall.length / 2 * c, wall.y + wall.length / 2 * s, 1.5])
    place = middle - SUN_DISTANCE * ray
    spread = np.degrees(np.arctan(0.55 * wall.length / SUN_DISTANCE)) + 2
    color = [site.between(0.4, 0.9) * lighting.day * value for value in (1.0, 0.93, 0.8)]
    site.builder.lights.insert(0, Light(
        (float(place[0]), float(place[1]), float(place[2])),
        (float(ray[0]), float(ray[1]), float(ray[2])), (color[0], color[1], color[2]),
        cutoff=float(spread), shadow=True))
