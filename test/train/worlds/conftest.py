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

"""One furnished room and one renderer for all tests of this folder: both take seconds."""

from collections.abc import Iterator

import numpy as np
import pytest
from sa4depth_train.worlds.renderer import WorldRenderer
from sa4depth_train.worlds.room import furnished_room
from sa4depth_train.worlds.world import World


@pytest.fixture(scope='session')
def room() -> World:
    """Build the default room."""
    return furnished_room(0)


@pytest.fixture(scope='session')
def renderer(room: World) -> Iterator[WorldRenderer]:
    """Draw the default room at 160x120."""
    with WorldRenderer(room, width=160, height=120, hfov=np.radians(75)) as made:
        yield made
