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

"""Losses of supervised depth training."""

import torch
from torch import Tensor
from torch.nn import functional as F

_SMALL = 1e-6


def silog(prediction: Tensor, target: Tensor, valid: Tensor, mean_weight: float) -> Tensor:
    """
    Scale-invariant log error, 10 sqrt(var(g) + w mean(g)^2) with g = log(pred / target).

    Formula of method.md 4 over all valid pixels of the batch. ``prediction`` and ``target``
    (N, 1, H, W) are positive where ``valid`` (same shape, bool). 0 when nothing is valid.
    """
    weight = valid.to(prediction.dtype)
    count = weight.sum().clamp(min=1)
    error = torch.where(valid, _log_ratio(prediction, target), 0)
    mean = error.sum() / count
    variance = (weight * (error - mean) ** 2).sum() / count
    # The root has no gradient at 0.
    return 10 * (torch.sqrt(variance + mean_weight * mean ** 2 + _SMALL) - _SMALL ** 0.5)


def gradient_error(prediction: Tensor, target: Tensor, valid: Tensor, scales: int = 4) -> Tensor:
    """
    Mean difference of the gradients of log depth at several scales, for crisp edges.

    After MiDaS (Ranftl et al. 2020, eq. 11), on log depth; shapes as in ``silog``. A gradient
    counts where both its pixels are valid.
    """
    error = torch.where(valid, _log_ratio(prediction, target), 0)
    weight = valid.to(prediction.dtype)
    total = prediction.new_zeros(())
    for scale in range(scales):
        step = 2 ** scale
        e, w = error[..., ::step, ::step], weight[..., ::step, ::step]
        both = w[..., 1:] * w[..., :-1], w[..., 1:, :] * w[..., :-1, :]
        steps = e[..., 1:] - e[..., :-1], e[..., 1:, :] - e[..., :-1, :]
        for mask, difference in zip(both, steps):
            total = total + (mask * difference.abs()).sum() / mask.sum().clamp(min=1)
    return total / scales


def _log_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    return torch.log(prediction) - torch.log(F.threshold(target, _SMALL, 1.0))
