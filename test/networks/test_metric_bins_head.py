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

"""Metric bins against the formulas of method.md 4, one pixel at a time."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.metric_bins_head import MetricBinsConfig, MetricBinsHead
import torch
from torch.nn.functional import interpolate

CHANNELS, LIMITS = (6, 5, 4, 3, 3), (0.5, 8.0)
SETTINGS = {'bins': 6, 'attractors': (4, 3, 2, 1), 'seed_channels': 8, 'channels': 5,
            'alpha': 3.0}
LOW, HIGH = LIMITS


def _head(**settings) -> MetricBinsHead:
    torch.manual_seed(0)
    return MetricBinsHead(CHANNELS, 2, LIMITS, MetricBinsConfig(**(SETTINGS | settings))).eval()


def _levels(channels=CHANNELS, count=1):
    draw = torch.Generator().manual_seed(1)
    return [torch.randn(count, width, 2 * 2 ** i, 3 * 2 ** i, generator=draw)
            for i, width in enumerate(channels)]


def _apply(perceptron, features):
    """Apply two 1x1 convolutions with a ReLU between them to (C, h, w)."""
    first, _, last = perceptron
    for layer in (first, last):
        weight = layer.weight.detach().double().numpy()[:, :, 0, 0]
        features = np.einsum('oc,chw->ohw', weight, features)
        features = features + layer.bias.detach().numpy()[:, None, None]
        if layer is first:
            features = np.maximum(features, 0)
    return features


def _double(x):
    return interpolate(torch.from_numpy(x)[None], scale_factor=2.0, mode='bilinear')[0].numpy()


def _softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0) + 1e-3


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _centres(head, levels):
    config = head.config
    positive = config.centres == 'softplus'
    raw = _apply(head.seeds, levels[0])
    if positive:
        centres = _softplus(raw)
    else:
        y = np.maximum(raw, 0) + 0.1
        widths = y / y.sum(0)
        centres = np.cumsum(widths, 0) - widths / 2
    embedding = _apply(head.projectors[0], levels[0])
    for i in range(4):
        projected = _apply(head.projectors[i + 1], levels[i + 1])
        raw = _apply(head.attractors[i], projected + _double(embedding))
        pulls = _softplus(raw) if positive else _sigmoid(raw)
        centres = _double(centres)
        way = pulls[:, None] - centres[None]
        power = config.alpha * np.abs(way) ** config.gamma
        force = way / (1 + power) if config.kind == 'inv' else way * np.exp(-power)
        centres, embedding = centres + force.mean(0), projected
    return centres if positive else LOW + (HIGH - LOW) * centres, embedding


def _depth(head, levels, centres, embedding):
    logit = head.relative.logit(torch.from_numpy(levels[-1])[None].float())[0].detach().numpy()
    x, y = _apply(head.distribution, np.concatenate((levels[-1], _sigmoid(logit), embedding)))
    place, n = _sigmoid(y), len(centres) - 1
    heat, q = 0.0212 ** (1 - place) * 50 ** place, _sigmoid(x)
    logs = [np.log(_choose(n, k)) + k * np.log(q) + (n - k) * np.log(1 - q)
            for k in range(n + 1)]
    powers = np.exp(np.array(logs) / heat)
    return (powers / powers.sum(0) * centres).sum(0)


def _choose(n, k):
    return np.prod([(n - i) / (i + 1) for i in range(k)])


@pytest.mark.parametrize('settings', [
    {}, {'kind': 'exp'}, {'centres': 'normed'}, {'centres': 'normed', 'kind': 'exp', 'gamma': 3}])
def test_bins_and_depth_are_those_of_the_formulas(settings) -> None:
    head, levels = _head(**settings).train(), _levels()
    with torch.inference_mode():
        found = head(levels)
    numbers = [level[0].double().numpy() for level in levels]
    centres, embedding = _centres(head, numbers)
    np.testing.assert_allclose(found.centres[0], centres, rtol=1e-4)
    small = _depth(head, numbers, centres, embedding)
    np.testing.assert_allclose(found.depth[0], _double(small[None]), rtol=1e-4)
    assert found.depth.shape == (1, 1, 64, 96)


def test_a_decoder_up_to_full_size_has_its_distribution_there() -> None:
    torch.manual_seed(0)
    head = MetricBinsHead((*CHANNELS, 2), 1, LIMITS, MetricBinsConfig(**SETTINGS)).eval()
    depth, centres = head(_levels((*CHANNELS, 2)))
    assert depth.shape == (1, 1, 64, 96)
    assert centres.shape == (1, 6, 64, 96)


@pytest.mark.parametrize('kind', ['softplus', 'normed'])
def test_it_starts_with_bins_all_over_the_range(kind) -> None:
    depth, centres = _head(centres=kind, alpha=300.0, bins=32)(_levels())
    assert (centres.diff(dim=1) >= -1e-5).all()
    assert centres[:, 0].mean() < LOW + 0.1 * (HIGH - LOW)
    assert centres[:, -1].mean() > LOW + 0.75 * (HIGH - LOW)
    assert LOW < depth.min() and depth.max() < HIGH


def test_limits_hold_on_a_robot_and_stop_no_gradient_in_training() -> None:
    head, levels = _head(), _levels()
    torch.nn.init.constant_(head.seeds[-1].bias, 50.0)
    assert head(levels).depth.max().item() == HIGH
    depth = head.train()(levels).depth
    assert depth.max() > 40
    depth.sum().backward()
    assert head.seeds[-1].bias.grad.abs().min() > 0


def test_the_relative_depth_matters_and_every_weight_learns() -> None:
    head, levels = _head().train(), _levels(count=2)
    before = head(levels).depth
    before.square().sum().backward()
    silent = [name for name, weight in head.named_parameters() if weight.grad is None]
    assert silent == []
    torch.nn.init.constant_(head.relative.bias, 3.0)
    assert (head(levels).depth - before).abs().max() > 1e-3


@pytest.mark.parametrize(('values', 'message'), [
    ({'kind': 'sum'}, r"expected kind inv or exp .*got 'sum' and 'softplus'"),
    ({'centres': 'linear'}, "centres softplus or normed, got 'inv' and 'linear'"),
    ({'attractors': (16, 8, 4)}, 'attractors needs four positive numbers'),
    ({'gamma': 0.5}, 'gamma >= 1'), ({'bins': 1}, 'at least 2 bins')])
def test_impossible_settings_are_refused(values, message) -> None:
    with pytest.raises(ConfigError, match=message):
        MetricBinsConfig(**values)
