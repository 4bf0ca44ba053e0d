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

"""Potted plants as offices and homes have them: dense, dark, with leaves of many shapes."""

from dataclasses import dataclass

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import Piece, round_body, slab, tube
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator
Points = np.ndarray
# Along a leaf: where its cross-sections are, and how wide each is.
_STATIONS = np.array([0.0, 0.3, 0.7, 1.0])
_OUTLINES = {'sword': np.array([0.6, 1.0, 0.6, 0.03]),
             'oval': np.array([0.08, 0.95, 0.8, 0.05]),
             'frond': np.array([0.3, 1.0, 0.8, 0.1])}


@dataclass(frozen=True)
class Leaves:
    """The like of some leaves: outline, lengths and width [m], rise and droop [rad]."""

    outline: str
    length: tuple[float, float]
    width: float
    rise: tuple[float, float]
    droop: tuple[float, float]


def dense_plant(rng: Rng, palette: Palette) -> Piece:
    """Make a dense plant of 0.5 to 2.2 m: dracaena, yucca, palm, ficus, fern or rubber plant."""
    kinds = (_dracaena, _dracaena, _yucca, _palm, _ficus, _fern, _rubber)
    r = float(rng.uniform(0.11, 0.24))
    pot_height = float(rng.uniform(0.16, 0.42))
    parts: Parts = [_pot(rng, palette, r, pot_height)]
    tall = float(rng.uniform(0.45, 1.75))
    foliage, wood = palette.pick('foliage'), palette.plain((92, 74, 56))
    make = kinds[int(rng.integers(len(kinds)))]
    parts += [(name, mesh.moved((0, 0, pot_height * 0.9)))
              for name, mesh in make(rng, foliage, wood, tall)]
    side = min(2 * r + 0.1 + 0.12 * tall, 0.7)
    return Piece(parts, (side, side, pot_height + tall))


def hanging_plant(rng: Rng, palette: Palette) -> Parts:
    """Make a hanging pot with trailing shoots; its hook is at the origin, all else is below."""
    drop, r = float(rng.uniform(0.2, 0.7)), float(rng.uniform(0.07, 0.14))
    cord = palette.plain((196, 188, 170))
    name, pot = _pot(rng, palette, r, 1.5 * r)
    parts: Parts = [(name, pot.moved((0, 0, -drop - 1.5 * r)))]
    parts += [(cord, tube([(r * np.cos(a), r * np.sin(a), -drop), (0, 0, 0)], 0.003, sides=4))
              for a in (0.0, 2.1, 4.2)]
    foliage = palette.pick('foliage')
    shoots = int(rng.integers(7, 16))
    roots = []
    for k in range(shoots):
        a, long = 2.4 * k, float(rng.uniform(0.15, 0.8))
        t = np.linspace(0, 1, 16)
        out = r * (0.5 + 0.9 * np.sqrt(t))
        roots.append(np.stack([out * np.cos(a), out * np.sin(a), 0.05 - drop - long * t ** 2], 1))
    parts += [(foliage, tube(root[::3], 0.003, sides=4)) for root in roots]
    leaves = Leaves('oval', (0.05, 0.11), 0.022, (-0.6, 0.6), (0.3, 1.2))
    return [*parts, (foliage, grown(rng, leaves, np.concatenate(roots)))]


def grown(rng: Rng, like: Leaves, roots: Points, yaw: np.ndarray | None = None) -> Mesh:
    """Grow one leaf from each root (n, 3) [m], all around unless ``yaw`` (n) [rad] says where."""
    n = len(roots)
    turn = rng.uniform(-np.pi, np.pi, n) if yaw is None else yaw
    length = rng.uniform(*like.length, n)
    rise, droop = rng.uniform(*like.rise, n), rng.uniform(*like.droop, n)
    angle = rise[:, None] - droop[:, None] * _STATIONS
    step = np.diff(_STATIONS) * length[:, None]
    zero = np.zeros((n, 1))
    out = np.concatenate([zero, np.cumsum(np.cos(angle[:, :-1]) * step, 1)], 1)
    up = np.concatenate([zero, np.cumsum(np.sin(angle[:, :-1]) * step, 1)], 1)
    half = like.width * _OUTLINES[like.outline] * rng.uniform(0.7, 1.3, (n, 1))
    ahead = np.stack([np.cos(turn), np.sin(turn), np.zeros(n)], 1)[:, None]
    side = np.stack([-np.sin(turn), np.cos(turn), np.zeros(n)], 1)[:, None]
    middle = roots[:, None] + out[..., None] * ahead + up[..., None] * np.array([0, 0, 1.0])
    edges = np.stack([middle - half[..., None] * side, middle + half[..., None] * side], 2)
    normal = (-np.sin(angle)[..., None] * ahead + np.cos(angle)[..., None] * np.array([0, 0, 1.0]))
    return _ribbons(edges, np.repeat(normal[:, :, None], 2, 2))


def _ribbons(edges: np.ndarray, normals: np.ndarray) -> Mesh:
    # edges (n leaves, stations, 2 sides, 3)
    n, stations = edges.shape[:2]
    corner = 2 * np.arange(stations - 1)[:, None]
    quads = np.concatenate([corner + [0, 2, 3], corner + [0, 3, 1]])
    faces = (np.arange(n)[:, None, None] * 2 * stations + quads).reshape(-1, 3)
    u = np.broadcast_to(_STATIONS[None, :, None], edges.shape[:3])
    v = np.broadcast_to(np.array([0.0, 1.0]), edges.shape[:3])
    uv = np.stack([u, v], -1).reshape(-1, 2)
    return Mesh(edges.reshape(-1, 3), normals.reshape(-1, 3), uv, faces).double_sided()


def _pot(rng: Rng, palette: Palette, r: float, h: float) -> tuple[str, Mesh]:
    name = palette.pick('plastic' if rng.random() < 0.6 else 'ceramic')
    if rng.random() < 0.25:
        return name, slab((1.8 * r, 1.8 * r, h), (0, 0, h / 2))
    foot = float(rng.uniform(0.65, 1.0)) * r
    return name, round_body([(0, 0), (foot, 0), (r, h), (0.92 * r, h), (0.9 * r, 0.9 * h),
                             (0, 0.9 * h)], smooth=False, segments=16)


def _stems(rng: Rng, count: int, tall: float, spread: float) -> list[np.ndarray]:
    stems = []
    for k in range(count):
        lean = spread * tall * float(rng.uniform(0.2, 1.0))
        top = np.array([lean * np.cos(2.4 * k), lean * np.sin(2.4 * k),
                        tall * float(rng.uniform(0.5, 1.0))])
        stems.append(np.linspace(0, 1, 6)[:, None] ** [1.4, 1.4, 1.0] * top)
    return stems


def _dracaena(rng: Rng, foliage: str, wood: str, tall: float) -> Parts:
    long = float(rng.uniform(0.22, 0.5))
    stems = _stems(rng, int(rng.integers(2, 7)), max(tall - 0.4 * long, 0.2), 0.16)
    leaves = Leaves('sword', (0.6 * long, long), float(rng.uniform(0.008, 0.03)), (-0.2, 1.4),
                    (0.3, 1.9))
    count = int(rng.integers(26, 56))
    # Leaves sit on the upper part of each stem.
    low = float(rng.uniform(0.3, 0.8))
    roots = [_along(stem, rng.uniform(low, 1.0, count)) for stem in stems]
    return [*((wood, tube(stem, 0.014, sides=6)) for stem in stems),
            (foliage, grown(rng, leaves, np.concatenate(roots)))]


def _yucca(rng: Rng, foliage: str, wood: str, tall: float) -> Parts:
    long = float(rng.uniform(0.3, 0.65))
    stems = _stems(rng, int(rng.integers(1, 4)), max(tall - 0.7 * long, 0.12), 0.08)
    leaves = Leaves('sword', (0.7 * long, long), float(rng.uniform(0.015, 0.035)), (-0.3, 1.5),
                    (0.0, 0.8))
    roots = [_along(stem, rng.uniform(0.88, 1.0, int(rng.integers(40, 80)))) for stem in stems]
    return [*((wood, tube(stem, 0.03, sides=8)) for stem in stems),
            (foliage, grown(rng, leaves, np.concatenate(roots)))]


def _palm(rng: Rng, foliage: str, _wood: str, tall: float) -> Parts:
    count, parts = int(rng.integers(9, 20)), []
    leaves = Leaves('sword', (0.12, 0.32), float(rng.uniform(0.008, 0.016)), (-0.4, 0.5),
                    (0.1, 0.9))
    pieces = 14
    roots, yaws = [], []
    for k in range(count):
        a, out = 2.4 * k, tall * float(rng.uniform(0.15, 0.5))
        t = np.linspace(0, 1, pieces)
        rise = tall * float(rng.uniform(0.6, 1.0)) * (1.5 * t - 0.65 * t ** 2.5)
        line = np.stack([out * t ** 1.6 * np.cos(a), out * t ** 1.6 * np.sin(a), rise], 1)
        parts.append((foliage, tube(line[::3], 0.005, sides=4)))
        roots += [line[4:], line[4:]]
        yaws += [np.full(pieces - 4, a + side * 1.1) for side in (-1, 1)]
    return [*parts, (foliage, grown(rng, leaves, np.concatenate(roots), np.concatenate(yaws)))]


def _ficus(rng: Rng, foliage: str, wood: str, tall: float) -> Parts:
    crown = tall * float(rng.uniform(0.3, 0.75))
    wide = float(rng.uniform(0.16, 0.42))
    count = int(rng.integers(150, 320))
    direction = rng.normal(0, 1, (count, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    shell = direction * rng.uniform(0.35, 1.0, (count, 1)) ** 0.5
    roots = shell * [wide, wide, crown / 2] + [0, 0, tall - crown / 2]
    leaves = Leaves('oval', (0.05, 0.12), float(rng.uniform(0.014, 0.03)), (-0.9, 0.6),
                    (0.2, 1.0))
    stems = [np.array([[0, 0, 0], [0.02, 0.01, tall * 0.4], [0, 0, tall * 0.9]])]
    stems += [np.array([[0, 0, tall - crown * 0.9], roots[k]]) for k in range(8)]
    return [*((wood, tube(stem, 0.012, sides=5)) for stem in stems),
            (foliage, grown(rng, leaves, roots, np.arctan2(shell[:, 1], shell[:, 0])))]


def _fern(rng: Rng, foliage: str, _wood: str, tall: float) -> Parts:
    long = min(max(tall * 0.7, 0.25), 0.9)
    leaves = Leaves('frond', (0.5 * long, long), float(rng.uniform(0.03, 0.06)), (0.5, 1.5),
                    (1.0, 2.4))
    return [(foliage, grown(rng, leaves, rng.normal(0, 0.02, (int(rng.integers(45, 110)), 3))))]


def _rubber(rng: Rng, foliage: str, wood: str, tall: float) -> Parts:
    stems = _stems(rng, int(rng.integers(1, 5)), tall, 0.15)
    leaves = Leaves('oval', (0.14, 0.32), float(rng.uniform(0.045, 0.08)), (0.0, 1.0),
                    (0.3, 1.2))
    roots = [_along(stem, rng.uniform(0.15, 1.0, int(rng.integers(14, 34)))) for stem in stems]
    return [*((wood, tube(stem, 0.01, sides=6)) for stem in stems),
            (foliage, grown(rng, leaves, np.concatenate(roots)))]


def _along(line: np.ndarray, t: np.ndarray) -> np.ndarray:
    steps = np.linspace(0, 1, len(line))
    return np.stack([np.interp(t, steps, line[:, axis]) for axis in range(3)], 1)
