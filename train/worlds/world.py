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

"""What a rendered world is: meshes by material, lights, and the boxes to keep clear of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sa4depth_train.worlds.mesh import merged, Mesh

# One piece of furniture: (material name, mesh in its own frame, z = 0 on the floor).
Parts = list[tuple[str, Mesh]]


@dataclass(frozen=True, eq=False)
class Material:
    """
    A surface: texture uint8 (h, w, 3) RGB, row 0 on top.

    ``tile`` is the (width, height) in metres that the texture covers before it repeats; None
    for a picture, whose texture coordinates are 0..1. ``glow`` is light of its own, 0..1.
    """

    texture: np.ndarray
    tile: tuple[float, float] | None = None
    shine: float = 0.0
    glow: float = 0.0


@dataclass(frozen=True)
class Light:
    """
    A lamp at a position [m], or the sun when ``directional``; colour 0..1.

    ``cutoff`` is the half angle of its cone in degrees, 90 and more shines to all sides.
    At ``reach`` metres half of the light is left; inf keeps it all.
    """

    position: tuple[float, float, float]
    direction: tuple[float, float, float]
    color: tuple[float, float, float]
    directional: bool = False
    cutoff: float = 80.0
    shadow: bool = True
    reach: float = float('inf')


@dataclass(frozen=True, eq=False)
class Block:
    """The upright box [m], corners (3,), that furniture fills; a camera keeps out of it."""

    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class World:
    """
    Everything that is rendered, in a world frame with z up, metres.

    ``sky`` is the colour at the horizon and above.
    """

    parts: dict[str, Mesh]
    materials: dict[str, Material]
    lights: tuple[Light, ...]
    blocks: tuple[Block, ...]
    ambient: tuple[float, float, float]
    sky: tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass
class WorldBuilder:
    """Collects materials, meshes and lights, and joins all meshes of one material."""

    materials: dict[str, Material] = field(default_factory=dict)
    meshes: dict[str, list[Mesh]] = field(default_factory=dict)
    lights: list[Light] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    def add(self, material: str, mesh: Mesh) -> None:
        """Add a mesh that already is in the world frame."""
        self.meshes.setdefault(material, []).append(mesh)

    def place(self, parts: Parts, at: Sequence[float], *, yaw: float = 0.0,
              blocks: bool = True) -> None:
        """Put a piece of furniture at (x, y, z) [m], turned by yaw [rad]."""
        moved = [(name, mesh.moved(at, yaw=yaw)) for name, mesh in parts]
        for name, mesh in moved:
            self.add(name, mesh)
        if blocks:
            points = np.concatenate([mesh.vertices for _, mesh in moved])
            self.blocks.append(Block(points.min(0), points.max(0)))

    def build(self, ambient: tuple[float, float, float],
              sky: tuple[tuple[float, float, float], tuple[float, float, float]]) -> World:
        """Join everything; materials that no mesh uses are dropped."""
        return World({name: merged(meshes) for name, meshes in self.meshes.items()},
                     {name: self.materials[name] for name in self.meshes},
                     tuple(self.lights), tuple(self.blocks), ambient, sky)
