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

"""The surfaces of one room: few materials, each used for many things, and small print."""

from typing import Protocol

import cv2
import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.pictures import book_row
from sa4depth_train.worlds.places.solids import slab
from sa4depth_train.worlds.world import Material, WorldBuilder

Color = tuple[float, float, float]

# How many different materials of a role a room has at most; further ones repeat.
VARIETY = {'wood': 3, 'fabric': 5, 'metal': 2, 'plastic': 3, 'ceramic': 2, 'paper': 2,
           'picture': 4, 'poster': 3, 'screen': 2, 'leaf': 2, 'foliage': 3, 'any': 3}
# How often a thing of a role is plainly painted, beside the plain ones that Materials gives.
PLAIN = {'wood': 0.2, 'fabric': 0.15, 'metal': 0.3, 'plastic': 0.3, 'ceramic': 0.2}
TONED = ('floor', 'wall', 'ceiling', 'wood', 'fabric', 'metal', 'plastic', 'ceramic', 'tiles')
CELLS = 8


class Surfaces(Protocol):
    """Where materials come from."""

    def pick(self, role: str) -> Material:
        """Give a material for a role."""


class Palette:
    """Hands out the names of materials by role and registers them with the builder."""

    def __init__(self, builder: WorldBuilder, surfaces: Surfaces,
                 rng: np.random.Generator) -> None:
        self._builder, self._surfaces, self._rng = builder, surfaces, rng
        self._pools: dict[str, list[str]] = {}
        self._shades: dict[Color, str] = {}
        self._colors = _swatches(rng)
        builder.materials['colors'] = Material(self._colors, None, 0.12)
        builder.materials['labels'] = Material(_labels(rng, self._colors), None, 0.05)
        builder.materials['books'] = surfaces.pick('books') if rng.random() < 0.6 else Material(
            book_row(rng))
        glow = np.full((4, 4, 3), (255, 236, 205), np.uint8)
        builder.materials['glow'] = Material(glow, None, glow=1.0)

    def pick(self, role: str, *, again: float = 0.4) -> str:
        """Name a material for a role; with probability ``again`` one that the room has."""
        pool = self._pools.setdefault(role, [])
        if pool and (len(pool) >= VARIETY.get(role, 3) or self._rng.random() < again):
            return pool[int(self._rng.integers(len(pool)))]
        if self._rng.random() < PLAIN.get(role, 0.0):
            name = self.plain(furniture_color(self._rng), shine=float(self._rng.uniform(0, 0.4)))
        else:
            name = self.register(role, self.surface(role))
        pool.append(name)
        return name

    def surface(self, role: str) -> Material:
        """Give a material that is not registered yet, for instance to shade it first."""
        if role == 'foliage':
            return darkened(self._surfaces.pick('leaf'), self._rng)
        return toned(self._surfaces.pick(role), role, self._rng)

    def register(self, role: str, material: Material) -> str:
        """Add a material and name it after its role."""
        name = f'{role} {len(self._builder.materials)}'
        self._builder.materials[name] = material
        return name

    def plain(self, color: Color, *, shine: float = 0.1) -> str:
        """Name a material of one colour (0..255 RGB) with the faintest structure."""
        key = color[0], color[1], color[2]
        if key not in self._shades:
            grain = self._rng.normal(1.0, 0.012, (64, 64, 1)).astype(np.float32)
            texture = np.clip(np.asarray(color, np.float32) * grain, 0, 255).astype(np.uint8)
            self._shades[key] = self.register('plain', Material(texture, (0.5, 0.5), shine))
        return self._shades[key]

    def small(self, mesh: Mesh, color: int | None = None) -> tuple[str, Mesh]:
        """Paint a small thing in one of the room's 64 small colours (drawn when None)."""
        cell = int(self._rng.integers(CELLS * CELLS)) if color is None else color
        uv = np.array([cell % CELLS + 0.5, cell // CELLS + 0.5]) / CELLS
        return 'colors', Mesh(mesh.vertices, mesh.normals,
                              np.broadcast_to(uv, mesh.uv.shape), mesh.faces)

    def packet(self, size: tuple[float, float, float],
               centre: tuple[float, float, float] = (0, 0, 0)) -> tuple[str, Mesh]:
        """Make a box with one of the room's 64 printed designs on all its sides."""
        cell = int(self._rng.integers(CELLS * CELLS))
        mesh = slab(size, centre)
        corner = np.array([cell % CELLS, cell // CELLS]) + 0.03
        shown = np.tile([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)], (6, 1))
        # The corners of each side in the order of ``slab``: along u, then along v.
        order = np.tile([0, 1, 3, 2], 6) + 0
        return 'labels', Mesh(mesh.vertices, mesh.normals,
                              (corner + 0.94 * shown[order]) / CELLS, mesh.faces)


def toned(material: Material, role: str, rng: np.random.Generator) -> Material:
    """Take colour out of most loud surfaces and make most dark walls lighter."""
    texture = material.texture
    mean = texture[::8, ::8].reshape(-1, 3).mean(0)
    chroma = float(mean.max() - mean.min()) / max(float(mean.max()), 1.0)
    if chroma > 0.4 and role in TONED and rng.random() < 0.65:
        keep = np.float32(rng.uniform(0.15, 0.4) / chroma)
        grey = cv2.cvtColor(texture, cv2.COLOR_RGB2GRAY)
        texture = cv2.addWeighted(texture, keep, cv2.merge([grey] * 3), 1 - keep, 0)
    level = float(mean.mean())
    if role == 'wall' and level < 130 and rng.random() < 0.6:
        gamma = np.log(rng.uniform(0.5, 0.85)) / np.log(max(level, 8.0) / 255)
        table = (255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
        texture = cv2.LUT(texture, table)
    return material if texture is material.texture else Material(
        texture, material.tile, material.shine, material.glow)


def darkened(material: Material, rng: np.random.Generator) -> Material:
    """Make leaves as dark as those of most pot plants, of half the pixels."""
    share = rng.uniform(0.3, 0.65) if rng.random() < 0.75 else rng.uniform(0.65, 1.0)
    texture = (material.texture[::2, ::2] * np.float32(share)).astype(np.uint8)
    return Material(texture, material.tile, float(rng.uniform(0.0, 0.4)))


def furniture_color(rng: np.random.Generator) -> Color:
    """Draw a colour as things in rooms have it: mostly white, grey, black, beige (0..255)."""
    value, kind = rng.random(), rng.random()
    if kind < 0.34:
        grey = 205 + 45 * value
        tint = rng.normal(0, 3, 3)
    elif kind < 0.62:
        grey = 22 + 170 * value
        tint = rng.normal(0, 4, 3)
    elif kind < 0.8:
        grey = 70 + 140 * value
        tint = np.array([1.0, 0.1, -1.1]) * rng.uniform(10, 36)
    else:
        return vivid_color(rng)
    r, g, b = (float(c) for c in np.clip(grey + tint, 4, 252))
    return r, g, b


def vivid_color(rng: np.random.Generator) -> Color:
    """Draw any hue, from muted to saturated (0..255)."""
    hsv = np.array([[[rng.uniform(0, 360), rng.uniform(0.25, 0.9), rng.uniform(0.25, 0.95)]]],
                   np.float32)
    r, g, b = (float(c) for c in cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] * 255)
    return r, g, b


def _swatches(rng: np.random.Generator) -> np.ndarray:
    colors = [furniture_color(rng) if k % 5 < 3 else vivid_color(rng)
              for k in range(CELLS * CELLS)]
    cells = np.array(colors, np.float32).reshape(CELLS, CELLS, 3)
    # Row 0 of a texture is its top, at v = 1.
    return np.repeat(np.repeat(cells[::-1], 8, 0), 8, 1).astype(np.uint8)


def _labels(rng: np.random.Generator, swatches: np.ndarray) -> np.ndarray:
    side = 64
    image = np.repeat(np.repeat(swatches[::8, ::8], side, 0), side, 1)
    image = np.ascontiguousarray(image)
    for cell in range(CELLS * CELLS):
        x, y = (cell % CELLS) * side, (cell // CELLS) * side
        view = np.ascontiguousarray(image[y:y + side, x:x + side])
        _print_label(rng, view)
        image[y:y + side, x:x + side] = view
    return image


def _print_label(rng: np.random.Generator, view: np.ndarray) -> None:
    side = view.shape[0]
    for _ in range(int(rng.integers(0, 4))):
        x, y = (int(v) for v in rng.integers(0, side, 2))
        w, h = (int(v) for v in rng.integers(6, side, 2))
        color = [int(c) for c in (vivid_color(rng) if rng.random() < 0.5
                                  else furniture_color(rng))]
        if rng.random() < 0.3:
            cv2.circle(view, (x, y), w // 2, color, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(view, (x, y), (x + w, y + h // 2), color, -1)
    ink = [int(c) for c in rng.integers(0, 90, 3)] if view.mean() > 120 else [235, 235, 230]
    for y in range(int(rng.integers(5, 30)), side - 4, int(rng.integers(5, 14))):
        if rng.random() < 0.6:
            left = int(rng.integers(4, side // 2))
            cv2.line(view, (left, y), (left + int(rng.integers(6, side // 2)), y), ink,
                     int(rng.integers(1, 3)))
