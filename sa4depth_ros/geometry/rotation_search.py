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

"""Turn a first guess until features about agree, before anything finer is tried."""

import itertools
import math

from sa4depth_ros.geometry.alignment import FeatureAlignment
from sa4depth_ros.geometry.camera import project, transform
from sa4depth_ros.geometry.lie import se3_exp
import torch
from torch import Tensor

# Every n-th point is enough to tell a right from a wrong turn.
_EVERY = 2
# Scale of Barron's loss here: wider than in alignment, as nothing agrees well yet.
_SCALE = 0.3
# Squared difference of features that have nothing to do with each other; a point that leaves
# the picture costs that, so that turning away from everything is no solution.
_UNRELATED = 0.15
# Rolls, tried with every second turn about the other axes. A roll of 6 degrees moves the border
# of a coarse picture by two pixels.
_ROLLS = tuple(math.radians(angle) for angle in (-12, -6, 6, 12))
# What a roll has to be better by: the more turns are tried, the more often a wrong one fits a
# plain picture by chance.
_ROLL_COST = 1.1


def turned(problem: FeatureAlignment, T: Tensor, reach: int) -> Tensor:
    """
    Give ``T`` (N, 4, 4), turned about the source camera's axes to the best agreement.

    All turns about x and y that move the picture by up to ``reach`` pixels of the level
    ``problem``, each way, in steps of one pixel, are tried; with rolls of up to 12 degrees, every
    second of them. There is no gradient. Alignment by gradients finds motions of about a pixel
    only. A hand or head turns by more than that between two images.
    """
    with torch.no_grad():
        steps = _steps(reach, T)
        candidates = _turns(steps, problem.K) @ T[:, None]
        price = torch.where(steps[:, 2] == 0, 1.0, _ROLL_COST)
        best = (price * _costs(problem, candidates)).argmin(1)
    return candidates[torch.arange(len(T), device=T.device), best]


def _steps(reach: int, like: Tensor) -> Tensor:
    """Give pixels down, pixels across and roll (M, 3): all that are level, and rolled ones."""
    level, every_second = (
        list(itertools.product(range(reach % step - reach, reach + 1, step), repeat=2))
        for step in (1, 2))
    return torch.tensor([(*step, 0.0) for step in level]
                        + [(*step, roll) for roll in _ROLLS for step in every_second],
                        dtype=like.dtype, device=like.device)


def _turns(steps: Tensor, K: Tensor) -> Tensor:
    """Give the turns (N, M, 4, 4) that move the picture by ``steps`` (M, 3)."""
    focal = torch.stack((K[:, 1, 1], K[:, 0, 0], torch.ones_like(K[:, 0, 0])), -1)
    xi = torch.zeros(len(K), len(steps), 6, dtype=steps.dtype, device=steps.device)
    xi[..., 3:] = steps / focal[:, None]
    return se3_exp(xi.flatten(0, 1)).unflatten(0, (len(K), len(steps)))


def _costs(problem: FeatureAlignment, candidates: Tensor) -> Tensor:
    """Give the mean loss (N, M) under ``candidates`` (N, M, 4, 4)."""
    batch, number = candidates.shape[:2]
    points = problem.points.points[:, ::_EVERY]
    usable = problem.points.usable[:, ::_EVERY]
    many = points[:, None].expand(-1, number, -1, -1)
    moved = transform(candidates.flatten(0, 1), many.flatten(0, 1))
    K = problem.K[:, None].expand(-1, number, -1, -1).flatten(0, 1)
    pixels, front = project(moved, K)
    seen = (front & problem.source.inside(pixels)).view(batch, number, -1)
    # Candidates are a pixel apart: nothing is gained by looking between pixels.
    places = problem.source.nearest(pixels.reshape(batch, -1, 2)).view(batch, number, -1)
    squared = torch.gather(_differences(problem), 2, places.transpose(1, 2)).transpose(1, 2)
    squared = torch.where(seen, squared, _UNRELATED)
    loss = torch.log1p(squared / (2 * _SCALE ** 2))
    weight = torch.where(usable, problem.confidence[:, ::_EVERY], 0.0)[:, None]
    return (weight * loss).sum(-1)


def _differences(problem: FeatureAlignment) -> Tensor:
    """Give squared differences (N, P, h * w) of each point to each pixel of the source."""
    # The map is coarse: one product of matrices takes less than looking up all candidates.
    points, pixels = problem.features[:, ::_EVERY], problem.source.rows[..., :-1]
    products = points @ pixels.transpose(1, 2)
    of_points, of_pixels = (part.square().sum(-1) for part in (points, pixels))
    return (of_points[..., None] + of_pixels[:, None] - 2 * products).clamp(min=0)
