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

"""The motion networks as they run on a robot: one frame at a time, images as uint8."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sa4depth_ros.networks.feature_net import FeatureLevel
from sa4depth_ros.networks.motion_net import MotionNet
from sa4depth_ros.networks.pose_refinement import image_gradient
import torch
from torch import nn, Tensor


class Aligned(NamedTuple):
    """
    The result of DeployedAlignment: RefinedPose and PoseQuality of what it returns.

    ``T_target2source`` (1, 4, 4), ``information`` (1, 6, 6), the others are (1,); ``failed`` is
    bool, the rest float32. A ``failed`` alignment gives back the first guess, judged like any
    other motion; where even that is no motion, ``inlier_ratio`` and ``overlap`` are 0.
    ``cost_after`` is that of the refined motion before the last correction, which trusts depth
    less; all else judges the motion that comes out.
    """

    T_target2source: Tensor
    information: Tensor
    variance: Tensor
    inlier_ratio: Tensor
    overlap: Tensor
    flow: Tensor
    cost_before: Tensor
    cost_after: Tensor
    failed: Tensor


class DeployedFeatures(nn.Module):
    """What is computed once for each frame."""

    def __init__(self, motion: MotionNet) -> None:
        super().__init__()
        self.motion = motion

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """
        Give features and confidence of each level, coarse to fine, and the image's gradient.

        ``image`` is (N, H, W, 3) uint8 RGB; the maps are float32 (N, C, h, w), (N, 1, h, w) and
        (N, 1, H, W).
        """
        planes = unit_planes(image)
        maps = [part for level in self.motion.features(planes) for part in level]
        return *maps, image_gradient(planes)


class DeployedAlignment(nn.Module):
    """The refinement of a motion between two frames whose features are known."""

    def __init__(self, motion: MotionNet) -> None:
        super().__init__()
        self.motion = motion

    def forward(
        self, target: Sequence[Tensor], source: Sequence[Tensor], depth: Tensor, seen: Tensor,
        K: Tensor, T_initial: Tensor, depth_sigma: Tensor, relief_sigma: Tensor,
    ) -> Aligned:
        """
        Refine ``T_initial`` (1, 4, 4) = T_target2source by the target's ``depth`` (1, 1, H, W).

        ``target`` is all that DeployedFeatures gives, ``source`` all but the gradient. ``seen``
        (1, 1, H, W) is 1 where images show something, 0 in the letterbox, of both frames; ``K``
        (1, 3, 3) is of the network input. ``depth_sigma`` and ``relief_sigma`` (1,) as in
        FeatureAlignment: the first is for the whole motion, the second for a last correction of
        its turn and direction (PoseRefinement.polished).
        """
        refinement = self.motion.refinement
        levels = [self._levels(maps, seen) for maps in (target[:-1], source)]
        points = refinement.target_points(target[-1], depth, K, levels[0][-1].confidence, seen)
        problems = refinement.problems(points, *levels, K, depth_sigma)
        refined = refinement.solve(T_initial, problems)
        relief = replace(problems[-1], depth_sigma=relief_sigma)
        T = torch.where(refined.failed[:, None, None], refined.T_target2source,
                        refinement.polished(refined.T_target2source, relief, K))
        quality = refinement.quality(T, problems[-1], K)
        return Aligned(
            T, quality.information, quality.variance, quality.inliers,
            quality.overlap, quality.flow, refined.cost_before,
            torch.where(refined.failed, refined.cost_before, refined.cost_after), refined.failed)

    def _levels(self, maps: Sequence[Tensor], seen: Tensor) -> list[FeatureLevel]:
        levels = [FeatureLevel(*pair) for pair in zip(maps[::2], maps[1::2])]
        return self.motion.mask(levels, seen)


class DeployedPose(nn.Module):
    """PoseNet's guess at the motion between two images."""

    def __init__(self, motion: MotionNet) -> None:
        super().__init__()
        self.motion = motion

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Give T_first2second (1, 4, 4) of uint8 RGB (1, H, W, 3); ``first`` is the earlier."""
        return self.motion.pose_net(unit_planes(first), unit_planes(second))


def unit_planes(image: Tensor) -> Tensor:
    """Give RGB (N, 3, H, W) in [0, 1] of uint8 (N, H, W, 3)."""
    # In this order: TensorRT takes uint8 inputs, but nothing with them except the cast.
    return image.to(torch.float32).permute(0, 3, 1, 2) / 255.0
