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

"""
How near the refinement comes to a planted motion, by damping and number of steps.

The rendered pair of the tests, the picture itself as features; six motions, each start off by
5 degrees and 10 % of the scene's depth. Prints what is left, smallest to largest.

    python benchmarks/damping.py [--iterations 3]
"""

import argparse
import math
from pathlib import Path
import sys

from sa4depth_ros.geometry.lie import inverse, se3_exp, se3_log
from sa4depth_ros.networks.feature_net import FeatureLevel, FeatureNet
from sa4depth_ros.networks.pose_refinement import (
    image_gradient, PoseRefinement, RefinementConfig)
import torch
from torch import Tensor
from torch.nn import functional as F

COUNT = 6
SETTINGS = (('learned', 0.3), ('learned', 0.1), ('learned', 0.01), ('learned', 0.001),
            ('adaptive', 0.01))


def levels(image: Tensor) -> list[FeatureLevel]:
    """Let the picture be the features, sure everywhere."""
    maps = [F.avg_pool2d(image, stride) for stride in FeatureNet.strides]
    return [FeatureLevel(m, torch.ones_like(m[:, :1])) for m in maps]


def planted() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Give targets, sources, depths, K, starts and true motions of six pairs."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'test'))
    from rendered_pair import intrinsics, render
    generator = torch.Generator().manual_seed(1)
    K, eye = intrinsics(torch.float32), torch.eye(4)[None]
    xi = torch.randn(COUNT, 6, generator=generator) * torch.tensor([0.1] * 3 + [0.04] * 3)
    T_true = se3_exp(xi)
    target, depth = render(eye, K)
    source = torch.cat([render(T[None], K)[0] for T in T_true])
    way = torch.randn(2, COUNT, 3, generator=generator)
    way = way / way.norm(dim=-1, keepdim=True)
    push = torch.cat((0.1 * depth.median() * way[0], math.radians(5) * way[1]), 1)
    return (target.expand(COUNT, -1, -1, -1), source, depth.expand(COUNT, -1, -1, -1),
            K.expand(COUNT, 3, 3), se3_exp(push) @ T_true, T_true)


def main() -> None:
    """Refine with each setting and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--iterations', type=int, default=3, help='steps on each level')
    args = parser.parse_args()
    target, source, depth, K, start, T_true = planted()
    print('| damping | start | rotation, degrees | translation, % of depth |\n|---|---|---|---|')
    for damping, initial in SETTINGS:
        module = PoseRefinement(RefinementConfig(
            iterations=args.iterations, damping=damping, initial_damping=initial,
            robust_scale=0.3), FeatureNet.strides)
        maps = levels(target), levels(source)
        with torch.no_grad():
            gradient = image_gradient(target[:, :3])
            points = module.target_points(gradient, depth, K, maps[0][-1].confidence)
            found = module(start, points, *maps, K).T_target2source
        rest = se3_log(found @ inverse(T_true))
        angle = torch.rad2deg(rest[:, 3:].norm(dim=1))
        way = 100 * rest[:, :3].norm(dim=1) / depth.median()
        print(f'| {damping} | {initial:g} | {angle.min():.2g} to {angle.max():.2g} '
              f'| {way.min():.2g} to {way.max():.2g} |')


if __name__ == '__main__':
    main()
