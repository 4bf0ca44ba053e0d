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

"""AdaBins' head against the paper's formulas, written out with loops."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.ada_bins_head import AdaBinsConfig, AdaBinsHead
import torch

CONFIG = AdaBinsConfig(patch=2, kernels=5, bins=7, channels=4, layers=1, heads=2, feed_forward=8)
SIZE, LIMITS = (6, 8), (0.5, 8.0)


@pytest.fixture
def head() -> AdaBinsHead:
    torch.manual_seed(0)
    return AdaBinsHead(3, SIZE, 2, LIMITS, CONFIG).eval()


def test_bins_and_depth_are_those_of_the_formulas(head) -> None:
    features = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        found = head([features])
        tokens = head.tokens(features)[0]
        S = head.project(features)[0].double().numpy()
        raw = head.widths(tokens[:1])[0].double().numpy()
    y = np.maximum(raw, 0) + 0.1
    b = (LIMITS[1] - LIMITS[0]) * y / y.sum()
    centres = [LIMITS[0] + b[i] / 2 + sum(b[:i]) for i in range(CONFIG.bins)]
    np.testing.assert_allclose(found.centres[0], centres, rtol=1e-6)
    kernels = tokens[1:1 + CONFIG.kernels].double().numpy()
    weight = head.logits.weight.detach().double().numpy()[:, :, 0, 0]
    small = np.zeros(SIZE)
    for j, k in np.ndindex(SIZE):
        R = [sum(kernel[c] * S[c, j, k] for c in range(CONFIG.channels)) for kernel in kernels]
        powers = np.exp(weight @ np.array(R) + head.logits.bias.detach().numpy())
        small[j, k] = (powers / powers.sum()) @ centres
    large = torch.nn.functional.interpolate(
        torch.from_numpy(small)[None, None], scale_factor=2.0, mode='bilinear')
    np.testing.assert_allclose(found.depth, large, rtol=1e-5)


def test_every_weight_learns(head) -> None:
    head.train()([torch.randn(2, 3, *SIZE)]).depth.square().sum().backward()
    silent = [name for name, weight in head.named_parameters() if weight.grad is None]
    assert silent == []


def test_one_patch_more_than_kernels_is_needed() -> None:
    AdaBinsConfig(patch=2, kernels=11).check(SIZE)
    with pytest.raises(ConfigError, match=(
            r'at least 13 patches for the widths and 12 network.ada_bins.kernels, got 3 x 4')):
        AdaBinsConfig(patch=2, kernels=12).check(SIZE)


@pytest.mark.parametrize('values', [{'bins': 1}, {'channels': 30}, {'kernels': 0}])
def test_impossible_settings_are_refused(values) -> None:
    with pytest.raises(ConfigError, match='network.ada_bins: expected positive numbers'):
        AdaBinsConfig(**values)
