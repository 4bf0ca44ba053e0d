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

"""Doors and windows: frames, leaves, blinds, and what is seen through them."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.plan import FloorPlan, footprint, Opening, Rect, WallLine
from sa4depth_train.worlds.places.solids import moved_parts, rod, sheet, slab
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Block, Parts, WorldBuilder


def plan_doors(plan: FloorPlan, rng: np.random.Generator, count: int) -> None:
    """Choose doors (closed, ajar, open or a bare passage) and keep their swing free."""
    for _ in range(count):
        width, height = float(rng.uniform(0.75, 1.05)), float(rng.uniform(1.95, 2.15))
        kind = str(rng.choice(('closed', 'ajar', 'open', 'passage'), p=(0.45, 0.2, 0.2, 0.15)))
        if kind == 'passage':
            width = float(rng.uniform(0.85, 1.6))
        opening = _free_opening(plan, rng, width, (0.0, min(height, plan.height - 0.12)), kind)
        if opening is not None:
            line = plan.walls[opening.wall]
            middle = line.point((opening.s0 + opening.s1) / 2, 0.45)
            plan.keep_free(footprint(middle, width, 0.9, line.yaw))
            if kind in ('ajar', 'open'):
                plan.take(leaf_footprint(opening, line))


def leaf_footprint(o: Opening, line: WallLine) -> Rect:
    """Give the rectangle that an open door's leaf takes up."""
    width = o.s1 - o.s0
    s = o.s0 if o.hinge < 0 else o.s1
    tip = s - o.hinge * width * float(np.cos(o.angle))
    (x0, y0), (x1, y1) = line.point(s), line.point(tip, width * float(np.sin(o.angle)))
    return min(x0, x1) - 0.03, max(x0, x1) + 0.03, min(y0, y1) - 0.03, max(y0, y1) + 0.03


def plan_windows(plan: FloorPlan, rng: np.random.Generator, count: int) -> None:
    """Choose windows, mostly in one wall."""
    walls = [int(rng.integers(len(plan.walls)))] * 3 + list(range(len(plan.walls)))
    sill = float(rng.choice((0.05, 0.5, 0.85, 1.0, 1.3), p=(0.15, 0.15, 0.4, 0.2, 0.1)))
    for _ in range(count):
        width = float(rng.uniform(0.6, 2.4))
        top = min(plan.height - 0.15, sill + float(rng.uniform(0.9, 1.7)))
        wall = walls[int(rng.integers(len(walls)))]
        if top - sill > 0.35:
            _free_opening(plan, rng, width, (sill, top), 'window', wall=wall)


def add_openings(builder: WorldBuilder, palette: Palette, plan: FloorPlan,
                 rng: np.random.Generator) -> None:
    """Build every planned opening; all doors of a room look alike, and all windows."""
    frame, leaf = palette.pick('wood'), palette.pick('wood', again=0.3)
    depth = float(rng.uniform(0.06, 0.3))
    cover = str(rng.choice(('none', 'curtain', 'slats', 'roller'), p=(0.4, 0.3, 0.18, 0.12)))
    cloth = palette.pick('fabric')
    for opening in plan.openings:
        line = plan.walls[opening.wall]
        if opening.kind == 'window':
            parts = _window(opening, frame, depth, rng)
            parts += _cover(palette, cover, cloth, opening, rng)
        else:
            parts = _door(palette, opening, frame, leaf, rng)
        x, y = line.point((opening.s0 + opening.s1) / 2)
        for name, mesh in moved_parts(parts, (x, y, 0), yaw=line.yaw):
            builder.add(name, mesh)
        if opening.angle > 0:
            x0, x1, y0, y1 = leaf_footprint(opening, line)
            builder.blocks.append(Block(np.array([x0, y0, 0.0]), np.array([x1, y1, opening.z1])))


def _free_opening(plan: FloorPlan, rng: np.random.Generator, width: float,
                  span: tuple[float, float], kind: str,
                  wall: int | None = None) -> Opening | None:
    for _ in range(8):
        number = int(rng.integers(len(plan.walls))) if wall is None else wall
        line: WallLine = plan.walls[number]
        if line.length < width + 0.3 or not plan.outer(number):
            continue    # what is behind an inner wall would reach into the room
        s0 = float(rng.uniform(0.15, line.length - width - 0.15))
        if all(o.wall != number or o.s0 > s0 + width + 0.2 or o.s1 < s0 - 0.2
               for o in plan.openings):
            angle = {'ajar': rng.uniform(0.2, 0.8), 'open': rng.uniform(1.3, 2.6)}.get(kind, 0.0)
            opening = Opening(number, s0, s0 + width, span[0], span[1], kind, float(angle),
                              -1 if rng.random() < 0.5 else 1)
            plan.openings.append(opening)
            return opening
    return None


def _lining(name: str, width: float, z0: float, z1: float, depth: float, bar: float) -> Parts:
    """Line a hole (outside is +y) and put bars about it."""
    h, middle = z1 - z0, (z0 + z1) / 2
    parts: Parts = [
        (name, slab((bar, depth, h), (i * (width + bar) / 2, depth / 2 - 0.01, middle)))
        for i in (-1, 1)]
    parts.append((name, slab((width + 2 * bar, depth, bar), (0, depth / 2 - 0.01, z1 + bar / 2))))
    if z0 > 0:
        parts.append((name, slab((width + 2 * bar, depth, bar),
                                 (0, depth / 2 - 0.01, z0 - bar / 2))))
    return parts


def _window(o: Opening, frame: str, depth: float,
            rng: np.random.Generator) -> Parts:
    width, height = o.s1 - o.s0, o.z1 - o.z0
    parts = _lining(frame, width, o.z0, o.z1, depth + 0.05, 0.03)
    bar = float(rng.uniform(0.04, 0.09))
    wings = max(1, round(width / float(rng.uniform(0.6, 1.1))))
    for k in range(wings + 1):
        x = np.clip(-width / 2 + k * width / wings, -width / 2 + bar / 2, width / 2 - bar / 2)
        parts.append((frame, slab((bar, 0.05, height), (x, depth, (o.z0 + o.z1) / 2))))
    levels = [o.z0 + bar / 2, o.z1 - bar / 2]
    if rng.random() < 0.3:
        levels.append(o.z0 + height * float(rng.uniform(0.3, 0.75)))
    parts += [(frame, slab((width, 0.05, bar), (0, depth, z))) for z in levels]
    sill = float(rng.uniform(0.04, 0.22))
    if o.z0 > 0.3:
        parts.append((frame, slab((width + 0.1, depth + sill, 0.025),
                                  (0, (depth - sill) / 2, o.z0 - 0.012))))
    return parts


def _cover(palette: Palette, kind: str, cloth: str, o: Opening,
           rng: np.random.Generator) -> Parts:
    width = o.s1 - o.s0
    if kind == 'curtain':
        return _curtains(palette, cloth, o, rng)
    if kind == 'slats':
        name = palette.plain((226, 224, 218), shine=0.1)
        drop = (o.z1 - o.z0) * float(rng.uniform(0.15, 1.0))
        step, lean = 0.05, float(rng.uniform(-0.9, 0.9))
        count = int(drop / step)
        return [(name, panel((-width / 2, -0.03 - 0.02 * np.cos(lean),
                              o.z1 - (k + 0.5) * step - 0.02 * np.sin(lean)), (width, 0, 0),
                             (0, 0.04 * np.cos(lean), 0.04 * np.sin(lean)),
                             cell=9).double_sided()) for k in range(count)]
    if kind == 'roller':
        drop = (o.z1 - o.z0) * float(rng.uniform(0.1, 0.9))
        return [(cloth, panel((-width / 2, -0.02, o.z1 - drop), (width, 0, 0), (0, 0, drop),
                              cell=9)),
                (cloth, slab((width, 0.02, 0.02), (0, -0.02, o.z1 - drop)))]
    return []


def _curtains(palette: Palette, cloth: str, o: Opening, rng: np.random.Generator) -> Parts:
    width, top = o.s1 - o.s0, o.z1 + float(rng.uniform(0.05, 0.2))
    low = 0.02 if rng.random() < 0.6 else max(0.02, o.z0 - 0.1)
    closed = float(rng.uniform(0.15, 0.5)) * (1.0 if rng.random() < 0.85 else 2.0)
    rail = palette.plain((70, 66, 62), shine=0.4)
    parts: Parts = [(rail, rod(0.012, width + 0.5).moved((0, -0.08, 0)).moved(
        (-(width + 0.5) / 2, 0, top), pitch=np.pi / 2))]
    for side in (-1, 1):
        span = max(0.18, closed * (width / 2 + 0.15))
        parts.append((cloth, drape(rng, span, top - low).moved(
            (side * (width / 2 + 0.15) - (span if side > 0 else 0.0), -0.08, low))))
    return parts


def drape(rng: np.random.Generator, width: float, height: float) -> Mesh:
    """Hang a cloth in folds from x = 0 to ``width`` about y = 0, standing on z = 0."""
    x = np.linspace(0, width, max(12, int(width * 45)))
    z = np.linspace(0, height, 5)
    fold = float(rng.uniform(0.02, 0.05))
    phase = x * 2 * np.pi / float(rng.uniform(0.09, 0.16)) + 0.7 * np.sin(9 * x)
    depth = np.outer(np.linspace(1.0, 0.75, 5), fold * np.sin(phase))
    grid = np.stack([np.broadcast_to(x, depth.shape), depth,
                     np.broadcast_to(z[:, None], depth.shape)], -1)
    return sheet(grid)


def _door(palette: Palette, o: Opening, frame: str, leaf: str,
          rng: np.random.Generator) -> Parts:
    width, height = o.s1 - o.s0, o.z1
    parts = _lining(frame, width, 0.0, height, 0.14, float(rng.uniform(0.04, 0.1)))
    if o.kind != 'closed':
        parts += _beyond(palette, width, height, rng)
    if o.kind == 'passage':
        return parts
    body = _leaf(palette, leaf, width - 0.01, height - 0.01, rng)
    turned = moved_parts(moved_parts(body, (-o.hinge * width / 2, 0, 0)), (0, 0, 0),
                         yaw=o.hinge * o.angle)
    return parts + moved_parts(turned, (o.hinge * width / 2, 0.03, 0))


def _leaf(palette: Palette, name: str, width: float, height: float,
          rng: np.random.Generator) -> Parts:
    parts: Parts = [(name, slab((width, 0.04, height), (0, 0, height / 2), grain='z'))]
    style = rng.random()
    if style < 0.4:
        rows = int(rng.integers(1, 5))
        inset = 0.12
        step = (height - inset) / rows
        for k in range(rows):
            z = inset / 2 + (k + 0.5) * step
            parts += [(name, slab((width - 2 * inset, 0.012, step - inset), (0, y, z), grain='z'))
                      for y in (-0.024, 0.024)]
    elif style < 0.55:
        glass = palette.plain((150, 160, 162), shine=0.8)
        parts.append((glass, slab((width * 0.6, 0.046, height * 0.5), (0, 0, height * 0.65))))
    elif style < 0.75:
        print_ = palette.pick('door')
        for side in (-1, 1):
            parts.append((print_, panel((side * width / 2, side * 0.0215, 0.0),
                                        (-side * width, 0, 0), (0, 0, height), picture=True,
                                        cell=9)))
    metal = palette.plain((150, 150, 150), shine=0.6)
    for y in (-0.05, 0.05):
        parts.append((metal, slab((0.12, 0.02, 0.02), (width / 2 - 0.1, y, 1.03))))
        parts.append((metal, slab((0.04, 0.008, 0.2), (width / 2 - 0.06, y * 0.5, 1.0))))
    return parts


def _beyond(palette: Palette, width: float, height: float, rng: np.random.Generator) -> Parts:
    """Build the piece of another room that an open door shows."""
    w, d = float(rng.uniform(width + 0.2, 4.0)), float(rng.uniform(1.0, 5.0))
    h = height + float(rng.uniform(0.1, 0.7))
    x0, y0 = -w / 2 + float(rng.uniform(-0.5, 0.5)) * (w - width) * 0.9, 0.125
    wall = palette.register('wall', palette.surface('wall'))
    floor = palette.register('floor', palette.surface('floor'))
    white = palette.plain((226, 224, 220))
    sides = [(floor, (x0, y0 - 0.15, 0.001), (w, 0, 0), (0, d + 0.15, 0)),
             (white, (x0, y0 + d, h), (w, 0, 0), (0, -d, 0)),
             (wall, (x0, y0 + d, 0), (w, 0, 0), (0, 0, h)),
             (wall, (x0, y0, 0), (0, d, 0), (0, 0, h)),
             (wall, (x0 + w, y0 + d, 0), (0, -d, 0), (0, 0, h))]
    parts: Parts = [(name, panel(at, u, v, cell=9)) for name, at, u, v in sides]
    for _ in range(int(rng.integers(0, 4))):
        size = [float(v) for v in rng.uniform((0.3, 0.3, 0.3), (0.9, 0.6, 2.0))]
        at = x0 + w * float(rng.uniform(0.2, 0.8)), y0 + d - size[1] / 2, size[2] / 2
        parts.append((palette.pick('wood'), slab(size, at, grain='z')))
    return parts
