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

"""The Chamfer distance, with each depth compared with each bin."""

import pytest
from sa4depth_train.chamfer import chamfer_error
import torch


def _draw():
    draw = torch.Generator().manual_seed(0)
    centres = (10 * torch.rand(3, 6, generator=draw)).sort(1).values
    target = 10 * torch.rand(3, 1, 4, 5, generator=draw)
    return centres, target, torch.rand(3, 1, 4, 5, generator=draw) > 0.3


def _by_hand(centres, values):
    there = sum(min((x - c) ** 2 for c in centres) for x in values) / len(values)
    back = sum(min((x - c) ** 2 for x in values) for c in centres) / len(centres)
    return there + back


def test_it_is_the_mean_distance_to_the_nearest_both_ways() -> None:
    centres, target, known = _draw()
    expected = sum(_by_hand(c.tolist(), t[k].tolist())
                   for c, t, k in zip(centres, target, known)) / 3
    assert float(chamfer_error(centres, target, known)) == pytest.approx(expected, rel=1e-5)


def test_images_without_depth_do_not_count() -> None:
    centres, target, known = _draw()
    known[1] = False
    expected = sum(_by_hand(centres[i].tolist(), target[i][known[i]].tolist())
                   for i in (0, 2)) / 2
    assert float(chamfer_error(centres, target, known)) == pytest.approx(expected, rel=1e-5)
    centres.requires_grad_()
    nothing = chamfer_error(centres, target, torch.zeros_like(known))
    nothing.backward()
    assert nothing.item() == 0


def test_images_weigh_as_much_as_they_are_said_to() -> None:
    centres, target, known = _draw()
    each = [_by_hand(c.tolist(), t[k].tolist()) for c, t, k in zip(centres, target, known)]
    weight = known * torch.tensor([1.0, 4.0, 1.0]).view(3, 1, 1, 1)
    assert float(chamfer_error(centres, target, weight)) == pytest.approx(
        (each[0] + 4 * each[1] + each[2]) / 6, rel=1e-5)


def test_centres_learn_to_lie_where_depths_are() -> None:
    centres = torch.tensor([[1.0, 4.5]], requires_grad=True)
    target = torch.tensor([3.0, 5.0, 5.0, 3.0]).view(1, 1, 2, 2)
    optimizer = torch.optim.SGD([centres], lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        chamfer_error(centres, target, target > 0).backward()
        optimizer.step()
    torch.testing.assert_close(centres.detach(), torch.tensor([[3.0, 5.0]]), atol=1e-3, rtol=0)
