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

"""Bins against the formulas of AdaBins and SQLdepth, one number at a time."""

import numpy as np
import pytest
from sa4depth_ros.networks.depth_bins import BinWidths, enlarged, expected_depth
import torch

LOW, HIGH = 0.5, 8.0


def centres_one_by_one(raw):
    """Give the centres of one row of raw numbers as the papers write them."""
    weights = [max(value, 0.0) + 0.1 for value in raw]
    widths = [(HIGH - LOW) * weight / sum(weights) for weight in weights]
    result, edge = [], LOW
    for width in widths:
        result.append(edge + width / 2)
        edge += width
    assert edge == pytest.approx(HIGH)
    return result


def test_centres_are_in_the_middle_of_bins_that_fill_the_range() -> None:
    raw = torch.randn(3, 7, generator=torch.Generator().manual_seed(0))
    found = BinWidths(7, LOW, HIGH)(raw)
    expected = [centres_one_by_one(row) for row in raw.tolist()]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_each_pixel_can_have_its_own_bins() -> None:
    raw = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(1))
    found = BinWidths(5, LOW, HIGH)(raw)
    for n, y, x in np.ndindex(2, 3, 4):
        np.testing.assert_allclose(
            found[n, :, y, x], centres_one_by_one(raw[n, :, y, x].tolist()), rtol=1e-6)


def test_no_bin_vanishes_and_all_learn() -> None:
    raw = torch.full((1, 4), -100.0)
    torch.testing.assert_close(
        BinWidths(4, 0.0, 1.0)(raw), torch.tensor([[0.125, 0.375, 0.625, 0.875]]))
    raw = torch.tensor([[0.3, 2.0, 0.1, 5.0]], requires_grad=True)
    BinWidths(4, 0.0, 1.0)(raw)[0, 1].backward()
    assert raw.grad is not None and (raw.grad != 0).all()


@pytest.mark.parametrize('own', [False, True])
def test_depth_is_the_mean_of_the_centres(own) -> None:
    draw = torch.Generator().manual_seed(2)
    logits = torch.randn(2, 6, 3, 4, generator=draw)
    shape = (2, 6, 3, 4) if own else (2, 6)
    centres = torch.rand(shape, generator=draw).sort(1).values * 10
    found = expected_depth(logits, centres, 1).numpy()
    assert found.shape == (2, 1, 3, 4)
    for n, y, x in np.ndindex(2, 3, 4):
        powers = [np.exp(float(value)) for value in logits[n, :, y, x]]
        bins = centres[n, :, y, x] if own else centres[n]
        expected = sum(p / sum(powers) * float(c) for p, c in zip(powers, bins))
        assert found[n, 0, y, x] == pytest.approx(expected, rel=1e-5)


def test_depth_and_not_the_bins_is_enlarged() -> None:
    logits = torch.randn(1, 4, 3, 5, generator=torch.Generator().manual_seed(3))
    centres = torch.tensor([[1.0, 2.0, 4.0, 8.0]])
    torch.testing.assert_close(expected_depth(logits, centres, 2),
                               enlarged(expected_depth(logits, centres, 1), 2))


def test_half_precision_of_the_network_leaves_depth_as_it_is() -> None:
    logits = torch.randn(1, 4, 3, 5, generator=torch.Generator().manual_seed(4)).bfloat16()
    centres = torch.tensor([[1.001, 2.002, 4.004, 8.008]])
    with torch.autocast('cpu', torch.bfloat16):
        found = expected_depth(logits, centres, 2)
        bins = BinWidths(4, LOW, HIGH)(centres)
    assert found.dtype == bins.dtype == torch.float32
    torch.testing.assert_close(found, expected_depth(logits.float(), centres, 2))
    torch.testing.assert_close(bins, BinWidths(4, LOW, HIGH)(centres))
