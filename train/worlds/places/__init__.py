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

"""Places of many kinds, each decided by a seed: rooms, corridors, halls and yards."""

import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.photographs import require_photographs
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places.corridors import make_corridor
from sa4depth_train.worlds.places.halls import HALL_KINDS, make_hall
from sa4depth_train.worlds.places.rooms import make_room, ROOM_KINDS
from sa4depth_train.worlds.places.yards import make_yard, YARD_KINDS

# How often a kind is drawn; each file divides its own.
_SHARES = {'room': 0.65, 'corridor': 0.15, 'hall': 0.12, 'yard': 0.08}
KINDS: tuple[str, ...] = (*_SHARES, *ROOM_KINDS, *HALL_KINDS, *YARD_KINDS)


def make_place(seed: int, kind: str = '', unseen: bool = False) -> Place:
    """
    Build the place that a seed decides: of a kind in ``KINDS``, or drawn when ''.

    ``unseen`` uses held-out textures only. Raises ConfigError on an unknown kind, and without
    the photographs of surfaces: the same seed would give another place.
    """
    require_photographs()
    chosen = kind or _drawn(seed)
    if chosen == 'corridor':
        return make_corridor(seed, unseen=unseen)
    if chosen == 'hall' or chosen in HALL_KINDS:
        return make_hall(seed, '' if chosen == 'hall' else chosen, unseen=unseen)
    if chosen == 'yard' or chosen in YARD_KINDS:
        return make_yard(seed, '' if chosen == 'yard' else chosen, unseen=unseen)
    if chosen == 'room' or chosen in ROOM_KINDS:
        return make_room(seed, '' if chosen == 'room' else chosen, unseen=unseen)
    raise ConfigError(f"expected a kind of place of {', '.join(KINDS)}, got '{kind}'")


def _drawn(seed: int) -> str:
    rng = np.random.default_rng((seed, 1))
    return str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
