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

"""The transformer over patches, against NumPy and against torch's own layer."""

import math

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.patch_transformer import check_patches, PatchTransformer
import torch

HEADS, CHANNELS, PATCH = 2, 6, 4


@pytest.fixture
def network() -> PatchTransformer:
    torch.manual_seed(0)
    network = PatchTransformer(3, CHANNELS, (9, 12), patch=PATCH, layers=2, heads=HEADS,
                               feed_forward=10)
    torch.nn.init.normal_(network.positions)
    return network.eval()


def _norm(row, norm):
    mean = sum(row) / len(row)
    variance = sum((value - mean) ** 2 for value in row) / len(row)
    return [(value - mean) / math.sqrt(variance + 1e-5) * w + b
            for value, w, b in zip(row, norm['weight'], norm['bias'])]


def _linear(row, part):
    return np.asarray(part['weight']) @ np.asarray(row) + np.asarray(part['bias'])


def _weights(state, prefix):
    return {name: state[f'{prefix}.{name}'].double().numpy() for name in ('weight', 'bias')}


def _attention(tokens, state, prefix):
    query, key, value = ([_linear(row, _weights(state, f'{prefix}.{name}')) for row in tokens]
                         for name in ('query', 'key', 'value'))
    width, rows = CHANNELS // HEADS, []
    for q in query:
        mixed = []
        for head in range(HEADS):
            part = slice(head * width, (head + 1) * width)
            scores = [math.exp(q[part] @ k[part] / math.sqrt(width)) for k in key]
            mixed.extend(sum(s / sum(scores) * v[part] for s, v in zip(scores, value)))
        rows.append(_linear(mixed, _weights(state, f'{prefix}.out')))
    return rows


def test_it_is_the_transformer_of_the_paper(network) -> None:
    image = torch.randn(1, 3, 9, 12, generator=torch.Generator().manual_seed(1))
    state = network.state_dict()
    embed, positions = _weights(state, 'embed'), state['positions'].numpy()[0]
    picture, tokens = image[0].double().numpy(), []
    # 9 rows hold two patches; the last row of pixels is left out.
    for y, x in np.ndindex(2, 3):
        patch = picture[:, y * PATCH:(y + 1) * PATCH, x * PATCH:(x + 1) * PATCH]
        tokens.append((embed['weight'] * patch).sum((1, 2, 3)) + embed['bias']
                      + positions[:, y, x])
    for layer in ('layers.0', 'layers.1'):
        mixed = _attention(tokens, state, f'{layer}.attention')
        tokens = [_norm(a + b, _weights(state, f'{layer}.first_norm'))
                  for a, b in zip(tokens, mixed)]
        for i, row in enumerate(tokens):
            hidden = np.maximum(_linear(row, _weights(state, f'{layer}.feed_forward.0')), 0)
            tokens[i] = _norm(row + _linear(hidden, _weights(state, f'{layer}.feed_forward.2')),
                              _weights(state, f'{layer}.second_norm'))
    with torch.inference_mode():
        found = network(image)
    assert found.shape == (1, 6, CHANNELS)
    np.testing.assert_allclose(found[0], tokens, rtol=1e-4, atol=1e-5)


def test_a_layer_is_that_of_torch(network) -> None:
    own = network.layers[0].state_dict()
    torchs = torch.nn.TransformerEncoderLayer(CHANNELS, HEADS, 10, dropout=0, batch_first=True)
    pairs = {'self_attn.out_proj': 'attention.out', 'linear1': 'feed_forward.0',
             'linear2': 'feed_forward.2', 'norm1': 'first_norm', 'norm2': 'second_norm'}
    weights = {f'{theirs}.{name}': own[f'{ours}.{name}'] for theirs, ours in pairs.items()
               for name in ('weight', 'bias')}
    for name in ('weight', 'bias'):
        weights[f'self_attn.in_proj_{name}'] = torch.cat(
            [own[f'attention.{part}.{name}'] for part in ('query', 'key', 'value')])
    torchs.load_state_dict(weights)
    tokens = torch.randn(2, 5, CHANNELS, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(network.layers[0](tokens), torchs.train()(tokens))


def test_too_few_patches_are_refused() -> None:
    check_patches('network.x', (96, 320), 16, 120, 'queries')
    with pytest.raises(ConfigError, match=(
            r'network.x: expected at least 121 patches for queries, got 6 x 20 = 120, as the '
            r"decoder's map has 96x320 pixels and network.x.patch is 16")):
        check_patches('network.x', (96, 320), 16, 121, 'queries')
