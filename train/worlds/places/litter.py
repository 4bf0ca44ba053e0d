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

"""Small things left on the floor."""

from sa4depth_train.worlds.places import clutter
from sa4depth_train.worlds.places.furnisher import Furnisher


def litter(room: Furnisher, count: int) -> None:
    """Leave small things on the floor."""
    for _ in range(count):
        make = clutter.FLOOR[int(room.rng.integers(len(clutter.FLOOR)))]
        found = room.plan.somewhere(room.rng, 0.35, 0.35, tries=5)
        if found is not None:
            room.builder.place(make(room.rng, room.palette), (*found[0], 0.0), yaw=found[1])
