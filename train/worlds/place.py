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

"""A place: a rendered world, and where in it a camera may be."""

from dataclasses import dataclass

from sa4depth_train.worlds.world import World


@dataclass(frozen=True, eq=False)
class Place:
    """
    A world with the floor that a camera may move over; z up, metres, floor at z = 0.

    ``regions`` are floor rectangles (x0, x1, y0, y1); where two overlap or touch, one can pass.
    ``ceiling`` is the height in metres, inf outdoors. ``world.blocks`` are kept out of.
    """

    kind: str
    world: World
    regions: tuple[tuple[float, float, float, float], ...]
    ceiling: float
