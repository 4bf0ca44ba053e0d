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

"""Light of the open sky: sunshine, haze, overcast and the hour before sunset."""

import numpy as np
from sa4depth_train.worlds.places.site import Color, Site
from sa4depth_train.worlds.world import Light

Sky = tuple[Color, Color]
_SKIES: dict[str, tuple[float, Color, Sky]] = {
    # how strong the sun is, its colour, the colours of the horizon and above
    'clear': (1.0, (1.0, 0.95, 0.85), ((0.78, 0.87, 0.96), (0.32, 0.54, 0.86))),
    'hazy': (0.6, (1.0, 0.97, 0.92), ((0.92, 0.94, 0.96), (0.66, 0.76, 0.88))),
    'overcast': (0.0, (1.0, 1.0, 1.0), ((0.84, 0.86, 0.88), (0.68, 0.71, 0.75))),
    'white': (0.15, (1.0, 1.0, 1.0), ((1.0, 1.0, 1.0), (0.94, 0.96, 0.98))),
    'evening': (0.8, (1.0, 0.72, 0.46), ((0.98, 0.80, 0.62), (0.40, 0.48, 0.68))),
}


def add_daylight(site: Site) -> tuple[Color, Sky]:
    """Add the sun and the light of the sky; returns ambient light and the sky's colours."""
    name = str(site.rng.choice(list(_SKIES), p=(0.34, 0.2, 0.22, 0.1, 0.14)))
    strength, color, sky = _SKIES[name]
    turn = site.between(0, 2 * np.pi)
    rise = site.between(0.15, 0.4) if name == 'evening' else site.between(0.4, 1.2)
    if strength > 0:
        ray = (float(np.cos(rise) * np.cos(turn)), float(np.cos(rise) * np.sin(turn)),
               float(-np.sin(rise)))
        _add(site, ray, [strength * value for value in color], shadow=True)
    above = np.asarray(sky[1]) * 0.5 + 0.35
    # The sky from above and from two sides, so that no wall is flat.
    _add(site, (0.1, 0.05, -1.0), (0.42 * above).tolist(), shadow=strength == 0)
    for angle in (turn + 2.1, turn + 4.2):
        _add(site, (float(np.cos(angle)), float(np.sin(angle)), -0.35), (0.22 * above).tolist())
    base = site.between(0.28, 0.42) * (0.6 * above + 0.4)
    return (float(base[0]), float(base[1]), float(base[2])), sky


def _add(site: Site, direction: tuple[float, float, float], color: list[float], *,
         shadow: bool = False) -> None:
    red, green, blue = color
    site.builder.lights.append(Light((0.0, 0.0, 30.0), direction, (red, green, blue),
                                     directional=True, shadow=shadow))
