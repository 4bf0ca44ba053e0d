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

"""Light of a room: daylight, sun, ceiling lamps and what is outside the windows."""

from dataclasses import dataclass

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.plan import FloorPlan, Opening
from sa4depth_train.worlds.places.solids import rod, round_body, slab
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Block, Light, Material, WorldBuilder

Color = tuple[float, float, float]
MOST_LIGHTS = 8


@dataclass(frozen=True)
class Mood:
    """How bright it is by day and by lamps (0..1), in which colours, and the sky's."""

    day: float
    lamps: float
    day_color: Color
    lamp_color: Color
    ambient: Color
    sky: tuple[Color, Color]


def draw_mood(rng: np.random.Generator, *, windows: bool) -> Mood:
    """Draw day or evening, bright or dim, warm or cold."""
    evening = rng.random() < 0.25 or not windows
    day = 0.05 if evening else float(rng.uniform(0.35, 1.0))
    lit = evening or rng.random() < 0.5
    lamps = float(rng.uniform(0.45, 1.0)) if lit else float(rng.uniform(0.0, 0.12))
    warmth = float(rng.uniform(-0.05, 0.28)) if rng.random() < 0.7 else float(
        rng.uniform(-0.12, 0.02))
    lamp_color = _tint(warmth, float(rng.normal(0, 0.02)))
    day_color = _tint(float(rng.normal(-0.05, 0.05)), float(rng.normal(0, 0.015)))
    base = float(rng.uniform(0.28, 0.5)) * (0.45 + 0.55 * max(day, lamps))
    mixed = (day * np.array(day_color) + lamps * np.array(lamp_color)) / (day + lamps)
    ambient = _color(base * mixed)
    if evening:
        sky = _color(np.array((0.05, 0.06, 0.1))), _color(np.array((0.01, 0.01, 0.03)))
    elif rng.random() < 0.6:    # blown out, as indoor cameras see it
        sky = (1.0, 1.0, 1.0), (0.97, 0.99, 1.0)
    else:
        sky = (0.8, 0.88, 0.97), (0.4, 0.6, 0.9)
    return Mood(day, lamps, day_color, lamp_color, ambient, sky)


def add_lights(builder: WorldBuilder, palette: Palette, plan: FloorPlan, mood: Mood,
               rng: np.random.Generator) -> None:
    """Hang lamps and add all lights, at most eight, of which two throw shadows."""
    windows = [o for o in plan.openings if o.kind == 'window']
    if mood.day > 0.1 and windows:
        _add_daylight(builder, plan, mood, windows, rng)
    _add_lamps(builder, palette, plan, mood, rng)
    _add_bounce(builder, plan, mood)
    if windows:
        _add_outside(builder, palette, plan, mood, rng)
    del builder.lights[MOST_LIGHTS:]


def _add_daylight(builder: WorldBuilder, plan: FloorPlan, mood: Mood, windows: list[Opening],
                  rng: np.random.Generator) -> None:
    windows = sorted(windows, key=lambda o: (o.s0 - o.s1) * (o.z1 - o.z0))
    for rank, window in enumerate(windows[:3]):
        line = plan.walls[window.wall]
        x, y = line.point((window.s0 + window.s1) / 2, -0.35)
        z = window.z0 + 0.7 * (window.z1 - window.z0)
        color = _color(np.array(mood.day_color) * mood.day * (0.8 - 0.2 * rank))
        direction = (line.inward[0], line.inward[1], -0.15)
        builder.lights.append(Light((x, y, z), direction, color, cutoff=84.0, shadow=rank == 0,
                                    reach=float(rng.uniform(2.0, 5.0))))
    if rng.random() < 0.4 * mood.day:
        _add_sun(builder, plan, windows[0], mood, rng)


def _add_sun(builder: WorldBuilder, plan: FloorPlan, window: Opening, mood: Mood,
             rng: np.random.Generator) -> None:
    # A distant spot stands for the sun: its shadow map then covers just the window.
    line = plan.walls[window.wall]
    turn, rise = float(rng.uniform(-0.9, 0.9)), float(rng.uniform(0.25, 1.0))
    a, n = np.array(line.along), np.array(line.inward)
    flat = np.cos(turn) * n + np.sin(turn) * a
    ray = np.array([*(np.cos(rise) * flat), -np.sin(rise)])
    middle = np.array([*line.point((window.s0 + window.s1) / 2), (window.z0 + window.z1) / 2])
    place = middle - 25 * ray
    color = _color(np.array((1.0, 0.92, 0.78)) * float(rng.uniform(0.5, 1.1)) * mood.day)
    builder.lights.append(Light((float(place[0]), float(place[1]), float(place[2])),
                                (float(ray[0]), float(ray[1]), float(ray[2])), color,
                                cutoff=12.0))


def _add_lamps(builder: WorldBuilder, palette: Palette, plan: FloorPlan, mood: Mood,
               rng: np.random.Generator) -> None:
    w, d = plan.size
    columns, rows = (max(1, min(3, round(side / float(rng.uniform(2.6, 4.2)))))
                     for side in (w, d))
    style = int(rng.integers(5))
    glowing = 'glow' if mood.lamps > 0.2 else palette.plain((214, 214, 208), shine=0.2)
    spots = [(w * (i + 0.5) / columns, d * (j + 0.5) / rows)
             for i in range(columns) for j in range(rows)]
    if plan.notch is not None:
        x0, x1, y0, y1 = plan.notch
        spots = [(x, y) for x, y in spots if not (x0 < x < x1 and y0 < y < y1)]
    strength = mood.lamps * 0.9 / max(1.0, len(spots[:4]) ** 0.5)
    shadows = 2 - sum(light.shadow for light in builder.lights)
    for number, (x, y) in enumerate(spots):
        drop = _fixture(builder, palette, glowing, (x, y, plan.height), style, rng)
        if drop > 0.2:
            builder.blocks.append(Block(np.array([x - 0.22, y - 0.22, plan.height - drop]),
                                        np.array([x + 0.22, y + 0.22, plan.height])))
        if mood.lamps > 0.2 and number < 4:
            # Below its own fixture, which would else throw the whole room into shadow.
            builder.lights.append(Light(
                (x, y, plan.height - drop - 0.06), (0.0, 0.0, -1.0),
                _color(strength * np.array(mood.lamp_color)), cutoff=86.0,
                shadow=number < shadows,
                reach=float(rng.uniform(3.0, 6.0))))


def _fixture(builder: WorldBuilder, palette: Palette, glow: str, at: tuple[float, float, float],
             style: int, rng: np.random.Generator) -> float:
    """Hang a lamp at the ceiling; return how far its lowest point hangs down."""
    metal = palette.plain((60, 60, 62), shine=0.4)
    white = palette.plain((222, 222, 218), shine=0.1)

    def put(name: str, mesh: Mesh) -> None:
        builder.add(name, mesh.moved(at))

    if style == 0:      # flush panel
        put(white, slab((0.64, 0.64, 0.03), (0, 0, -0.015)))
        put(glow, panel((-0.29, 0.29, -0.032), (0.58, 0, 0), (0, -0.58, 0), cell=9))
        return 0.04
    if style == 1:      # dome
        put(glow, round_body([(0, -0.11), (0.1, -0.1), (0.17, -0.05), (0.19, 0)], segments=16))
        return 0.12
    if style == 2:      # tubes
        put(white, slab((1.25, 0.12, 0.06), (0, 0, -0.03)))
        put(glow, slab((1.2, 0.08, 0.03), (0, 0, -0.07)))
        return 0.09
    drop = float(rng.uniform(0.3, 0.9)) if at[2] > 2.3 else 0.2
    put(metal, rod(0.006, drop, segments=6).moved((0, 0, -drop)))
    if style == 3:      # shade
        put(white, round_body([(0.22, -drop), (0.2, -drop + 0.06), (0.05, -drop + 0.22)],
                              segments=18).double_sided())
        put(glow, round_body([(0, -drop - 0.01), (0.05, -drop + 0.03), (0, -drop + 0.08)]))
    else:               # globe
        put(glow, round_body([(0, -drop - 0.14), (0.1, -drop - 0.1), (0.14, -drop),
                              (0.1, -drop + 0.1), (0, -drop + 0.14)], segments=16))
    return drop + 0.16


def _add_bounce(builder: WorldBuilder, plan: FloorPlan, mood: Mood) -> None:
    # Light from the floor, so that ceilings and undersides are not flat.
    color = _color(0.22 * max(mood.day, mood.lamps) * np.array(mood.lamp_color))
    builder.lights.insert(min(len(builder.lights), MOST_LIGHTS - 1), Light(
        (plan.size[0] / 2, plan.size[1] / 2, 0.1), (0.0, 0.0, 1.0), color, cutoff=88.0,
        shadow=False, reach=4.0))


def _add_outside(builder: WorldBuilder, palette: Palette, plan: FloorPlan, mood: Mood,
                 rng: np.random.Generator) -> None:
    below = float(rng.choice((0.2, 3.0, 6.0), p=(0.5, 0.3, 0.2)))
    names = [palette.register(role, palette.surface(role)) for role in ('facade', 'ground')]
    glow = 0.02 if mood.day < 0.1 else float(rng.uniform(0.3, 0.9))
    for name in names:
        builder.materials[name] = _glowing(builder, name, glow)
    done = set()
    for window in plan.openings:
        if window.kind != 'window' or window.wall in done:
            continue
        done.add(window.wall)
        line = plan.walls[window.wall]
        reach = float(rng.uniform(4.0, 22.0))
        along = np.array([*line.along, 0.0])
        x, y = line.point(line.length / 2 - 25, -0.6)
        out = -np.array([*line.inward, 0.0])
        builder.add(names[1], panel(np.array([x, y, -below]), 50 * along, reach * out, cell=99))
        if rng.random() < 0.6:
            top = float(rng.uniform(1.0, 12.0))
            builder.add(names[0], panel(np.array([x, y, -below]) + reach * out, 50 * along,
                                        (0, 0, top), cell=99))


def _glowing(builder: WorldBuilder, name: str, glow: float) -> Material:
    old = builder.materials[name]
    return Material(old.texture, old.tile or (4.0, 4.0), 0.0, glow)


def _tint(warmth: float, green: float) -> Color:
    return _color(np.array([1.0 + 0.5 * warmth, 1.0 + green, 1.0 - warmth]))


def _color(values: np.ndarray) -> Color:
    r, g, b = (float(v) for v in values)
    return r, g, b
