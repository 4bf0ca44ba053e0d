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

"""Bin centres that are pulled towards attractors (metric bins of ZoeDepth)."""

from collections.abc import Callable

from torch import Tensor

ATTRACTIONS = ('inv', 'exp')


def attracted(
    centres: Tensor, attractors: Tensor, kind: str, alpha: float, gamma: float,
) -> Tensor:
    """
    Move each centre c by the mean over the attractors a of f(a - c), method.md 4.

    f(d) = d / (1 + alpha |d|^gamma) for ``kind`` inv, exp(-alpha |d|^gamma) d for exp.
    ``centres`` (N, bins, h, w), ``attractors`` (N, K, h, w). A centre stays between the smallest
    and the largest of itself and the attractors, as f(d) lies between 0 and d; rising centres
    stay in order, as f' <= 1.
    """
    way = attractors[:, :, None] - centres[:, None]
    return centres + _FORCES[kind](way, alpha, gamma).mean(1)


def _inverse(way: Tensor, alpha: float, gamma: float) -> Tensor:
    return way / (1 + alpha * _power(way, gamma))


def _exponential(way: Tensor, alpha: float, gamma: float) -> Tensor:
    return (-alpha * _power(way, gamma)).exp() * way


def _power(way: Tensor, gamma: float) -> Tensor:
    return way.square() if gamma == 2 else way.abs().pow(gamma)


_FORCES: dict[str, Callable[[Tensor, float, float], Tensor]] = {
    'inv': _inverse, 'exp': _exponential}
