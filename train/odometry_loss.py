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

"""The scale of depth from recorded odometry: how long the found motion is, and should be."""

import torch
from torch import Tensor


def odometry_error(
    depth: Tensor, T_target2source: Tensor, metres: Tensor, usable: Tensor, seen: Tensor,
) -> Tensor:
    """
    Give the mean over all pairs of |log(length of the motion / its length by odometry)|.

    ``depth`` (N, 1, H, W) metres; ``T_target2source`` (S * N, 4, 4), all samples of the first
    source first; ``metres`` (N, S), 0 where unknown; ``usable`` (S * N,) bool; ``seen``
    (N, 1, H, W), 1 where a pixel counts. 0 when no pair does. The motion that images ask for
    grows with depth, so the gradient goes to the mean log depth of each target alone: its
    scale learns, its shape does not.
    """
    length = T_target2source[:, :3, 3].detach().norm(dim=1)
    goal = metres.T.flatten()
    known = (goal > 0) & usable & (length > 0)
    ratio = torch.log(torch.where(known, length / goal, 1.0))
    scale = (seen * depth.log()).sum((1, 2, 3)) / seen.sum((1, 2, 3)).clamp(min=1)
    scale = (scale - scale.detach()).repeat(metres.shape[1])
    weight = known.to(depth.dtype)
    return (weight * (ratio + scale).abs()).sum() / weight.sum().clamp(min=1)
