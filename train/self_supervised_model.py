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

"""SA4Depth as it trains: depth, motion and its refinement, warp and losses in one module."""

from sa4depth_ros.geometry.alignment import pixel_distance, TargetPoints
from sa4depth_ros.geometry.warp import inverse_warp
from sa4depth_ros.networks.depth_net import canonical_factor, DepthNet
from sa4depth_ros.networks.feature_net import FeatureLevel
from sa4depth_ros.networks.motion_net import MotionNet
from sa4depth_ros.networks.pose_refinement import image_gradient, RefinedPose
from sa4depth_train.depth_anchor import DepthAnchor
from sa4depth_train.odometry_loss import odometry_error
from sa4depth_train.patch_loss import patch_loss
from sa4depth_train.photometric import PhotometricConfig, reprojection_loss, smoothness_loss
from sa4depth_train.planar_loss import planar_loss
import torch
from torch import nn, Tensor

Batch = dict[str, Tensor]
Levels = list[FeatureLevel]


class SelfSupervisedModel(nn.Module):
    """
    From a batch of triplets to the loss (method.md 1).

    The recipe sets two switches: without ``refining`` PoseNet's motion is used as it is, without
    ``depth_learns`` depth stands still. ``anchor`` holds it near its start.
    """

    def __init__(self, depth_net: DepthNet, motion_net: MotionNet,
                 config: PhotometricConfig, anchor: DepthAnchor | None = None) -> None:
        super().__init__()
        self.depth_net, self.motion_net, self.config = depth_net, motion_net, config
        self.anchor, self.depth_learns = anchor, True
        self.refining = motion_net.config.refinement.enabled

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """
        Give 'loss' and what it is made of, scalars, for a batch of the triplet dataset.

        ``images`` and ``inputs`` (N, 1 + S, 3, H, W), target first; ``seen`` (N, 1, H, W);
        ``K`` (N, 3, 3); ``earlier`` and, or else all start at the target, ``origins`` (N, S);
        ``keypoints`` (N, P, 2), ``superpixels`` (N, H, W) and ``metres`` (N, S) for the losses
        that use them.
        """
        inputs = batch['inputs']
        with torch.set_grad_enabled(self.depth_learns and torch.is_grad_enabled()):
            output = self.depth_net(inputs[:, 0].contiguous(memory_format=torch.channels_last))
        held = {} if self.anchor is None else self.anchor(inputs[:, 0], output, batch['seen'])
        depth = output * canonical_factor(batch['K'], self.depth_net.config)
        T = self.motion_net.scaled(
            self._initial_poses(inputs, batch['earlier'], batch.get('origins')), depth)
        levels = self._features(inputs, batch['seen']) if self.refining else []
        # Half precision is for the networks: pixels of a warp need more than its 11 bits.
        with torch.autocast(depth.device.type, enabled=False):
            if self.config.planar > 0:
                net = self.depth_net.config
                held = held | {'planar': planar_loss(
                    output, batch['superpixels'], batch['K'], (net.min_depth, net.max_depth))}
            return self._losses(depth, T, levels, batch, held)

    def _losses(
        self, depth: Tensor, T: Tensor, levels: Levels, batch: Batch, held: Batch,
    ) -> Batch:
        terms, usable = dict(held), T.new_ones(len(T), dtype=torch.bool)
        if levels:
            refined, distances = self._refine(T, depth, levels, batch)
            terms['refined'] = 1 - refined.failed.float().mean()
            terms['alignment'] = (refined.cost_after / refined.cost_before.clamp(min=1e-9)).mean()
            if self.config.unrefined > 0:
                own = depth if self.config.unrefined_trains_depth else depth.detach()
                terms['unrefined'] = self._reprojection(own, T, batch)
            terms |= distances
            T, usable = refined.T_target2source, ~refined.failed
        if self.config.odometry > 0:
            terms['odometry'] = odometry_error(depth, T, batch['metres'], usable, batch['seen'])
        terms['photometric'] = self._reprojection(depth, T, batch)
        terms['smoothness'] = smoothness_loss(depth, batch['images'][:, 0])
        loss = terms['photometric'] + self.config.smoothness * terms['smoothness']
        for name in ('distill', 'distill_levels', 'unrefined', 'odometry', *held):
            weight = getattr(self.config, name)
            if name in terms and weight > 0:
                loss = loss + weight * terms[name]
        return {'loss': loss} | {name: value.detach() for name, value in terms.items()}

    def _initial_poses(
        self, inputs: Tensor, earlier: Tensor, origins: Tensor | None,
    ) -> Tensor:
        """Give T_target2source (S * N, 4, 4), all samples of the first source first."""
        sources = inputs[:, 1:].transpose(0, 1).flatten(0, 1)
        if origins is None:
            starts = inputs[:, 0].repeat(earlier.shape[1], 1, 1, 1)
            return self.motion_net.initial_pose(starts, sources, earlier.T.flatten())
        rows = torch.arange(len(inputs), device=inputs.device)[:, None]
        starts = inputs[rows, origins].transpose(0, 1).flatten(0, 1)
        T = self.motion_net.initial_pose(starts, sources, earlier.T.flatten())
        with torch.autocast(T.device.type, enabled=False):
            steps = T.unflatten(0, (-1, len(inputs))).transpose(0, 1)
            return target_to_sources(steps, origins).transpose(0, 1).flatten(0, 1)

    def _features(self, inputs: Tensor, seen: Tensor) -> Levels:
        """Give the levels of all frames, frame-major: each frame of all samples is a slice."""
        return self.motion_net.features(inputs.transpose(0, 1).flatten(0, 1),
                                        _repeat(seen, inputs.shape[1]))

    def _refine(
        self, T: Tensor, depth: Tensor, levels: Levels, batch: Batch,
    ) -> tuple[RefinedPose, Batch]:
        """Give the refined motion and how far others are from it, in image widths."""
        inputs, K, seen = batch['inputs'], batch['K'], batch['seen']
        samples, frames = inputs.shape[:2]
        target = [FeatureLevel(*(part[:samples] for part in level)) for level in levels]
        sources = [FeatureLevel(*(part[samples:] for part in level)) for level in levels]
        refinement = self.motion_net.refinement
        points = refinement.target_points(
            image_gradient(inputs[:, 0]), depth, K, target[-1].confidence, seen)
        pairs = frames - 1
        points = TargetPoints(*(_repeat(part, pairs) for part in points))
        K = _repeat(K, pairs)
        refined = refinement(
            T, points, [FeatureLevel(*(_repeat(part, pairs) for part in level))
                        for level in target], sources, K)
        fixed = points._replace(points=points.points.detach())
        goal = refined.T_target2source.detach()

        def distance(other: Tensor) -> Tensor:
            apart = pixel_distance(fixed, other, goal, K) / inputs.shape[-1]
            return torch.where(refined.failed, 0.0, apart).mean()

        terms = {'distill': distance(T)}
        if self.config.distill_levels > 0:
            terms['distill_levels'] = torch.stack([distance(T) for T in refined.coarse]).mean()
        return refined, terms

    def _reprojection(self, depth: Tensor, T: Tensor, batch: Batch) -> Tensor:
        images, seen = batch['images'], batch['seen']
        sources = images[:, 1:].transpose(0, 1)
        if self.config.patches:
            return patch_loss(depth, T, batch['K'], images[:, 0], sources, seen,
                              batch['keypoints'], self.config)
        pairs, flat = len(sources), sources.flatten(0, 1)
        # What lies beyond the picture in a source is as unknown as what is outside of it.
        masked = torch.cat((flat, _repeat(seen, pairs)), 1)
        warped, valid = inverse_warp(masked, _repeat(depth, pairs), T, _repeat(batch['K'], pairs))
        valid = valid & (warped[:, 3:] > 0.999)
        return reprojection_loss(
            warped[:, :3].unflatten(0, (pairs, -1)), valid.unflatten(0, (pairs, -1)),
            images[:, 0], sources, seen, self.config)


def target_to_sources(T_origin2source: Tensor, origins: Tensor) -> Tensor:
    """
    Give T_target2source (N, S, 4, 4) of the single steps ``T_origin2source`` to S sources.

    ``origins`` (N, S): 0, the step starts at the target, or k, at the k-th source, which is one
    step from the target. Points go to that source first: its step stands on the right.
    """
    rows = torch.arange(len(origins), device=origins.device)[:, None]
    T_target2origin = T_origin2source[rows, (origins - 1).clamp(min=0)]
    return torch.where((origins > 0)[..., None, None],
                       T_origin2source @ T_target2origin, T_origin2source)


def _repeat(values: Tensor, times: int) -> Tensor:
    return values.repeat(times, *[1] * (values.dim() - 1))
