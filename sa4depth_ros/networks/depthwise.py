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

"""Depthwise convolution that a CPU can also train in half precision."""

from typing import Any

import torch
from torch import nn, Tensor
from torch.nn import functional as F


class DepthwiseConv(nn.Conv2d):
    """
    One filter a channel, without bias; weights and results are those of nn.Conv2d.

    oneDNN takes many times longer for the gradients in bfloat16 than for the result. On a CPU
    they are computed in another way.
    """

    def __init__(self, channels: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(channels, channels, kernel, stride, padding, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H', W')."""
        half = torch.bfloat16
        if not (torch.is_grad_enabled() and x.device.type == 'cpu'
                and torch.is_autocast_enabled('cpu') and torch.get_autocast_dtype('cpu') == half):
            return super().forward(x)
        result: Tensor = _Depthwise.apply(  # type: ignore[no-untyped-call]
            x.to(half), self.weight.to(half), int(self.stride[0]), int(self.padding[0]))
        return result


class _Depthwise(torch.autograd.Function):

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, None, stride, padding, 1, len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, weight = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        return (_of_input(gradient, x, weight, ctx.stride, ctx.padding),
                _of_weight(gradient, x, weight, ctx.stride, ctx.padding), None, None)


def _of_input(gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    # Slow in bfloat16 only where the stride is not 1.
    dtype = x.dtype if stride == 1 else torch.float32
    result: Tensor = torch.ops.aten.convolution_backward(
        gradient.to(dtype), x.to(dtype), weight.to(dtype), None, [stride] * 2, [padding] * 2,
        [1, 1], False, [0, 0], len(weight), [True, False, False])[0]
    return result.to(x.dtype)


def _of_weight(gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    size = weight.shape[-1]
    padded = F.pad(x, (padding,) * 4)
    ends = [(side - 1) * stride + 1 for side in gradient.shape[2:]]
    sums = [(padded[:, :, i:i + ends[0]:stride, j:j + ends[1]:stride] * gradient).sum((0, 2, 3))
            for i in range(size) for j in range(size)]
    return torch.stack(sums, 1).view_as(weight)
