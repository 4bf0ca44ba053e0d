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

"""Depthwise convolution: the gradients for bfloat16 are those of the plain one."""

import pytest
from sa4depth_ros.networks.depthwise import DepthwiseConv
import torch
from torch import nn, Tensor


def _gradients(layer: nn.Module, x: Tensor, *, half: bool) -> tuple[Tensor, ...]:
    given = x.clone().requires_grad_()
    with torch.autocast('cpu', torch.bfloat16, enabled=half):
        result = layer(given)
    weights = torch.linspace(-1, 1, result.numel()).view_as(result).cos()
    (result.float() * weights).sum().backward()
    assert given.grad is not None
    gradient = layer.weight.grad.clone()
    layer.zero_grad()
    return result.float(), given.grad, gradient


@pytest.mark.parametrize(('kernel', 'stride', 'padding'), [
    (3, 1, 1), (5, 1, 2), (3, 2, 0), (5, 2, 0), (5, 2, 2)])
def test_gradients_in_half_precision(kernel: int, stride: int, padding: int) -> None:
    """Result and both gradients agree with float32 as far as bfloat16 goes (8 bits)."""
    torch.manual_seed(0)
    layer = DepthwiseConv(6, kernel, stride, padding)
    plain = nn.Conv2d(6, 6, kernel, stride, padding, groups=6, bias=False)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(2, 6, 11, 14).contiguous(memory_format=torch.channels_last)
    for got, expected in zip(_gradients(layer, x, half=True), _gradients(plain, x, half=False)):
        assert got.shape == expected.shape
        assert (got - expected).abs().max() < 0.02 * expected.abs().max()
    for got, expected in zip(_gradients(layer, x, half=False), _gradients(plain, x, half=False)):
        torch.testing.assert_close(got, expected, rtol=0, atol=0)
