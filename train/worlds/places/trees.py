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

"""Trees, bushes, hedges and beds; each is centred on the origin, z = 0 below."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.clutter import blade
from sa4depth_train.worlds.places.site import Site
from sa4depth_train.worlds.places.solids import round_body, slab, soft, tube
from sa4depth_train.worlds.world import Parts


def tree(site: Site) -> Parts:
    """Make a tree of 3 to 10 m: with a crown of clumps, a conifer, or bare."""
    style = int(site.rng.choice(3, p=(0.6, 0.22, 0.18)))
    return (_leafy, _conifer, _bare)[style](site)


def bush(site: Site) -> Parts:
    """Make a bush of soft clumps, 0.5 to 2 m high."""
    name, size = site.some('leaf'), site.between(0.5, 1.8)
    parts: Parts = []
    for _ in range(site.number(3, 9)):
        r = size * site.between(0.35, 0.75)
        at = (*site.rng.normal(0, 0.22 * size, 2), 0.4 * r + site.between(0, 0.5) * size)
        parts.append((name, _clump(site, r, at)))
    return parts


def hedge(site: Site, length: float, height: float) -> Parts:
    """Make a clipped hedge along x, its faces a little uneven."""
    name, depth = site.new('leaf'), site.between(0.4, 1.0)
    columns = max(3, int(length / 0.5))
    x = np.linspace(-length / 2, length / 2, columns)
    outline = np.array([(-0.5, 0.0), (-0.5, 0.5), (-0.48, 0.95), (0.0, 1.0), (0.48, 0.95),
                        (0.5, 0.5), (0.5, 0.0)])
    bumps = 1 + 0.06 * site.rng.standard_normal((columns, len(outline)))
    y = outline[None, :, 0] * depth * bumps
    z = outline[None, :, 1] * height * (1 + 0.03 * site.rng.standard_normal(bumps.shape))
    points = np.stack([np.broadcast_to(x[:, None], y.shape), y, z], -1)
    core = slab((length, 0.8 * depth, 0.9 * height), (0, 0, 0.45 * height))
    return [(name, _skin(points)), (name, core)]


def flower_bed(site: Site) -> Parts:
    """Make a bed with a border and tufts."""
    w, d = site.between(0.8, 3.0), site.between(0.5, 1.5)
    leaf = site.some('leaf')
    parts: Parts = [(site.some('stone'), slab((w, d, 0.14), (0, 0, 0.07))),
                    (site.some('ground'), slab((w - 0.16, d - 0.16, 0.1), (0, 0, 0.12)))]
    for k in range(int(18 * w * d)):
        at = site.between(-0.42, 0.42) * w, site.between(-0.4, 0.4) * d, 0.15
        if k % 3:
            parts.append((leaf, blade(site.rng, site.between(0.15, 0.45)).moved(
                at, yaw=site.between(-3, 3))))
        else:
            size = site.between(0.08, 0.25)
            parts.append(site.palette.small(soft((size, size, size), (*at[:2], 0.15 + size / 2),
                                                 rings=4, segments=8)))
    return parts


def _leafy(site: Site) -> Parts:
    height, bark, leaf = site.between(3.2, 9.0), site.some('bark'), site.some('leaf')
    r, fork = site.between(0.08, 0.28), height * site.between(0.3, 0.5)
    lean = site.rng.normal(0, 0.03, 2) * height
    parts: Parts = [(bark, round_body([(1.5 * r, 0), (r, 0.3), (0.7 * r, fork)], segments=10))]
    crown = height - fork
    for _ in range(site.number(3, 6)):
        end = (*site.rng.normal(0, 0.2 * crown, 2), fork + site.between(0.3, 0.7) * crown)
        parts.append((bark, tube([(0, 0, fork - 0.3), end], 0.35 * r, sides=6)))
    for _ in range(site.number(7, 16)):
        size = crown * site.between(0.28, 0.55)
        at = (*(lean + site.rng.normal(0, 0.2 * crown, 2)),
              fork + site.between(0.25, 0.95) * crown)
        parts.append((leaf, _clump(site, size, at)))
    return parts


def _conifer(site: Site) -> Parts:
    height, leaf = site.between(2.5, 9.0), site.some('leaf')
    base, rings = height * site.between(0.16, 0.28), site.number(4, 9)
    parts: Parts = [(site.some('bark'), round_body([(0.12, 0), (0.08, 0.5 * height)],
                                                   segments=8))]
    low = site.between(0.1, 0.9)
    for k in range(rings):
        z = low + (height - low) * k / rings
        wide = base * (1 - k / rings) + 0.1
        cone = round_body([(0, z + 0.05), (wide, z - 0.1), (0.35 * wide, z + 0.6 * (
            height - low) / rings), (0, z + 1.35 * (height - low) / rings)], segments=11)
        parts.append((leaf, cone.moved((0, 0, 0), yaw=0.7 * k)))
    return parts


def _bare(site: Site) -> Parts:
    bark, height = site.some('bark'), site.between(3.0, 8.0)
    parts: Parts = []
    stack = [(np.zeros(3), np.array([0.0, 0.0, 1.0]), 0.34 * height, site.between(0.07, 0.2), 0)]
    while stack:
        start, way, length, radius, depth = stack.pop()
        end = start + way * length
        middle = (start + end) / 2 + site.rng.normal(0, 0.03 * length, 3)
        parts.append((bark, tube([start, middle, end], radius, sides=7 - depth)))
        if depth < 3:
            for _ in range(site.number(2, 3)):
                turned = way + site.rng.normal(0, 0.5, 3) + (0, 0, 0.25)
                stack.append((end, turned / np.linalg.norm(turned),
                              length * site.between(0.55, 0.8), 0.6 * radius, depth + 1))
    return parts


def _clump(site: Site, size: float, at: tuple[float, float, float]) -> Mesh:
    mesh = soft((size * site.between(0.9, 1.3), size * site.between(0.9, 1.3),
                 size * site.between(0.6, 0.95)), (0, 0, 0), roundness=0.95, rings=8,
                segments=12)
    # Bumps, or a crown would look like a heap of eggs; seams stay closed.
    place = np.round(mesh.vertices, 6)
    wave = np.sin(place @ site.rng.normal(0, 5.0 / size, (3, 4)) + site.rng.uniform(0, 6, 4))
    factor = 1 + 0.09 * wave.sum(1, keepdims=True) / 2
    v, u = np.meshgrid(np.linspace(-0.8, 0.8, 9), np.linspace(-1.6, 1.6, 13), indexing='ij')
    uv = size * np.stack([u.ravel(), v.ravel()], 1)
    return Mesh(mesh.vertices * factor + np.asarray(at), mesh.normals, uv, mesh.faces)


def _skin(points: np.ndarray) -> Mesh:
    across, down = np.gradient(points, axis=1), np.gradient(points, axis=0)
    normals = np.cross(down, across)
    normals /= np.maximum(np.linalg.norm(normals, axis=2), 1e-9)[..., None]
    rows, columns = points.shape[:2]
    v = np.cumsum(np.linalg.norm(across, axis=2), axis=1)
    uv = np.stack([points[..., 0], v], -1)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1, 1)
    faces = np.concatenate([corner + [0, columns + 1, 1], corner + [0, columns, columns + 1]])
    # Listed from -y over the top to +y, along x: outside is on the left.
    return Mesh(points.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2), faces)
