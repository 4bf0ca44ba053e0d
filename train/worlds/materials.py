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

"""A library of materials by role: photographs, patterns and prints in ever other colours."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from sa4depth_train.worlds import hard_patterns as hard
from sa4depth_train.worlds import plant_patterns as plants
from sa4depth_train.worlds import prints
from sa4depth_train.worlds import soft_patterns as soft
from sa4depth_train.worlds.colors import Color, drawn_color, second_color
from sa4depth_train.worlds.hard_patterns import Pattern, SIZE
from sa4depth_train.worlds.photographs import photograph, photographs, SURFACES
from sa4depth_train.worlds.world import Material

Maker = Callable[[np.random.Generator], Pattern]
Span = tuple[float, float]

SMALL = 256
# Variants of a pattern or kinds of print that one process keeps ready.
VARIANTS = 3
PRINTS = 8
PHOTOGRAPH_SHARE = 0.28
# How many surfaces of a role show no texture to speak of; most real ones do not.
PLAIN_SHARE = {'floor': 0.18, 'wall': 0.5, 'ceiling': 0.5, 'wood': 0.35, 'fabric': 0.35,
               'metal': 0.6, 'plastic': 0.85, 'ceramic': 0.6, 'paper': 0.5, 'facade': 0.35,
               'road': 0.1, 'stone': 0.1, 'plaster': 1.0, 'car': 1.0, 'glass': 1.0, 'rubber': 1.0}
SHINE = {'floor': (0.0, 0.3), 'wood': (0.0, 0.3), 'metal': (0.2, 0.8), 'plastic': (0.1, 0.6),
         'ceramic': (0.3, 0.8), 'stone': (0.0, 0.3), 'car': (0.4, 0.8), 'glass': (0.5, 0.9),
         'fabric': (0.0, 0.05), 'plaster': (0.0, 0.2), 'wall': (0.0, 0.1), 'picture': (0.0, 0.3)}
LARGE_ROLES = ('floor', 'wall', 'plaster', 'ceiling', 'ground', 'facade', 'road')
PLAIN: dict[str, Maker] = {'flat': hard.flat, 'roller': hard.roller, 'stained': hard.stained,
                           'orange_peel': hard.orange_peel, 'plaster': hard.plaster}
# name: (maker, roles, metres that the texture covers, relation of its second colour)
PATTERNS: dict[str, tuple[Maker, tuple[str, ...], Span, str]] = {
    'concrete': (hard.concrete, ('floor', 'wall', 'ceiling', 'facade', 'stone', 'road'),
                 (1.5, 5.0), 'shade'),
    'bricks': (hard.bricks, ('wall', 'facade', 'stone'), (1.0, 1.4), 'joint'),
    'cinder': (hard.cinder, ('wall', 'facade'), (1.5, 1.9), 'joint'),
    'blocks': (hard.blocks, ('facade', 'road', 'wall', 'stone'), (1.2, 3.0), 'joint'),
    'square_tiles': (hard.square_tiles, ('floor', 'floor', 'wall', 'ceramic', 'facade'),
                     (0.6, 2.4), 'joint'),
    'subway_tiles': (hard.subway_tiles, ('wall', 'ceramic', 'facade'), (0.8, 1.2), 'joint'),
    'mosaic': (hard.mosaic, ('wall', 'floor', 'ceramic'), (0.4, 1.0), 'joint'),
    'checker': (hard.checker, ('floor', 'fabric'), (0.6, 2.4), 'other'),
    'hexagons': (hard.hexagons, ('floor', 'wall'), (0.6, 1.8), 'joint'),
    'rubble': (hard.rubble, ('facade', 'stone', 'road', 'wall'), (1.2, 3.0), 'joint'),
    'gravel': (hard.gravel, ('ground', 'road', 'stone'), (0.6, 1.5), 'shade'),
    'terrazzo': (hard.terrazzo, ('floor', 'floor', 'stone', 'ceramic'), (0.5, 1.5), 'other'),
    'marble': (hard.marble, ('floor', 'stone', 'ceramic', 'wall'), (0.8, 2.5), 'other'),
    'linoleum': (hard.linoleum, ('floor', 'floor', 'plastic', 'stone'), (0.8, 2.0), 'shade'),
    'asphalt': (hard.asphalt, ('road', 'ground'), (1.5, 3.0), 'shade'),
    'earth': (hard.earth, ('ground', 'ground'), (1.5, 4.0), 'shade'),
    'grain': (soft.grain, ('wood', 'wood', 'wood'), (0.4, 1.4), 'shade'),
    'planks': (soft.planks, ('floor', 'floor', 'floor', 'wood', 'facade'), (0.6, 1.6), 'shade'),
    'panelling': (soft.panelling, ('wall', 'wood', 'facade', 'ceiling'), (0.6, 1.6), 'shade'),
    'parquet': (soft.parquet, ('floor', 'floor'), (0.6, 1.6), 'shade'),
    'particle_board': (soft.particle_board, ('wood', 'wall'), (0.6, 1.5), 'shade'),
    'pile': (soft.pile, ('floor', 'floor', 'fabric'), (0.5, 1.5), 'shade'),
    'loops': (soft.loops, ('floor', 'fabric'), (0.5, 1.0), 'shade'),
    'weave': (soft.weave, ('fabric', 'fabric'), (0.15, 0.5), 'shade'),
    'knit': (soft.knit, ('fabric',), (0.2, 0.6), 'shade'),
    'plaid': (soft.plaid, ('fabric',), (0.15, 0.6), 'other'),
    'stripes': (soft.stripes, ('fabric', 'wall'), (0.3, 1.0), 'other'),
    'dots': (soft.dots, ('fabric', 'paper'), (0.2, 0.6), 'other'),
    'blossoms': (soft.blossoms, ('fabric', 'wall'), (0.4, 1.2), 'other'),
    'damask': (soft.damask, ('wall', 'wall', 'fabric'), (0.5, 1.2), 'shade'),
    'trellis': (soft.trellis, ('wall', 'fabric'), (0.4, 1.2), 'other'),
    'leather': (soft.leather, ('fabric', 'plastic'), (0.3, 0.6), 'shade'),
    'brushed': (soft.brushed, ('metal', 'metal'), (0.3, 0.8), 'shade'),
    'corrugated': (soft.corrugated, ('metal', 'facade', 'wall'), (0.8, 1.6), 'shade'),
    'tread_plate': (soft.tread_plate, ('metal', 'floor'), (0.4, 0.8), 'shade'),
    'perforated': (soft.perforated, ('metal', 'ceiling'), (0.3, 0.8), 'shade'),
    'rust': (soft.rust, ('metal',), (0.6, 2.0), 'other'),
    'acoustic': (soft.acoustic, ('ceiling', 'ceiling', 'ceiling'), (1.2, 1.25), 'shade'),
    'slats': (soft.slats, ('ceiling', 'wall', 'wood', 'facade'), (0.6, 1.6), 'shade'),
    'blades': (plants.blades, ('ground', 'ground'), (1.0, 2.0), 'shade'),
    'foliage': (plants.foliage, ('leaf', 'leaf'), (0.8, 1.6), 'shade'),
    'needles': (plants.needles, ('leaf',), (0.8, 2.0), 'shade'),
    'bark': (plants.bark, ('bark',), (0.5, 1.0), 'shade'),
    'birch': (plants.birch, ('bark',), (0.5, 1.0), 'shade'),
    'roof': (soft.roof, ('roof',), (2.0, 3.0), 'shade'),
    'shingles': (soft.shingles, ('roof',), (2.0, 3.0), 'shade'),
}
HELD_OUT = frozenset((
    'orange_peel', 'blocks', 'hexagons', 'marble', 'asphalt', 'panelling', 'particle_board',
    'loops', 'knit', 'dots', 'trellis', 'perforated', 'blades', 'needles', 'birch', 'shingles'))


class Materials:
    """Hands out materials by role, each time in another colour, scale and contrast."""

    def __init__(self, rng: np.random.Generator, unseen: bool = False) -> None:
        """
        Draw from rng; the photographs of miniworld join in when it is installed.

        With ``unseen`` only held-out photographs, patterns and prints are used, about a
        quarter of all, and without it only the others.
        """
        self._rng = rng
        self._unseen = unseen

    def pick(self, role: str, color: Color | None = None) -> Material:
        """
        Draw a material for a role; ``color`` (0..255 RGB) paints it, where it can be painted.

        Surfaces tile in metres: floor, wall, ceiling, wood, fabric, metal, plastic, ceramic,
        paper, leaf, ground, facade, road, stone, bark, roof; always plain are plaster, car,
        glass and rubber; 'any' is any surface of furniture. Prints have no tile and cover 0..1:
        picture, poster, screen, page, carton, board, label, sign, door, gate, window, grate,
        lamp (glows), books (16 spines side by side), rug.
        """
        rng = self._rng
        if role == 'any':
            role = str(rng.choice(['wood', 'fabric', 'metal', 'plastic', 'ceramic', 'paper']))
        names = photographs(role, unseen=self._unseen)
        if names and rng.random() >= PLAIN_SHARE.get(role, 0) and \
                rng.random() < (0.5 if role == 'picture' else PHOTOGRAPH_SHARE):
            return self._photograph(names[int(rng.integers(len(names)))], role, color)
        if role in prints.KINDS:
            return self._print(role)
        return self._pattern(role, color)

    def _photograph(self, name: str, role: str, color: Color | None) -> Material:
        rng, image = self._rng, photograph(name)
        surface = SURFACES.get(name)
        if surface is None:
            return Material(_graded(rng, image), shine=self._shine(role))
        _, span, paintable = surface
        image = _turned(rng, _fitting(image, role))
        if paintable and (color is not None or rng.random() < 0.6):
            image = _painted(image, color or drawn_color(rng, role))
        side = float(rng.uniform(*span))
        return Material(_graded(rng, image), (side, side), self._shine(role))

    def _print(self, role: str) -> Material:
        rng = self._rng
        kinds = [kind for kind in prints.KINDS[role]
                 if (kind in prints.HELD_OUT) == self._unseen or len(prints.KINDS[role]) == 1]
        kind = kinds[int(rng.integers(len(kinds)))]
        variant = int(rng.integers(PRINTS)) + PRINTS * self._unseen
        glow = {'screen': float(rng.uniform(0.15, 0.6)), 'lamp': float(rng.uniform(0.8, 1.0)),
                'sign': float(rng.uniform(0.0, 0.5))}.get(role, 0.0)
        image = _printed(kind, variant)
        return Material(image if role == 'lamp' else _graded(rng, image), None,
                        self._shine(role), glow)

    def _pattern(self, role: str, color: Color | None) -> Material:
        rng = self._rng
        first = color or drawn_color(rng, role)
        fitting = [name for name, (_, roles, _, _) in PATTERNS.items() for _ in range(
            roles.count(role)) if (name in HELD_OUT) == self._unseen]
        if not fitting or rng.random() < PLAIN_SHARE.get(role, 0):
            names = [name for name in PLAIN if (name in HELD_OUT) == self._unseen]
            name, span, relation = names[int(rng.integers(len(names)))], (0.8, 3.0), 'shade'
        else:
            name = fitting[int(rng.integers(len(fitting)))]
            _, _, span, relation = PATTERNS[name]
        shade, weight = _shaded(name, int(rng.integers(VARIANTS)))
        image = _colored(_fitting(shade, role), _fitting(weight, role), first,
                         second_color(rng, first, relation), float(rng.uniform(0.5, 1.3)))
        side = float(rng.uniform(*span))
        return Material(_mirrored(rng, image), (side, side), self._shine(role))

    def _shine(self, role: str) -> float:
        return float(self._rng.uniform(*SHINE.get(role, (0.0, 0.1))))


@cache
def _shaded(name: str, variant: int) -> Pattern:
    # Kept as bytes: half an MB a pattern. 128 stands for a shade of 1.
    maker = PLAIN[name] if name in PLAIN else PATTERNS[name][0]
    shade, weight = maker(np.random.default_rng((variant, *name.encode())))
    return (np.clip(128 * shade + 0.5, 0, 255).astype(np.uint8),
            np.clip(255 * weight + 0.5, 0, 255).astype(np.uint8))


@cache
def _printed(kind: str, variant: int) -> np.ndarray:
    return prints.drawn(kind, np.random.default_rng((variant, *kind.encode())))


def _fitting(image: np.ndarray, role: str) -> np.ndarray:
    side = SIZE if role in LARGE_ROLES else SMALL
    if max(image.shape[:2]) <= side:
        return image
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)


def _colored(shade: np.ndarray, weight: np.ndarray, first: Color, second: Color,
             contrast: float) -> np.ndarray:
    light = 1 + contrast * (shade.astype(np.float32) / 128 - 1)
    mix = weight.astype(np.float32) / 255
    channels = [light * (a + (b - a) * mix) for a, b in zip(first, second)]
    return np.clip(cv2.merge(channels), 0, 255).astype(np.uint8)


def _painted(image: np.ndarray, color: Color) -> np.ndarray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    # What is dark in the photograph (joints, pores) must stay dark in any colour.
    shade = grey / max(float(grey.mean()), 1.0)
    return np.clip(cv2.merge([shade * channel for channel in color]), 0, 255).astype(np.uint8)


def _graded(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    gain = rng.uniform(0.75, 1.15) * rng.uniform(0.94, 1.06, 3)
    contrast = rng.uniform(0.75, 1.15)
    mean = float(image[::8, ::8].mean())
    table = np.clip((mean + contrast * (np.arange(256.0)[:, None] - mean)) * gain, 0, 255)
    return np.ascontiguousarray(cv2.LUT(image, table.astype(np.uint8)[:, None]))


def _turned(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    return _mirrored(rng, np.ascontiguousarray(image))


def _mirrored(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[:, ::-1]) if rng.random() < 0.5 else image
