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

"""The Self Query Layer against SPIdepth's formulas, written out with loops."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.self_query_head import SelfQueryConfig, SelfQueryHead
import torch

CONFIG = SelfQueryConfig(patch=2, queries=5, bins=4, channels=4, layers=1, heads=2,
                         feed_forward=8)
SIZE, LIMITS = (6, 8), (0.5, 8.0)


@pytest.fixture
def head() -> SelfQueryHead:
    torch.manual_seed(0)
    return SelfQueryHead(3, SIZE, 2, LIMITS, CONFIG).eval()


def _perceptron(row, layers):
    for layer in layers:
        if isinstance(layer, torch.nn.Linear):
            row = layer.weight.detach().double().numpy() @ row + layer.bias.detach().numpy()
        else:
            row = np.where(row > 0, row, layer.negative_slope * row)
    return row


def _softmax(values):
    powers = np.exp(values - np.max(values))
    return powers / powers.sum()


def test_bins_and_depth_are_those_of_the_formulas(head) -> None:
    features = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        found = head([features])
        S = head.project(features)[0].double().numpy()
        Q = head.tokens(features)[0, :CONFIG.queries].double().numpy()
    V = np.zeros((CONFIG.queries, *SIZE))
    for i, j, k in np.ndindex(V.shape):
        V[i, j, k] = sum(Q[i, c] * S[c, j, k] for c in range(CONFIG.channels))
    summaries = []
    for plane in V:
        weights = _softmax(plane.ravel()).reshape(SIZE)
        summaries += [sum(weights[j, k] * S[c, j, k] for j, k in np.ndindex(SIZE))
                      for c in range(CONFIG.channels)]
    y = np.maximum(_perceptron(np.array(summaries), head.widths), 0) + 0.1
    widths = (LIMITS[1] - LIMITS[0]) * y / y.sum()
    centres = LIMITS[0] + np.cumsum(widths) - widths / 2
    np.testing.assert_allclose(found.centres[0], centres, rtol=1e-5)
    kernel = head.logits.weight.detach().double().numpy()[:, :, 0, 0]
    small = np.zeros(SIZE)
    for j, k in np.ndindex(SIZE):
        small[j, k] = _softmax(kernel @ V[:, j, k] + head.logits.bias.detach().numpy()) @ centres
    large = torch.nn.functional.interpolate(
        torch.from_numpy(small)[None, None], scale_factor=2.0, mode='bilinear')
    np.testing.assert_allclose(found.depth, large, rtol=1e-5)
    assert found.depth.shape == (1, 1, 12, 16)


def test_depth_stays_within_its_limits(head) -> None:
    for weight in head.parameters():
        torch.nn.init.normal_(weight, std=5.0)
    depth, centres = head([torch.randn(2, 3, *SIZE)])
    assert LIMITS[0] <= depth.min() and depth.max() <= LIMITS[1]
    assert (centres.diff(dim=1) > 0).all()


def test_every_weight_learns(head) -> None:
    head.train()([torch.randn(2, 3, *SIZE)]).depth.square().sum().backward()
    silent = [name for name, weight in head.named_parameters() if weight.grad is None]
    assert silent == []


@pytest.mark.parametrize(('height', 'width', 'patch', 'queries'), [
    (320, 1024, 32, 64), (192, 640, 16, 64), (320, 1024, 20, 128)])
def test_the_presets_of_the_paper_have_patches_enough(height, width, patch, queries) -> None:
    SelfQueryConfig(patch=patch, queries=queries).check((height // 2, width // 2))
    with pytest.raises(ConfigError, match='300 network.self_query.queries, got'):
        SelfQueryConfig(patch=patch, queries=300).check((height // 2, width // 2))


@pytest.mark.parametrize('values', [
    {'bins': 1}, {'channels': 30}, {'layers': 0}, {'queries': -1}])
def test_impossible_settings_are_refused(values) -> None:
    with pytest.raises(ConfigError, match='network.self_query: expected positive numbers'):
        SelfQueryConfig(**values)
