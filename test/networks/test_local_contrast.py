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

"""Local contrast: blind to exposure, silent where there is nothing, in the right places."""

import pytest
from sa4depth_ros.networks.local_contrast import contrast_patches, PATCH
import torch
from torch.nn import functional as F


def _picture() -> torch.Tensor:
    noise = torch.rand(1, 1, 48, 64, generator=torch.Generator().manual_seed(3))
    return 0.3 + 0.4 * F.avg_pool2d(noise, 5, 1, 2)


@pytest.mark.parametrize('stride', [1, 2, 8])
def test_shape(stride) -> None:
    assert contrast_patches(_picture(), stride).shape == (1, PATCH, 48 // stride, 64 // stride)


def test_exposure_and_gain_do_not_matter() -> None:
    # Strong contrast, so that the floor for noise plays no part.
    picture = 3 * _picture()
    change = contrast_patches(2 * picture + 0.5, 1) - contrast_patches(picture, 1)
    assert change.abs().mean() < 0.05 * contrast_patches(picture, 1).abs().mean()


def test_a_plain_wall_has_no_features_and_noise_has_weak_ones() -> None:
    assert not contrast_patches(torch.full((1, 1, 32, 32), 0.7), 2).any()
    noise = 1e-3 * torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(4))
    weak, strong = (contrast_patches(0.5 + factor * noise, 1).norm(dim=1).mean()
                    for factor in (1, 100))
    assert weak < 0.15 * strong


def test_channels_are_the_neighbours_row_by_row() -> None:
    dot = torch.zeros(1, 1, 21, 21)
    dot[..., 10, 12] = 1
    patches = contrast_patches(dot, 1)[0]
    for channel in range(PATCH):
        v, u = divmod(channel, 3)
        place = int(patches[channel].argmax())
        assert divmod(place, 21) == (10 - (v - 1), 12 - (u - 1))
