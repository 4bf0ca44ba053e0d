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

"""Rotations and rigid motions: exponential and logarithm of SO(3) and SE(3)."""

from collections.abc import Sequence
import math

import torch
from torch import Tensor
from torch.nn import functional as F

# Below this squared angle the closed forms lose digits and their gradients at 0 are NaN; a
# series of seven terms is exact to double precision there.
_SERIES_BELOW = 0.25
_TERMS = 7
_SIN = [(-1) ** k / math.factorial(2 * k + 1) for k in range(_TERMS)]
_COS = [(-1) ** k / math.factorial(2 * k + 2) for k in range(_TERMS)]
_CUBIC = [(-1) ** k / math.factorial(2 * k + 3) for k in range(_TERMS)]
_INVERSE = [1 / 12, 1 / 720, 1 / 30240, 1 / 1209600, 1 / 47900160, 691 / 1307674368000,
            1 / 74724249600]
# Row i: the skew matrix of the i-th axis, flat. One product is less than twelve small steps.
_SKEW = [[0, 0, 0, 0, 0, -1, 0, 1, 0], [0, 0, 1, 0, 0, 0, -1, 0, 0], [0, -1, 0, 1, 0, 0, 0, 0, 0]]


def hat(w: Tensor) -> Tensor:
    """Give the skew matrices (*, 3, 3) that stand for the cross product with ``w`` (*, 3)."""
    return (w @ w.new_tensor(_SKEW)).unflatten(-1, (3, 3))


def so3_exp(w: Tensor) -> Tensor:
    """Give the rotations (*, 3, 3) of axis-angle vectors ``w`` (*, 3) in radians."""
    a, b, _ = _coefficients((w * w).sum(-1))
    W = hat(w)
    return _identity(W) + a[..., None, None] * W + b[..., None, None] * (W @ W)


def so3_log(R: Tensor) -> Tensor:
    """Give the axis-angle vectors (*, 3), at most pi long, of rotations ``R`` (*, 3, 3)."""
    q = _quaternion(R)
    w, v = q[..., :1], q[..., 1:]
    # q and -q are one rotation; w >= 0 is the short way round.
    sign = torch.where(w < 0, -1.0, 1.0).to(q.dtype)
    w, v = w * sign, v * sign
    squared = (v * v).sum(-1, keepdim=True)
    small = squared < 1e-8
    length = torch.sqrt(torch.where(small, torch.ones_like(squared), squared))
    factor = torch.where(small, 2 / w.clamp(min=0.5) * (1 - squared / (3 * w.clamp(min=0.5)**2)),
                         2 * torch.atan2(length, w) / length)
    return factor * v


def se3_exp(xi: Tensor) -> Tensor:
    """
    Give the motions (*, 4, 4) of twists ``xi`` (*, 6) = [v, w], translation part first.

    The full exponential: the translation is V(w) v, not v.
    """
    w = xi[..., 3:]
    X = F.pad(torch.cat((hat(w), xi[..., :3, None]), -1), (0, 0, 0, 1))
    X2 = X @ X
    # X^4 = -|w|^2 X^2 ends the series of the exponential after four terms.
    _, b, c = _coefficients((w * w).sum(-1))
    identity = torch.eye(4, dtype=xi.dtype, device=xi.device)
    return identity + X + X2 @ (b[..., None, None] * identity + c[..., None, None] * X)


def se3_log(T: Tensor) -> Tensor:
    """Give the twists (*, 6) = [v, w] of motions ``T`` (*, 4, 4); se3_exp undoes it."""
    w = so3_log(T[..., :3, :3])
    t = (w * w).sum(-1)
    a, b, _ = _coefficients(t)
    closed = (1 - a / (2 * b)) / torch.where(t < _SERIES_BELOW, torch.ones_like(t), t)
    d = torch.where(t < _SERIES_BELOW, _series(t, _INVERSE), closed)[..., None, None]
    W = hat(w)
    V_inverse = _identity(W) - 0.5 * W + d * (W @ W)
    return torch.cat(((V_inverse @ T[..., :3, 3:]).squeeze(-1), w), -1)


def rigid(R: Tensor, t: Tensor) -> Tensor:
    """Put rotations (*, 3, 3) and translations (*, 3) together as motions (*, 4, 4)."""
    top = torch.cat((R, t[..., None]), -1)
    bottom = torch.zeros_like(top[..., :1, :])
    bottom = torch.cat((bottom[..., :3], torch.ones_like(bottom[..., 3:])), -1)
    return torch.cat((top, bottom), -2)


def inverse(T: Tensor) -> Tensor:
    """Give the inverse of motions (*, 4, 4) without solving: R^T and -R^T t."""
    R = T[..., :3, :3].transpose(-1, -2)
    return rigid(R, -(R @ T[..., :3, 3:]).squeeze(-1))


def _coefficients(t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Give sin(x)/x, (1-cos(x))/x^2 and (x-sin(x))/x^3 for t = x^2."""
    small = t < _SERIES_BELOW
    safe = torch.where(small, torch.ones_like(t), t)
    x = torch.sqrt(safe)
    sine = torch.sin(x)
    closed = torch.stack((sine / x, 2 * torch.sin(x / 2) ** 2 / safe, (x - sine) / (safe * x)))
    series = _series(t, t.new_tensor([_SIN, _COS, _CUBIC]).T.reshape(_TERMS, 3, *(1,) * t.dim()))
    a, b, c = torch.where(small, series, closed)
    return a, b, c


def _series(t: Tensor, factors: Sequence[float] | Tensor) -> Tensor:
    """Sum ``factors`` times the powers of ``t``, from 0 on."""
    result = factors[-1] + torch.zeros_like(t)
    for power in range(len(factors) - 2, -1, -1):
        result = result * t + factors[power]
    return result


def _identity(like: Tensor) -> Tensor:
    return torch.eye(3, dtype=like.dtype, device=like.device).expand_as(like)


def _quaternion(R: Tensor) -> Tensor:
    """Give unit quaternions (*, 4), w first, from the best of the four classical formulas."""
    (a, b, c), (d, e, f), (g, h, i) = (row.unbind(-1) for row in R.unbind(-2))
    rows = torch.stack([
        torch.stack((1 + a + e + i, h - f, c - g, d - b), -1),
        torch.stack((h - f, 1 + a - e - i, b + d, c + g), -1),
        torch.stack((c - g, b + d, 1 - a + e - i, f + h), -1),
        torch.stack((d - b, c + g, f + h, 1 - a - e + i), -1)], -2)
    # Each row is the quaternion times one of its entries; the largest entry is the safe one.
    best = torch.diagonal(rows, dim1=-2, dim2=-1).argmax(-1)
    index = best[..., None, None].expand(*best.shape, 1, 4)
    row = torch.gather(rows, -2, index).squeeze(-2)
    return row / torch.linalg.vector_norm(row, dim=-1, keepdim=True)
