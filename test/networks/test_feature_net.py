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

"""FeatureNet: lengths, places, gradients and cost of its features."""

import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.feature_net import FeatureNet, FeatureNetConfig
from sa4depth_ros.networks.local_contrast import PATCH
import torch
from torch.utils.flop_counter import FlopCounterMode

SMALL = FeatureNetConfig(channels=16, width=8)


@pytest.fixture
def network() -> FeatureNet:
    torch.manual_seed(0)
    return FeatureNet(SMALL)


def _image(height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize('half', [False, True])
def test_levels_go_from_coarse_to_fine(network, half) -> None:
    assert FeatureNet.strides == (8, 4, 2, 1)
    torch.nn.init.constant_(network.gains, 0.5)
    with torch.autocast('cpu', torch.bfloat16, enabled=half):
        levels = network(_image())
    for number, (level, stride) in enumerate(zip(levels, FeatureNet.strides, strict=True)):
        learned = 0 if stride == 1 else 16
        assert network.channels(number) == PATCH + learned
        assert level.features.shape == (2, PATCH + learned, 64 // stride, 96 // stride)
        assert level.confidence.shape == (2, 1, 64 // stride, 96 // stride)
        assert level.features.dtype == level.confidence.dtype == torch.float32
        lengths = level.features[:, PATCH:].norm(dim=1)
        wanted = torch.full_like(lengths, 0.5 if learned else 0.0)
        torch.testing.assert_close(lengths, wanted, rtol=0, atol=1e-3)
        assert (level.confidence > 0).all()
        assert (level.confidence < 1).all()


def test_a_frame_has_the_same_features_in_any_batch(network) -> None:
    assert network.training
    image = _image()
    for alone, together in zip(network(image[:1]), network(image)):
        torch.testing.assert_close(alone.features, together.features[:1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('dim', [2, 3])
def test_features_sit_where_the_image_shows_them(network, dim) -> None:
    """With mirrored kernels a mirrored image gives the mirrored features: no shift creeps in."""
    for value in network.parameters():
        if value.ndim == 4:
            value.data = (value.data + value.data.flip(dim)) / 2
    torch.nn.init.constant_(network.gains, 0.5)
    # The neighbours of a patch change places as well.
    patch = torch.arange(PATCH).view(3, 3).flip(dim - 2).flatten()
    mirrored = network(_image().flip(dim))
    for level, other in zip(network(_image()), mirrored):
        ours = torch.cat((level.features[:, patch], level.features[:, PATCH:]), 1).flip(dim)
        torch.testing.assert_close(ours, other.features, rtol=0, atol=1e-4)


@pytest.mark.parametrize('silent', [False, True])
def test_an_image_without_texture_has_finite_gradients(network, silent) -> None:
    if silent:
        for head in network.heads:
            torch.nn.init.zeros_(head[-1].weight)
            torch.nn.init.zeros_(head[-1].bias)
    torch.nn.init.constant_(network.gains, 0.5)
    image = torch.full((1, 3, 64, 96), 0.5, requires_grad=True)
    levels = network(image)
    weights = torch.randn(25, generator=torch.Generator().manual_seed(2)).view(1, 25, 1, 1)
    loss = sum((level.features * weights[:, :level.features.shape[1]]).sum()
               + level.confidence.sum() for level in levels)
    loss.backward()
    assert all(torch.isfinite(part).all() for level in levels for part in level)
    assert not silent or not any(level.features.any() for level in levels)
    assert torch.isfinite(image.grad).all()
    assert all(torch.isfinite(value.grad).all() for value in network.parameters())


def test_the_features_are_cheap() -> None:
    with torch.device('meta'), FlopCounterMode(display=False) as counter:
        FeatureNet(FeatureNetConfig())(torch.zeros(1, 3, 192, 640))
    multiply_adds = counter.get_total_flops() / 2
    assert 1e8 < multiply_adds < 4e8


def test_without_training_features_are_local_contrast(network) -> None:
    for level in network(_image()):
        assert not level.features[:, PATCH:].any()
        assert level.features[:, :PATCH].any()


@pytest.mark.parametrize('values', [{'channels': 12}, {'width': 0}, {'width': -8}])
def test_impossible_settings_are_refused(values) -> None:
    with pytest.raises(ConfigError, match='multiples of 8'):
        FeatureNetConfig(**values)
