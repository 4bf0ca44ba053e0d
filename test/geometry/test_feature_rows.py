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

"""Looking up features: the same as sampling the whole map, and the same gradients."""

import pytest
from sa4depth_ros.geometry.feature_rows import FeatureRows
from sa4depth_ros.geometry.warp import sample
import torch

HEIGHT, WIDTH = 12, 17


@pytest.fixture
def image() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, 5, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)


@pytest.fixture
def places() -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    size = torch.tensor([WIDTH - 3.0, HEIGHT - 3.0], dtype=torch.float64)
    return 1 + size * torch.rand(2, 30, 2, generator=generator, dtype=torch.float64)


def test_values_are_bilinear_samples_and_slopes_their_differences(image, places) -> None:
    value, along_u, along_v = FeatureRows.of(image).with_slopes(places).unbind(2)
    torch.testing.assert_close(value, sample(image, places))
    for axis, slope in enumerate((along_u, along_v)):
        step = torch.zeros(2, dtype=torch.float64)
        step[axis] = 1
        central = (sample(image, places + step) - sample(image, places - step)) / 2
        torch.testing.assert_close(slope, central)


def test_gradients_are_those_of_sampling(image, places) -> None:
    gradients = []
    for look_up in (lambda i, p: FeatureRows.of(i).with_slopes(p)[:, :, 0], sample):
        leaves = [image.clone().requires_grad_(), places.clone().requires_grad_()]
        gradients.append(torch.autograd.grad(look_up(*leaves).square().sum(), leaves))
    for ours, theirs in zip(*gradients):
        torch.testing.assert_close(ours, theirs)


def test_the_nearest_pixel_is_taken(image) -> None:
    rows = FeatureRows.of(image)
    places = torch.tensor([[3.49, 7.51], [-4.0, 99.0], [float('nan'), float('inf')]],
                          dtype=torch.float64).expand(2, -1, -1)
    found = rows.nearest(places)
    each = torch.arange(len(image))[:, None]
    torch.testing.assert_close(rows.rows[each, found][:, 0], image[:, :, 8, 3])
    torch.testing.assert_close(rows.rows[each, found][:, 1], image[:, :, -1, 0])
    assert 0 <= found.min() and found.max() < rows.height * rows.width


def test_border_pixels_are_repeated_beyond_the_border(image) -> None:
    outside = torch.tensor([[[-5.0, 3.0]], [[200.0, 3.0]]], dtype=torch.float64)
    value = FeatureRows.of(image).with_slopes(outside)[:, 0, 0]
    torch.testing.assert_close(value[0], image[0, :, 3, 0])
    torch.testing.assert_close(value[1], image[1, :, 3, -1])
