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

"""Turning a first guess until features agree."""

import math

import pytest
from sa4depth_ros.geometry.alignment import feature_alignment, TargetPoints
from sa4depth_ros.geometry.camera import backproject, pixel_grid, project, transform
from sa4depth_ros.geometry.lie import se3_exp
from sa4depth_ros.geometry.rotation_search import _differences, turned
from sa4depth_ros.geometry.warp import sample
import torch
from torch.nn import functional as F

K = torch.tensor([[[40.0, 0, 31.5], [0, 42.0, 23.5], [0, 0, 1]]], dtype=torch.float64)
SIZE = (48, 64)
EYE = torch.eye(4, dtype=torch.float64)[None]


def _texture(seed: int) -> torch.Tensor:
    noise = torch.rand(1, 4, *SIZE, generator=torch.Generator().manual_seed(seed))
    return F.avg_pool2d(noise, 3, 1, 1).double() * 2


def _problem(turn: torch.Tensor):
    """Show the source what the target sees, turned by ``turn`` (1, 4, 4)."""
    source = _texture(5)
    pixels = pixel_grid(*SIZE, K).reshape(1, -1, 2)[:, ::3]
    points = backproject(pixels, torch.full(pixels.shape[:2], 2.0).double(), K)
    seen, front = project(transform(turn, points), K)
    assert front.all()
    inside = (seen > 1).all(-1) & (seen < torch.tensor([SIZE[1] - 2, SIZE[0] - 2])).all(-1)
    target = TargetPoints(pixels, points, inside)
    problem = feature_alignment(
        target, (source, torch.ones(1, 1, *SIZE).double()),
        (source, torch.ones(1, 1, *SIZE).double()), K, 1, 0.15)
    object.__setattr__(problem, 'features', sample(source, seen))
    return problem


@pytest.mark.parametrize(('about_x', 'about_y'), [(4, -3), (-5, 5), (0, 2)])
def test_a_planted_turn_is_found(about_x, about_y) -> None:
    turn = se3_exp(torch.tensor([[0, 0, 0, about_x / 42, about_y / 40, 0]]).double())
    found = turned(_problem(turn), EYE, 5)
    torch.testing.assert_close(found, turn)


@pytest.mark.parametrize(('about_x', 'about_y', 'degrees'), [(2, -4, 6), (0, 0, -12), (-4, 4, 12)])
def test_a_planted_roll_is_found(about_x, about_y, degrees) -> None:
    roll = math.radians(degrees)
    turn = se3_exp(torch.tensor([[0, 0, 0, about_x / 42, about_y / 40, roll]]).double())
    torch.testing.assert_close(turned(_problem(turn), EYE, 5), turn)


def test_differences_of_all_pairs_are_those_of_each() -> None:
    problem = _problem(EYE)
    found = _differences(problem)
    rows, points = problem.source.rows[0, :, :-1], problem.features[0, ::2]
    for point in (0, 17, len(points) - 1):
        wanted = (rows - points[point]).square().sum(-1)
        torch.testing.assert_close(found[0, point], wanted)


def test_what_agrees_already_is_left_alone() -> None:
    start = se3_exp(torch.tensor([[0.01, 0.0, 0.02, 0.01, 0.0, 0.02]]).double())
    torch.testing.assert_close(turned(_problem(start), start, 5), start)


def test_samples_of_a_batch_are_apart() -> None:
    turn = se3_exp(torch.tensor([[0, 0, 0, 3 / 42, 0, 0]]).double())
    problem = _problem(turn)
    starts = torch.cat((EYE, turn))
    both = feature_alignment(
        TargetPoints(*(part.expand(2, *part.shape[1:]) for part in problem.points)),
        *[(_texture(5).expand(2, -1, -1, -1), torch.ones(2, 1, *SIZE).double())] * 2,
        K.expand(2, 3, 3), 1, 0.15)
    object.__setattr__(both, 'features', problem.features.expand(2, -1, -1))
    found = turned(both, starts, 4)
    torch.testing.assert_close(found, turn.expand(2, 4, 4))
