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

"""Look-ups by rows in an exported graph are those of torch."""

import numpy as np
import onnxruntime
import pytest
from sa4depth_ros.geometry.warp import sample
from sa4depth_train.tracing import trace
import torch
from torch import nn

HEIGHT, WIDTH = 6, 9


class Sampled(nn.Module):
    """Looks up twice in one map."""

    def forward(self, image, pixels):
        """Give both."""
        return sample(image, pixels), sample(image, pixels + 0.3)


def _exported(places, size=(HEIGHT, WIDTH)):
    example = torch.zeros(1, 5, *size), torch.zeros(1, places, 2)
    model = trace(Sampled(), example, ['image', 'pixels'], ['first', 'second'], large=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider'])
    return model, lambda *inputs: session.run(None, dict(zip(('image', 'pixels'), inputs)))


@pytest.fixture(scope='module')
def exported():
    return _exported(64)


def test_every_place_gives_what_torch_gives(exported) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 5, HEIGHT, WIDTH, generator=generator)
    # Within, beyond each border, and exactly on pixels, the last ones included.
    pixels = torch.rand(1, 64, 2, generator=generator) * torch.tensor([WIDTH, HEIGHT]) * 3
    pixels = pixels - torch.tensor([WIDTH, HEIGHT])
    corners = torch.tensor([[0, 0], [WIDTH - 1, 0], [0, HEIGHT - 1], [WIDTH - 1, HEIGHT - 1]])
    pixels[0, :4], pixels[0, 4] = corners, torch.tensor([3.0, 2.0])
    for found, wanted in zip(exported[1](image.numpy(), pixels.numpy()),
                             Sampled()(image, pixels)):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_array_equal(exported[1](image.numpy(), pixels.numpy())[0][0, 4],
                                  image[0, :, 2, 3])


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 1e30])
def test_places_that_are_none_break_nothing(exported, value) -> None:
    image = np.ones((1, 5, HEIGHT, WIDTH), np.float32)
    pixels = np.ones((1, 64, 2), np.float32)
    pixels[0, 7] = value
    found, _ = exported[1](image, pixels)
    others = np.delete(found, 7, 1)
    np.testing.assert_allclose(others, np.ones_like(others))


def test_rows_are_made_once_and_only_where_they_pay(exported) -> None:
    kinds = [node.op_type for node in exported[0].graph.node]
    assert 'GridSample' not in kinds
    shapes = [node for node in exported[0].graph.node if node.op_type == 'Transpose'
              and node.input[0] in {other.output[0] for other in exported[0].graph.node
                                    if other.op_type == 'Reshape' and 'image' in other.input}]
    assert len(shapes) == 1
    model, run = _exported(2, (32, 48))
    assert [node.op_type for node in model.graph.node].count('GridSample') == 2
    image = np.random.default_rng(0).normal(size=(1, 5, 32, 48)).astype(np.float32)
    found, _ = run(image, np.full((1, 2, 2), 7, np.float32))
    np.testing.assert_allclose(found[0], image[0, :, [7, 7], [7, 7]], atol=1e-5)
