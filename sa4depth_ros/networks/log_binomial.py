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

"""Probabilities of ordered bins with one peak: the binomial distribution."""

import math

import torch
from torch import nn, Tensor

# The range of the temperature (ZoeDepth's public configuration).
_COLDEST, _HOTTEST = 0.0212, 50.0


class LogBinomial(nn.Module):
    """
    Give the logits of k = 0 .. bins - 1 successes in bins - 1 trials, over a temperature.

    log p_k = log C(n, k) + k log q + (n - k) log(1 - q), divided by t; a softmax of the result
    normalises it. With q = sigmoid(x) the terms with q are k x and one that is the same for all
    k, which softmax takes out again. t goes from 0.0212 to 50, in log space (ours), and is about
    1 at y = 0.
    """

    coefficients: Tensor
    numbers: Tensor

    def __init__(self, bins: int) -> None:
        super().__init__()
        trials = bins - 1
        logs = [math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
                for k in range(bins)]
        for name, values in (('coefficients', logs), ('numbers', range(bins))):
            self.register_buffer(name, torch.tensor(list(values), dtype=torch.float32).view(
                1, bins, 1, 1), persistent=False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """
        Give logits (N, bins, h, w) float32.

        ``x`` (N, 1, h, w) is the logit of success, ``y`` of the same shape says how hot: the
        place of log t in its range is sigmoid(y).
        """
        low, high = math.log(_COLDEST), math.log(_HOTTEST)
        temperature = torch.exp(low + (high - low) * torch.sigmoid(y.float()))
        return (self.coefficients + self.numbers * x.float()) / temperature
