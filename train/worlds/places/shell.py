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

"""Floor, walls and ceiling of a room, with shade in the corners and behind the furniture."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from sa4depth_train.worlds.mesh import merged, Mesh, Vector
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.plan import FloorPlan, Opening, Rect, WallLine
from sa4depth_train.worlds.places.solids import slab
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.surroundings import contact_shade, wall_shade
from sa4depth_train.worlds.world import Block, Material, WorldBuilder

PIXELS = 150            # a metre, of the baked surfaces
SHADE_PIXELS = 30
MARGIN = 0.3            # floor and ceiling reach this far behind the walls, to keep the sun out


def add_shell(builder: WorldBuilder, palette: Palette, plan: FloorPlan,
              rng: np.random.Generator, *, tiled_to: float = 0.0, slope: float = 0.0) -> None:
    """
    Close the room; call it when all furniture stands.

    ``tiled_to`` puts tiles on the walls up to that height [m]; ``slope`` lowers the ceiling at
    the wall y = 0 by so many metres.
    """
    _add_floor(builder, palette, plan)
    _add_ceiling(builder, palette, plan, slope)
    _add_walls(builder, palette, plan, rng)
    if tiled_to > 0:
        _add_wainscot(builder, palette.register('tiles', palette.surface('ceramic')), plan,
                      tiled_to)
    elif rng.random() < 0.75:
        _add_skirting(builder, palette, plan, float(rng.uniform(0.04, 0.12)))
    if slope == 0.0 and rng.random() < 0.12:
        _add_beams(builder, palette.pick('wood'), plan, rng)


def baked(material: Material, size: tuple[float, float], shade: np.ndarray) -> Material:
    """Spread a tile over a surface of ``size`` metres and darken it by shade (h, w) in 0..1."""
    width, height = (max(8, round(side * PIXELS)) for side in size)
    tile = material.tile or (size[0], size[1])
    cell = tuple(max(1, round(side * PIXELS)) for side in tile)
    small = cv2.resize(material.texture, cell, interpolation=cv2.INTER_AREA)
    rows, columns = -(-height // cell[1]), -(-width // cell[0])
    image = np.ascontiguousarray(np.tile(small, (rows, columns, 1))[:height, :width])
    dark = cv2.resize((255 * shade).astype(np.uint8), (width, height),
                      interpolation=cv2.INTER_LINEAR)
    texture = cv2.multiply(image, cv2.merge([dark] * 3), scale=1 / 255)
    return Material(texture, None, material.shine, material.glow)


def holed_wall(line: WallLine, height: float, openings: Sequence[Opening]) -> Mesh:
    """Make a wall with picture coordinates that leaves out its openings."""
    s_cuts = _cuts(line.length, [(o.s0, o.s1) for o in openings])
    z_cuts = _cuts(height, [(o.z0, o.z1) for o in openings])
    pieces = []
    for s0, s1 in pairwise(s_cuts):
        for z0, z1 in pairwise(z_cuts):
            if not any(o.s0 < (s0 + s1) / 2 < o.s1 and o.z0 < (z0 + z1) / 2 < o.z1
                       for o in openings):
                pieces.append(_wall_piece(line, height, (s0, s1, z0, z1)))
    return merged(pieces)


def _cuts(end: float, spans: Sequence[tuple[float, float]]) -> list[float]:
    inner = {value for span in spans for value in span if 0 < value < end}
    return [0.0, *sorted(inner), end]


def _wall_piece(line: WallLine, height: float, part: Rect) -> Mesh:
    s0, s1, z0, z1 = part
    along = np.array([*line.along, 0.0])
    mesh = panel((*line.point(s0), z0), (s1 - s0) * along, (0, 0, z1 - z0), picture=True, cell=9)
    scale = np.array([(s1 - s0) / line.length, (z1 - z0) / height])
    return Mesh(mesh.vertices, mesh.normals, mesh.uv * scale + [s0 / line.length, z0 / height],
                mesh.faces)


def _add_walls(builder: WorldBuilder, palette: Palette, plan: FloorPlan,
               rng: np.random.Generator) -> None:
    common = _paint(rng) if rng.random() < 0.5 else palette.surface('wall')
    accent = palette.surface('wall') if rng.random() < 0.35 else common
    special = int(rng.integers(len(plan.walls)))
    for number, line in enumerate(plan.walls):
        size = line.length, plan.height
        shape = _pixels(size)
        shade = wall_shade(shape, size) * contact_shade(
            shape, size, _against(builder.blocks, line, plan.height))
        material = baked(accent if number == special else common, size, shade)
        name = palette.register('wall', material)
        holes = [o for o in plan.openings if o.wall == number]
        builder.add(name, holed_wall(line, plan.height, holes))


def _paint(rng: np.random.Generator) -> Material:
    # Painted plaster, white or nearly so: what most walls are.
    grain = cv2.GaussianBlur(rng.normal(0, 1, (256, 256)).astype(np.float32), (0, 0), 1.2)
    tone = rng.uniform(188, 246) * (1 + rng.normal(0, 0.022, 3))
    shade = 1 + float(rng.uniform(0.0, 0.06)) * grain[..., None]
    texture = np.clip(tone * shade, 0, 255).astype(np.uint8)
    return Material(texture, (1.3, 1.3), float(rng.uniform(0, 0.1)))


def _against(blocks: Sequence[Block], line: WallLine,
             height: float) -> list[tuple[Rect, float, float]]:
    found = []
    along, inward = np.array(line.along), np.array(line.inward)
    for block in blocks:
        low, high = block.low[:2] - line.start, block.high[:2] - line.start
        s0, s1 = sorted((float(low @ along), float(high @ along)))
        off = min(float(low @ inward), float(high @ inward))
        if -0.2 < off < 0.15 and s1 > 0 and s0 < line.length:
            found.append(((s0, s1, float(block.low[2]), min(float(block.high[2]), height)),
                          0.12, 0.35))
    return found


def _add_floor(builder: WorldBuilder, palette: Palette, plan: FloorPlan) -> None:
    shape = _pixels(plan.size)
    shade = wall_shade(shape, plan.size)
    prints = []
    for block in builder.blocks:
        if block.low[2] < 0.02:
            rect = (float(block.low[0]), float(block.high[0]), float(block.low[1]),
                    float(block.high[1]))
            prints += [(rect, 0.14, 0.42), (rect, 0.03, 0.2)]
    shade = shade * contact_shade(shape, plan.size, prints)
    name = palette.register('floor', baked(palette.surface('floor'), plan.size, shade))
    for x0, x1, y0, y1 in plan.regions():
        builder.add(name, _flat(plan.size, (x0 - MARGIN, x1 + MARGIN, y0 - MARGIN, y1 + MARGIN)
                                if plan.notch is None else (x0, x1, y0, y1), 0.0, up=True))


def _add_ceiling(builder: WorldBuilder, palette: Palette, plan: FloorPlan,
                 slope: float) -> None:
    w, d = plan.size
    shade = wall_shade(_pixels(plan.size), plan.size)
    name = palette.register('ceiling', baked(palette.surface('ceiling'), plan.size, shade))
    builder.add(name, _flat(plan.size, (-MARGIN, w + MARGIN, -MARGIN, d + MARGIN), plan.height,
                            up=False))
    if slope > 0.0:
        reach = min(0.5 * d, slope * 1.3)
        low = plan.height - slope * (1 + MARGIN / reach)
        for share in (0.25, 0.5, 0.75, 1.0):    # steps that a camera keeps below
            builder.blocks.append(Block(
                np.array([0.0, (share - 0.25) * reach, plan.height - slope * (1.25 - share)]),
                np.array([w, share * reach, plan.height])))
        builder.add(name, panel((-MARGIN, reach, plan.height), (w + 2 * MARGIN, 0, 0),
                                (0, -reach - MARGIN, low - plan.height), picture=True, cell=9))


def _flat(size: tuple[float, float], rect: Rect, z: float, *, up: bool) -> Mesh:
    x0, x1, y0, y1 = rect
    if up:
        mesh = panel((x0, y0, z), (x1 - x0, 0, 0), (0, y1 - y0, 0), picture=True, cell=9)
    else:
        mesh = panel((x0, y1, z), (x1 - x0, 0, 0), (0, y0 - y1, 0), picture=True, cell=9)
    return Mesh(mesh.vertices, mesh.normals, mesh.vertices[:, :2] / size, mesh.faces)


def _add_wainscot(builder: WorldBuilder, name: str, plan: FloorPlan, top: float) -> None:
    for number, line in enumerate(plan.walls):
        holes = [o for o in plan.openings if o.wall == number]
        mesh = holed_wall(line, min(top, plan.height), holes)
        along = np.array([*line.along, 0.0])
        s = (mesh.vertices - [*line.start, 0.0]) @ along
        uv = np.stack([s, mesh.vertices[:, 2]], 1)
        inward: Vector = (0.006 * line.inward[0], 0.006 * line.inward[1], 0.0)
        builder.add(name, Mesh(mesh.vertices + inward, mesh.normals, uv, mesh.faces))


def _add_skirting(builder: WorldBuilder, palette: Palette, plan: FloorPlan,
                  height: float) -> None:
    name = palette.pick('wood')
    for number, line in enumerate(plan.walls):
        doors = [o for o in plan.openings if o.wall == number and o.z0 < height]
        cuts = _cuts(line.length, [(o.s0, o.s1) for o in doors])
        for s0, s1 in pairwise(cuts):
            if s1 - s0 > 0.05 and not any(o.s0 < (s0 + s1) / 2 < o.s1 for o in doors):
                x, y = line.point((s0 + s1) / 2, 0.008)
                bar = slab((s1 - s0, 0.016, height), (0, 0, height / 2))
                builder.add(name, bar.moved((x, y, 0), yaw=line.yaw))


def _add_beams(builder: WorldBuilder, name: str, plan: FloorPlan,
               rng: np.random.Generator) -> None:
    w, d = plan.size
    side = float(rng.uniform(0.1, 0.2))
    for y in np.arange(float(rng.uniform(0.3, 0.8)), d, float(rng.uniform(0.6, 1.2))):
        builder.place([(name, slab((w, side, side * 1.3)))],
                      (w / 2, y, plan.height - side * 0.65))


def _pixels(size: tuple[float, float]) -> tuple[int, int]:
    return max(4, round(size[1] * SHADE_PIXELS)), max(4, round(size[0] * SHADE_PIXELS))
