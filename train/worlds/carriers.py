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

"""Who carries a camera, and how it moves: a robot, a hand, a drone."""

from dataclasses import dataclass

import numpy as np
from sa4depth_train.worlds.place import Place

HEADROOM = 0.3
_SHARES = {'robot': 0.3, 'hand': 0.5, 'drone': 0.2}


@dataclass(frozen=True)
class Carrier:
    """
    How one camera is carried: metres, seconds, radians.

    It stays between the heights ``low`` and ``high``; ``speed`` and ``turn`` are the usual ones;
    pitch is up, given as mean and standard deviation; ``sway`` is the deviation of the roll and
    ``tremor`` that of the angle by which it shakes. A ``level`` carrier keeps height and pitch.
    """

    name: str
    low: float
    high: float
    speed: float
    turn: float
    pitch: tuple[float, float]
    sway: float
    tremor: float
    level: bool = False


def draw_carrier(place: Place, rng: np.random.Generator, name: str = '') -> Carrier:
    """Draw a carrier that fits below the ceiling; ``name`` is 'robot', 'hand', 'drone' or any."""
    chosen = name or str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
    top = max(place.ceiling - HEADROOM, 0.3)
    return {'robot': _robot, 'hand': _hand, 'drone': _drone}[chosen](top, rng)


def _robot(top: float, rng: np.random.Generator) -> Carrier:
    height = min(float(rng.uniform(0.15, 1.3)), top)
    pitch = float(np.radians(rng.uniform(-10.0, 6.0)))
    return Carrier('robot', height, height, rng.uniform(0.3, 0.8), np.radians(25), (pitch, 0.0),
                   0.0, np.radians(0.05), level=True)


def _hand(top: float, rng: np.random.Generator) -> Carrier:
    low = min(float(rng.uniform(1.2, 1.6)), top - 0.1)
    sway = np.radians(rng.choice([1.5, 3.0, 7.0], p=[0.4, 0.4, 0.2]))
    pitch = np.radians(rng.uniform(-24.0, -2.0)), np.radians(rng.uniform(4.0, 11.0))
    return Carrier('hand', low, min(low + 0.2, top), rng.uniform(0.5, 1.1), np.radians(34),
                   pitch, float(sway), np.radians(rng.uniform(0.1, 0.5)))


def _drone(top: float, rng: np.random.Generator) -> Carrier:
    low = min(float(rng.uniform(0.5, 1.8)), max(top - 0.5, 0.3))
    pitch = np.radians(rng.uniform(-28.0, 2.0)), np.radians(5.0)
    return Carrier('drone', low, min(low + rng.uniform(0.3, 0.8), top, 2.5),
                   rng.uniform(0.4, 1.0), np.radians(36), pitch, np.radians(2.5),
                   np.radians(rng.uniform(0.05, 0.3)))
