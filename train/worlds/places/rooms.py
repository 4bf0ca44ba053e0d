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

"""Rooms to live, sleep, work, cook, wash and learn in: no two alike, equal for equal seeds."""

from collections.abc import Callable

import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.materials import Materials
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places.exposure import exposed_world
from sa4depth_train.worlds.places.fittings import add_fittings
from sa4depth_train.worlds.places.furnisher import Furnisher
from sa4depth_train.worlds.places.greenery import add_greenery
from sa4depth_train.worlds.places.lighting import add_lights, draw_mood
from sa4depth_train.worlds.places.living_rooms import (
    furnish_bedroom, furnish_living, furnish_open_plan)
from sa4depth_train.worlds.places.openings import add_openings, plan_doors, plan_windows
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.plan import FloorPlan, Rect
from sa4depth_train.worlds.places.shell import add_shell
from sa4depth_train.worlds.places.wet_rooms import furnish_bathroom, furnish_kitchen
from sa4depth_train.worlds.places.work_rooms import furnish_class, furnish_lab, furnish_office
from sa4depth_train.worlds.world import WorldBuilder

Span = tuple[float, float]
Furnish = Callable[[Furnisher, float], None]

# kind: how it is furnished, its long side, its short side, its height [m], how often
_KINDS: dict[str, tuple[Furnish, Span, Span, Span, float]] = {
    'living': (furnish_living, (3.8, 9.0), (3.2, 6.5), (2.3, 3.3), 0.20),
    'open': (furnish_open_plan, (6.0, 12.0), (4.0, 8.0), (2.4, 3.6), 0.12),
    'office': (furnish_office, (3.4, 12.0), (3.0, 8.0), (2.4, 3.3), 0.24),
    'bedroom': (furnish_bedroom, (3.2, 6.2), (2.8, 4.8), (2.25, 3.0), 0.10),
    'kitchen': (furnish_kitchen, (3.0, 7.0), (2.4, 5.0), (2.3, 3.1), 0.10),
    'lab': (furnish_lab, (4.0, 12.0), (3.6, 8.0), (2.5, 4.2), 0.13),
    'bathroom': (furnish_bathroom, (2.2, 4.4), (1.9, 3.2), (2.2, 2.9), 0.03),
    'class': (furnish_class, (6.0, 11.0), (5.0, 7.5), (2.7, 3.6), 0.09),
}
# Small things a square metre of table: hardly any to as many as find a place.
_CLUTTER = (4.0, 42.0)
ROOM_KINDS = tuple(_KINDS)


def make_room(seed: int, kind: str = '', *, unseen: bool = False) -> Place:
    """
    Build a furnished room of a kind of ``ROOM_KINDS``, any for ''.

    The seed decides everything. ``unseen`` takes held-out textures. Raises ConfigError on an
    unknown kind.
    """
    rng = np.random.default_rng([seed, 77])
    chosen = kind or _drawn(rng)
    if chosen not in _KINDS:
        raise ConfigError(f"expected a kind of room of {', '.join(ROOM_KINDS)}, got '{kind}'")
    furnish, long, short, height, _ = _KINDS[chosen]
    plan = _drawn_plan(rng, long, short, height)
    builder = WorldBuilder()
    palette = Palette(builder, Materials(rng, unseen=unseen), rng)
    windows = 0 if rng.random() < 0.15 else int(rng.integers(1, 4))
    plan_doors(plan, rng, int(rng.integers(1, 4)))
    plan_windows(plan, rng, windows)
    room = Furnisher(builder, palette, plan, rng, clutter=float(rng.uniform(*_CLUTTER)))
    if chosen != 'bathroom':
        add_greenery(room)
    furnish(room, float(rng.uniform(0.3, 1.3)))
    add_fittings(room, at_work=chosen in ('office', 'lab', 'class'))
    slope = float(rng.uniform(0.5, 1.2)) if plan.notch is None and rng.random() < 0.07 else 0.0
    add_openings(builder, palette, plan, rng)
    tiled = float(rng.choice((1.2, 2.0, plan.height))) if chosen == 'bathroom' else 0.0
    add_shell(builder, palette, plan, rng, tiled_to=tiled, slope=slope)
    mood = draw_mood(rng, windows=any(o.kind == 'window' for o in plan.openings))
    add_lights(builder, palette, plan, mood, rng)
    target = float(rng.uniform(0.34, 0.68)) * (0.75 if mood.day < 0.1 else 1.0)
    builder.lights, ambient = exposed_world(builder, plan.regions(), mood.ambient, target)
    world = builder.build(ambient, mood.sky)
    return Place(f'room/{chosen}', world, plan.regions(), plan.height)


def _drawn(rng: np.random.Generator) -> str:
    weights = np.array([entry[4] for entry in _KINDS.values()])
    return str(rng.choice(ROOM_KINDS, p=weights / weights.sum()))


def _drawn_plan(rng: np.random.Generator, long: Span, short: Span, height: Span) -> FloorPlan:
    w, d = float(rng.uniform(*long)), float(rng.uniform(*short))
    if rng.random() < 0.5:
        w, d = d, w
    notch: Rect | None = None
    if rng.random() < 0.28 and min(w, d) > 2.8:
        a, b = float(rng.uniform(0.12, 0.5)) * w, float(rng.uniform(0.12, 0.5)) * d
        x0, y0 = (0.0 if rng.random() < 0.5 else w - a), (0.0 if rng.random() < 0.5 else d - b)
        notch = x0, x0 + a, y0, y0 + b
    return FloorPlan((w, d), float(rng.uniform(*height)), notch,
                     free_share=float(rng.uniform(0.12, 0.45)))
