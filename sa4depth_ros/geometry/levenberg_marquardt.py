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

"""Levenberg-Marquardt on motions: batched, differentiable, without looking at its numbers."""

import math
from typing import NamedTuple, Protocol

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.geometry.alignment import NormalEquations
from sa4depth_ros.geometry.lie import se3_exp
from sa4depth_ros.geometry.positive_definite import invert_positive, solve_by
import torch
from torch import nn, Tensor

# Smallest eigenvalue of H, scaled to a unit diagonal, that counts as a full set of directions.
_LEAST_EIGENVALUE = 1e-5
_RELATIVE_RIDGE = 1e-6
# Slopes are differences of float32, H has their squares.
_ROUNDING = 1e-12
_LAMBDA_RANGE = (1e-6, 1e6)


class Problem(Protocol):
    """What is minimised: a cost over motions with its quadratic model."""

    def cost(self, T: Tensor) -> tuple[Tensor, Tensor]:
        """Give the loss (N,) and the number of valid points (N,) under ``T`` (N, 4, 4)."""
        ...

    def linearize(self, T: Tensor) -> NormalEquations:
        """Give the quadratic model about ``T`` (N, 4, 4)."""
        ...


class Solution(NamedTuple):
    """``T`` (N, 4, 4), ``failed`` (N,) bool, and the last ``H`` (N, 6, 6), undamped."""

    T: Tensor
    failed: Tensor
    H: Tensor


class LevenbergMarquardt(nn.Module):
    """
    A fixed number of steps T <- exp(xi) T with (H + lambda diag H) xi = -g.

    ``damping`` 'learned': lambda is a parameter in log space, every step is taken;
    'adaptive': a step that does not lower the cost is undone and lambda x 10, else lambda / 10.
    The equations are solved with H scaled to a unit diagonal, which makes the ridge of
    method.md 1.5 independent of the unit of length. There is no branch on a value, so no
    host synchronisation, and the module can be exported.
    """

    def __init__(self, iterations: int, damping: str = 'learned', initial: float = 0.3,
                 min_points: int = 10) -> None:
        """Raise ConfigError for an unknown ``damping``."""
        super().__init__()
        if damping not in ('learned', 'adaptive'):
            raise ConfigError(f"damping must be 'learned' or 'adaptive', got '{damping}'")
        self.iterations, self.min_points = iterations, min_points
        self.adaptive = damping == 'adaptive'
        log_lambda = torch.tensor(math.log(initial))
        self.log_lambda = nn.Parameter(log_lambda, requires_grad=not self.adaptive)

    def forward(self, problem: Problem, T: Tensor) -> Solution:
        """Start at ``T`` (N, 4, 4); failed samples keep the last good motion."""
        if self.adaptive:
            return self._adaptive(problem, T)
        lam = self.log_lambda.exp().to(T).expand(len(T))
        failed = torch.zeros_like(lam, dtype=torch.bool)
        H = torch.zeros_like(T[:, :1, :1])
        for _ in range(self.iterations):
            equations = problem.linearize(T)
            xi, solved = solve_damped(equations, lam, self.min_points)
            T, H = se3_exp(xi) @ T, equations.H
            failed = failed | ~solved
        return Solution(T, failed, H)

    def _adaptive(self, problem: Problem, T: Tensor) -> Solution:
        lam = self.log_lambda.exp().to(T).expand(len(T))
        equations = problem.linearize(T)
        failed = torch.zeros_like(lam, dtype=torch.bool)
        for _ in range(self.iterations):
            xi, solved = solve_damped(equations, lam, self.min_points)
            candidate = se3_exp(xi) @ T
            then = problem.linearize(candidate)
            better = (then.cost < equations.cost) & (then.count >= self.min_points)
            T = torch.where(better[:, None, None], candidate, T)
            equations = NormalEquations(*(
                torch.where(better.view(-1, *[1] * (new.dim() - 1)), new, old)
                for new, old in zip(then, equations)))
            lam = torch.where(better, lam / 10, lam * 10).clamp(*_LAMBDA_RANGE)
            failed = failed | ~solved
        return Solution(T, failed, equations.H)


def solve_damped(
    equations: NormalEquations, lam: Tensor, min_points: int,
) -> tuple[Tensor, Tensor]:
    """
    Give the step xi (N, 6) for damping ``lam`` (N,), and which samples have one (N,).

    The step is 0, with zero gradient, where points are too few, a number is not finite, or
    H lacks a direction.
    """
    H, g = equations.H, equations.g
    diagonal = torch.diagonal(H, dim1=-2, dim2=-1)
    # What is no number fails every comparison.
    finite = H.abs().sum((1, 2)) + g.abs().sum(1) < math.inf
    sound = (equations.count >= min_points) & finite
    # What is left of the largest by rounding is no direction.
    least = (_ROUNDING * diagonal.amax(-1)).clamp(min=torch.finfo(H.dtype).tiny ** 0.5)
    sound = sound & (diagonal.amin(-1) > least)
    identity = torch.eye(6, dtype=H.dtype, device=H.device)
    # Replaced before any root or division, else the masked samples' gradients were NaN.
    H = torch.where(sound[:, None, None], H, identity)
    g = torch.where(sound[:, None], g, torch.zeros_like(g))
    root = torch.diagonal(H, dim1=-2, dim2=-1).sqrt()
    scaled = H / (root[:, :, None] * root[:, None, :])
    damped = scaled + (lam[:, None, None] + _RELATIVE_RIDGE) * identity
    # One elimination for both: the step, and whether H without damping has all directions.
    shifted = scaled - _LEAST_EIGENVALUE * identity
    inverse, positive = invert_positive(torch.cat((damped, shifted)))
    sound = sound & positive[len(H):]
    y = solve_by(inverse[:len(H)], damped, -g / root)
    return torch.where(sound[:, None], y / root, torch.zeros_like(g)), sound
