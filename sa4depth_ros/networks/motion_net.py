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

"""Motion between two frames: PoseNet's guess, and its refinement by aligned features."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sa4depth_ros.geometry.lie import inverse
from sa4depth_ros.networks.feature_net import FeatureLevel, FeatureNet, FeatureNetConfig
from sa4depth_ros.networks.pose_net import PoseNet, PoseNetConfig
from sa4depth_ros.networks.pose_refinement import (
    image_gradient, PoseRefinement, RefinedPose, RefinementConfig)
import torch
from torch import nn, Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class MotionConfig:
    """
    What is needed to build a MotionNet; stored in every checkpoint that has one.

    pose: PoseNet. features: FeatureNet. refinement: see their classes.
    """

    pose: PoseNetConfig = field(default_factory=PoseNetConfig)
    features: FeatureNetConfig = field(default_factory=FeatureNetConfig)
    refinement: RefinementConfig = field(default_factory=RefinementConfig)


class MotionNet(nn.Module):
    """PoseNet, FeatureNet and the refinement that brings motion to the unit of depth."""

    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        self.config = config
        self.pose_net = PoseNet(config.pose)
        self.feature_net = FeatureNet(config.features)
        self.refinement = PoseRefinement(config.refinement, FeatureNet.strides)

    def initial_pose(self, target: Tensor, source: Tensor, source_is_earlier: Tensor) -> Tensor:
        """
        Give PoseNet's T_target2source (N, 4, 4) for images (N, 3, H, W), RGB in [0, 1].

        PoseNet always sees the frames in temporal order; ``source_is_earlier`` (N,) is bool.
        """
        swap = source_is_earlier.view(-1, 1, 1, 1)
        first, second = torch.where(swap, source, target), torch.where(swap, target, source)
        T_first2second = self.pose_net(first, second)
        with torch.autocast(target.device.type, enabled=False):
            return torch.where(swap[..., 0], inverse(T_first2second), T_first2second)

    def scaled(self, T_initial: Tensor, depth: Tensor) -> Tensor:
        """
        Give PoseNet's motions (S N, 4, 4) with their translation in its final unit.

        That is the mean inverse of the targets' ``depth`` (N, 1, H, W), taken S times in turn,
        with motion.pose.by_inverse_depth (method.md 2); otherwise they stay as they are.
        """
        if not self.config.pose.by_inverse_depth:
            return T_initial
        unit = (1 / depth.float()).mean((1, 2, 3)).repeat(len(T_initial) // len(depth))
        factor = torch.ones_like(T_initial)
        factor[:, :3, 3] = unit[:, None]
        return T_initial * factor

    def features(self, image: Tensor, mask: Tensor | None = None) -> list[FeatureLevel]:
        """
        Give the feature levels, float32, of ``image`` (N, 3, H, W), RGB in [0, 1].

        Confidence is 0 where ``mask`` (N, 1, H, W) is not 1 all over a feature's pixel.
        """
        levels = [FeatureLevel(level.features.float(), level.confidence.float())
                  for level in self.feature_net(image)]
        return levels if mask is None else self.mask(levels, mask)

    def mask(self, levels: Sequence[FeatureLevel], mask: Tensor) -> list[FeatureLevel]:
        """Take away the confidence where ``mask`` (N, 1, H, W) is not 1 all over a pixel."""
        return [FeatureLevel(level.features, level.confidence
                             * (F.avg_pool2d(mask, stride) > 0.999))
                for level, stride in zip(levels, self.feature_net.strides)]

    def refine(
        self, T_initial: Tensor, depth: Tensor, target: Tensor,
        target_features: Sequence[FeatureLevel], source_features: Sequence[FeatureLevel],
        K: Tensor, mask: Tensor | None = None,
    ) -> RefinedPose:
        """
        Refine ``T_initial`` (N, 4, 4) with the target's ``depth`` (N, 1, H, W).

        ``target`` (N, 3, H, W) is its image, ``mask`` its usable pixels, ``K`` (N, 3, 3) of
        both images. The translation comes out in the unit of ``depth``.
        """
        points = self.refinement.target_points(
            image_gradient(target), depth, K, target_features[-1].confidence, mask)
        return self.refinement(T_initial, points, target_features, source_features, K)
