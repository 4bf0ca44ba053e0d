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

"""The automatic exposure of a place brings dark and bright ones to the same level."""

from dataclasses import replace

import numpy as np
import pytest
from sa4depth_train.worlds.places.exposure import exposed_world
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Light, Material, WorldBuilder

REGIONS = ((0.0, 5.0, 0.0, 4.0),)
LAMP = Light((2.5, 2.0, 2.4), (0, 0, -1), (0.5, 0.5, 0.4), cutoff=86.0, shadow=False, reach=4.0)


def builder_of(grey: int) -> WorldBuilder:
    builder = WorldBuilder()
    texture = np.full((64, 64, 3), grey, np.uint8)
    for name in ('wall 0', 'floor 1'):
        builder.materials[name] = Material(texture)
        builder.add(name, panel((0, 0, 0), (1, 0, 0), (0, 1, 0)))
    builder.lights.append(LAMP)
    return builder


@pytest.mark.parametrize('factor', [0.5, 2.0])
def test_level_does_not_depend_on_the_lamp(factor: float) -> None:
    """A lamp and an ambient light of half or twice the strength are scaled the other way."""
    builder = builder_of(180)
    lights, ambient = exposed_world(builder, REGIONS, (0.3, 0.3, 0.3), 0.4)
    builder.lights = [replace(LAMP, color=tuple(factor * c for c in LAMP.color))]
    others, other = exposed_world(builder, REGIONS, (0.3 * factor,) * 3, 0.4)
    assert np.allclose(other, ambient, rtol=0.05)
    assert np.allclose(others[0].color, lights[0].color, rtol=0.05)


def test_dark_walls_get_more_light() -> None:
    """As a camera does it: the darker the paint, the longer the exposure."""
    _, dark = exposed_world(builder_of(60), REGIONS, (0.3, 0.3, 0.3), 0.4)
    _, bright = exposed_world(builder_of(220), REGIONS, (0.3, 0.3, 0.3), 0.4)
    assert min(dark) > 2 * max(bright)


def test_colour_of_the_light_is_kept() -> None:
    """Only the strength changes."""
    lights, _ = exposed_world(builder_of(128), REGIONS, (0.3, 0.3, 0.3), 0.4)
    assert lights[0].color[2] / lights[0].color[0] == pytest.approx(0.8)
