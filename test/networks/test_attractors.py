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

"""Attractors against the formulas, and what they leave as it is."""

import math

import numpy as np
import pytest
from sa4depth_ros.networks.attractors import attracted
import torch

POWERS = ((300.0, 2.0), (7.0, 1.0), (2.0, 3.0))


def _draw(seed=0):
    draw = torch.Generator().manual_seed(seed)
    return (torch.rand(2, 6, 3, 2, generator=draw).sort(1).values,
            torch.rand(2, 4, 3, 2, generator=draw))


@pytest.mark.parametrize(('alpha', 'gamma'), POWERS)
@pytest.mark.parametrize('kind', ['inv', 'exp'])
def test_each_centre_moves_as_the_formula_says(kind, alpha, gamma) -> None:
    centres, attractors = _draw()
    found = attracted(centres, attractors, kind, alpha, gamma)
    for n, i, y, x in np.ndindex(*centres.shape):
        c, pulls = float(centres[n, i, y, x]), []
        for a in attractors[n, :, y, x].tolist():
            far = alpha * abs(a - c) ** gamma
            pulls.append((a - c) / (1 + far) if kind == 'inv' else math.exp(-far) * (a - c))
        assert float(found[n, i, y, x]) == pytest.approx(c + sum(pulls) / len(pulls), rel=1e-5)


@pytest.mark.parametrize(('alpha', 'gamma'), POWERS)
@pytest.mark.parametrize('kind', ['inv', 'exp'])
def test_order_and_range_stay(kind, alpha, gamma) -> None:
    for seed in range(20):
        centres, attractors = _draw(seed)
        moved = attracted(centres, attractors, kind, alpha, gamma)
        assert moved.diff(dim=1).min() >= -1e-6
        everything = torch.cat((centres, attractors), 1)
        assert (moved >= everything.amin(1, keepdim=True) - 1e-6).all()
        assert (moved <= everything.amax(1, keepdim=True) + 1e-6).all()


def test_a_centre_upon_an_attractor_learns() -> None:
    centres = torch.full((1, 1, 1, 1), 0.5, requires_grad=True)
    attracted(centres, torch.full((1, 1, 1, 1), 0.5), 'inv', 300.0, 1.0).sum().backward()
    assert torch.isfinite(centres.grad).all()
