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

"""Refine a camera motion until the features of two frames agree, given the depth of one."""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import NamedTuple

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.geometry.alignment import (
    central_differences, feature_alignment, FeatureAlignment, pixel_distance, TargetPoints)
from sa4depth_ros.geometry.camera import backproject
from sa4depth_ros.geometry.levenberg_marquardt import LevenbergMarquardt
from sa4depth_ros.geometry.rotation_search import turned
from sa4depth_ros.networks.feature_net import FeatureLevel
import torch
from torch import nn, Tensor
from torch.nn import functional as F

# Keeps confidence in charge where the picture is plain.
_LEAST_GRADIENT = 5e-5
# A step that loses more of the points than this leads astray.
_LEAST_KEPT = 0.6
# Most pixels that points may move by when depth is trusted less; beyond, it has lost its way.
_POLISH_REACH = 10.0


@dataclass(frozen=True)
class RefinementConfig:
    """
    How PoseNet's motion is refined (method.md 1).

    enabled: refine at all; false is plain self-supervised training.
    points: about how many pixels of the target are followed, the best of each grid cell.
    iterations: Levenberg-Marquardt steps on each level.
    damping: learned (a parameter per level) or adaptive (accept or reject each step).
    initial_damping: lambda at the start. robust_scale: c of Barron's loss, in feature units.
    border: pixels along the image border that give no points.
    min_points: fewer valid points than this are a failed refinement.
    detach_depth: no gradient from the refined motion into depth.
    detach_features: no gradient from the refined motion into features and confidence; the
    damping still learns.
    detach_between_levels: gradients pass through the last level only.
    search: pixels of the coarsest level, to each side, by which the first guess is turned to
    look for the best start; 0 takes the guess as it is.
    depth_sigma: relative standard deviation of depth at a point in training; 0 takes it as
    exact. On a robot it is an input.
    """

    enabled: bool = True
    points: int = 1024
    iterations: int = 3
    damping: str = 'learned'
    initial_damping: float = 0.01
    robust_scale: float = 0.15
    border: int = 4
    min_points: int = 10
    detach_depth: bool = False
    detach_features: bool = False
    detach_between_levels: bool = True
    search: int = 5
    depth_sigma: float = 0.0

    def __post_init__(self) -> None:
        checks = {
            'points must be >= 16': self.points >= 16,
            'iterations must be >= 1': self.iterations >= 1,
            'damping must be learned or adaptive': self.damping in ('learned', 'adaptive'),
            'initial_damping and robust_scale must be positive':
                min(self.initial_damping, self.robust_scale) > 0,
            'border, search and depth_sigma must be >= 0':
                min(self.border, self.search, self.depth_sigma) >= 0,
            'min_points must be >= 6': self.min_points >= 6}
        failed = [text for text, good in checks.items() if not good]
        if failed:
            raise ConfigError(f'motion.refinement: {"; ".join(failed)}')


class RefinedPose(NamedTuple):
    """
    The result for N pairs of frames.

    ``T_target2source`` (N, 4, 4): refined, or the first guess where ``failed`` (N,) is true.
    ``cost_before``, ``cost_after`` (N,): mean robust cost on the finest level, of the first
    guess and of what was found, even where that ``failed``. ``count`` (N,): valid points there.
    ``coarse`` holds the motions (N, 4, 4) after each level but the last.
    """

    T_target2source: Tensor
    failed: Tensor
    cost_before: Tensor
    cost_after: Tensor
    count: Tensor
    coarse: tuple[Tensor, ...] = ()


class PoseQuality(NamedTuple):
    """
    How well the finest features agree under N motions.

    ``information`` (N, 6, 6) is the sum of w J^T J over the points, J of the left twist [v, w];
    ``variance`` (N,) that of one residual of weight 1. By least squares, ``variance`` times the
    inverse of ``information`` is the covariance of the twist, in the unit of depth and radians.
    It takes residuals for independent, which those of neighbouring pixels are not.
    ``overlap`` (N,): the part of the points with depth that the source shows. ``inliers`` (N,):
    the part of these whose residual is small, so that Barron's weight is at least a half.
    ``flow`` (N,): how far the motion moves the points in the image, mean, pixels.
    """

    information: Tensor
    variance: Tensor
    overlap: Tensor
    inliers: Tensor
    flow: Tensor


class PoseRefinement(nn.Module):
    """Coarse-to-fine Levenberg-Marquardt on features; with learned damping its only weights."""

    def __init__(self, config: RefinementConfig, strides: Sequence[int]) -> None:
        super().__init__()
        self.config, self.strides = config, tuple(strides)
        self.levels = nn.ModuleList(
            LevenbergMarquardt(config.iterations, config.damping, config.initial_damping,
                               config.min_points) for _ in strides)

    def target_points(
        self, gradient: Tensor, depth: Tensor, K: Tensor, confidence: Tensor,
        mask: Tensor | None = None,
    ) -> TargetPoints:
        """
        Choose about ``points`` pixels, one in each grid cell.

        The pixel with the largest product of ``gradient`` (N, 1, H, W), that of the image, and
        ``confidence`` (N, 1, h, w); ``depth`` and ``mask`` (of usable pixels) are (N, 1, H, W),
        ``K`` is (N, 3, 3).
        """
        score = gradient * F.interpolate(
            confidence.detach(), gradient.shape[-2:], mode='bilinear', align_corners=False)
        if mask is not None:
            # Where the picture ends, at the border of a letterbox, is no feature of the world.
            score = score * (1 - F.max_pool2d(1 - mask, 9, 1, 4))
        pixels, index = best_of_cells(score, self.config.points, self.config.border)
        depths = torch.gather(depth.flatten(1), 1, index)
        if self.config.detach_depth:
            depths = depths.detach()
        usable = torch.isfinite(depths) & (depths > 0)
        usable = usable & (torch.gather(score.flatten(1), 1, index) > 0)
        depths = torch.where(usable, depths, torch.ones_like(depths))
        return TargetPoints(pixels, backproject(pixels, depths, K), usable)

    def forward(
        self, T_initial: Tensor, points: TargetPoints, target: Sequence[FeatureLevel],
        source: Sequence[FeatureLevel], K: Tensor,
    ) -> RefinedPose:
        """
        Refine ``T_initial`` (N, 4, 4), points of the target into the source, float32 or 64.

        Levels come coarse to fine; ``K`` (N, 3, 3) is of the image. Raises nothing on bad
        numbers: such samples are ``failed``.
        """
        return self.solve(T_initial, self.problems(points, target, source, K))

    def problems(
        self, points: TargetPoints, target: Sequence[FeatureLevel],
        source: Sequence[FeatureLevel], K: Tensor, depth_sigma: Tensor | None = None,
    ) -> list[FeatureAlignment]:
        """
        Set up what is minimised on each level; arguments as in `forward`.

        ``depth_sigma`` (N,) as in FeatureAlignment, by default that of training.
        """
        if depth_sigma is None and self.config.depth_sigma > 0:
            depth_sigma = K.new_full(K.shape[:1], self.config.depth_sigma)
        return [self._problem(points, *pair, K, stride, depth_sigma)
                for *pair, stride in zip(target, source, self.strides)]

    def solve(self, T_initial: Tensor, problems: Sequence[FeatureAlignment]) -> RefinedPose:
        """Refine ``T_initial`` (N, 4, 4) on all levels, coarse to fine."""
        finite = torch.isfinite(T_initial).flatten(1).all(1)
        start = torch.where(finite[:, None, None], T_initial,
                            torch.eye(4, dtype=T_initial.dtype, device=T_initial.device))
        before, _ = problems[-1].cost(start.detach())
        T, failed = start, ~finite
        if self.config.search:
            T = turned(problems[0], T.detach(), self.config.search)
        steps = []
        for number, (level, problem) in enumerate(zip(self.levels, problems)):
            if steps and self.config.detach_between_levels:
                T = T.detach()
            moved, failed_here, _ = level(problem, T)
            finer = problems[number + 1:number + 2]
            T = _better(finer[0], moved, T) if finer else moved
            steps.append(T)
        after, count = problems[-1].cost(T.detach())
        # A coarse level may fail, in fog or on a plain wall, as long as the finest does not.
        failed = failed | failed_here | ~(after < before) | ~torch.isfinite(T).flatten(1).all(1)
        failed = failed | (count < self.config.min_points)
        T = torch.where(failed[:, None, None], start, T)
        return RefinedPose(T, failed, before.detach(), after.detach(), count, tuple(steps[:-1]))

    def polished(self, T: Tensor, problem: FeatureAlignment, K: Tensor) -> Tensor:
        """
        Give ``T`` (N, 4, 4) with turn and direction by ``problem``, of the finest level.

        That may trust the relief of depth less than is good for a start from farther away. The
        length stays: all depth together tells it, which errs less than its relief. So does all
        of ``T`` where points would move too far for a correction.
        """
        moved, failed, _ = self.levels[-1](problem, T)
        length, after = (torch.linalg.norm(M[:, :3, 3], dim=-1) for M in (T, moved))
        factor = length / after.clamp(min=torch.finfo(T.dtype).eps)
        scale = torch.stack((factor, factor, factor, torch.ones_like(factor)), -1)
        found = torch.cat((moved[..., :3], (moved[..., 3] * scale)[..., None]), -1)
        good = ~failed & (pixel_distance(problem.points, moved, T, K) < _POLISH_REACH)
        return torch.where(good[:, None, None], found, T)

    @staticmethod
    def quality(T: Tensor, problem: FeatureAlignment, K: Tensor) -> PoseQuality:
        """Judge ``T`` (N, 4, 4), numbers, on one of `problems`; ``K`` (N, 3, 3) of the image."""
        fit = problem.fit(T)
        usable = problem.points.usable.sum(-1)
        still = torch.eye(4, dtype=T.dtype, device=T.device).expand_as(T)
        return PoseQuality(
            fit.H, fit.variance, fit.count / usable.clamp(min=1),
            fit.inliers / fit.count.clamp(min=1), pixel_distance(problem.points, T, still, K))

    def _problem(self, points: TargetPoints, target: FeatureLevel, source: FeatureLevel,
                 K: Tensor, stride: int, depth_sigma: Tensor | None) -> FeatureAlignment:
        maps = [(_finite(level.features), _finite(level.confidence))
                for level in (target, source)]
        if self.config.detach_features:
            maps = [(features.detach(), confidence.detach()) for features, confidence in maps]
        return feature_alignment(points, maps[0], maps[1], K, stride, self.config.robust_scale,
                                 depth_sigma)


def _better(problem: FeatureAlignment, moved: Tensor, before: Tensor) -> Tensor:
    """Take ``moved`` where it agrees better than ``before`` with the next finer level."""
    with torch.no_grad():
        (cost, count), (cost_before, count_before) = (problem.cost(T) for T in (moved, before))
        better = (cost < cost_before) & (count > _LEAST_KEPT * count_before)
    return torch.where(better[:, None, None], moved, before)


def best_of_cells(score: Tensor, number: int, border: int) -> tuple[Tensor, Tensor]:
    """
    Give the best pixel of each of about ``number`` square cells of ``score`` (N, 1, H, W).

    Returns pixels (N, P, 2) as (u, v) and their flat index (N, P) in the image. P follows from
    the shape alone.
    """
    height, width = score.shape[-2:]
    inner = score[..., border:height - border, border:width - border]
    rows, columns = inner.shape[-2:]
    side = max(1, math.floor(math.sqrt(rows * columns / number)))
    side = min(side, rows, columns)
    down, across = math.ceil(rows / side), math.ceil(columns / side)
    cells = F.pad(inner, (0, across * side - columns, 0, down * side - rows), value=-math.inf)
    # Max pooling gives the index too, but TensorRT does not take that.
    cells = cells.reshape(-1, down, side, across, side).transpose(2, 3).flatten(3)
    place = cells.argmax(-1)
    v = place // side + _steps(down, side, border, place)[:, None]
    u = place % side + _steps(across, side, border, place)
    pixels = torch.stack((u, v), -1).flatten(1, 2)
    return pixels.to(score.dtype), (v * width + u).flatten(1)


def _steps(count: int, side: int, first: int, like: Tensor) -> Tensor:
    return torch.arange(count, device=like.device) * side + first


def image_gradient(image: Tensor) -> Tensor:
    """Give how much the grey of ``image`` (N, C, H, W) changes at each pixel (N, 1, H, W)."""
    du, dv = central_differences(image.mean(1, keepdim=True))
    return du.abs() + dv.abs() + _LEAST_GRADIENT


def _finite(values: Tensor) -> Tensor:
    return torch.where(values.abs() < math.inf, values, torch.zeros_like(values))
