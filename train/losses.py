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
_PIXELS = (1, 2, 3)


def silog(
    prediction: Tensor, target: Tensor, weight: Tensor, mean_weight: float, *,
    per_image: bool = False,
) -> Tensor:
    """
    Scale-invariant log error, 10 sqrt(var(g) + w mean(g)^2) with g = log(pred / target).

    Formula of method.md 4 over all pixels of the batch, or of each image by itself and then
    the mean. ``prediction`` and ``target`` (N, 1, H, W) are positive where ``weight`` (same
    shape, bool or >= 0) is; it says how much a pixel counts. 0 when nothing does.
    """
    error, weight = _log_ratio(prediction, target, weight)
    mean, count = _means(error, weight, per_image=per_image)
    variance = (weight * (error - mean) ** 2).sum(_PIXELS, keepdim=True)
    if not per_image:
        variance = variance.sum()
    variance = variance / count
    # The root has no gradient at 0.
    errors = 10 * (torch.sqrt(variance + mean_weight * mean ** 2 + _SMALL) - _SMALL ** 0.5)
    return _mean_of_images(errors, weight) if per_image else errors


def scale_error(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Give the mean over the images of the size of their mean log error; see ``silog``."""
    error, weight = _log_ratio(prediction, target, weight)
    mean, _ = _means(error, weight, per_image=True)
    return _mean_of_images(mean.abs(), weight)


def absolute_error(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Give the mean over the images of their mean absolute log error; see ``silog``."""
    error, weight = _log_ratio(prediction, target, weight)
    mean, _ = _means(error.abs(), weight, per_image=True)
    return _mean_of_images(mean, weight)


def affine_error(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """
    Mean absolute difference of inverse depths that are brought to one scale and shift.

    After MiDaS (Ranftl et al. 2020, eq. 5 and 6), with means in place of medians; shapes as in
    ``silog``.
    """
    known = weight > 0
    weight = weight.to(prediction.dtype)
    normal = [_normalised(torch.where(known, 1 / torch.where(known, depth, 1), 0), weight)
              for depth in (prediction, target)]
    difference, _ = _means((normal[0] - normal[1]).abs(), weight, per_image=True)
    return _mean_of_images(difference, weight)


def gradient_error(
    prediction: Tensor, target: Tensor, weight: Tensor, scales: int = 4,
) -> Tensor:
    """
    Mean difference of the gradients of log depth at several scales, for crisp edges.

    After MiDaS (Ranftl et al. 2020, eq. 11), on log depth; shapes as in ``silog``. A gradient
    counts where both its pixels do.
    """
    error, weight = _log_ratio(prediction, target, weight)
    total = prediction.new_zeros(())
    for scale in range(scales):
        step = 2 ** scale
        e, w = error[..., ::step, ::step], weight[..., ::step, ::step]
        both = (torch.minimum(w[..., 1:], w[..., :-1]),
                torch.minimum(w[..., 1:, :], w[..., :-1, :]))
        steps = e[..., 1:] - e[..., :-1], e[..., 1:, :] - e[..., :-1, :]
        for mask, difference in zip(both, steps):
            total = total + (mask * difference.abs()).sum() / mask.sum().clamp(min=1)
    return total / scales


def _log_ratio(prediction: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Give the log errors, 0 where unknown, and the weights as numbers."""
    error = torch.log(prediction) - torch.log(F.threshold(target, _SMALL, 1.0))
    return torch.where(weight > 0, error, 0), weight.to(prediction.dtype)


def _means(values: Tensor, weight: Tensor, *, per_image: bool) -> tuple[Tensor, Tensor]:
    """Give weighted means, (N, 1, 1, 1) or of the whole batch, and the sums of weights."""
    sums = (weight * values).sum(_PIXELS, keepdim=True)
    counts = weight.sum(_PIXELS, keepdim=True)
    if not per_image:
        sums, counts = sums.sum(), counts.sum()
    counts = counts.clamp(min=_SMALL)
    return sums / counts, counts


def _mean_of_images(errors: Tensor, weight: Tensor) -> Tensor:
    """Average (N, 1, 1, 1); an image counts as much as its heaviest pixel."""
    counts = weight.amax(_PIXELS, keepdim=True)
    return (errors * counts).sum() / counts.sum().clamp(min=_SMALL)


def _normalised(values: Tensor, weight: Tensor) -> Tensor:
    mean, _ = _means(values, weight, per_image=True)
    spread, _ = _means((values - mean).abs(), weight, per_image=True)
    return (values - mean) / spread.clamp(min=_SMALL)
