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

"""The distance between the bins of an image and its depths."""

import torch
from torch import Tensor


def chamfer_error(centres: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """
    Give the two-way Chamfer distance of bin centres and depths (AdaBins, eq. 5).

    For each image the mean over its known depths of the squared distance to the nearest centre,
    plus the mean over the centres of that to the nearest depth; then the mean over the images
    in which something is known, each as heavy as its heaviest pixel. ``centres`` (N, bins),
    rising, and ``target`` (N, 1, H, W) are in one unit; pixels count where ``weight``, of the
    target's shape, bool or >= 0, is not 0. 0 when nothing is known.
    """
    errors, counts = [0 * centres.sum()], [centres.new_zeros(())]
    for own, depth, known in zip(centres.float(), target.float(), weight):
        values = depth[known > 0]
        if len(values):
            count = known.max().to(own.dtype)
            errors.append(count * (_nearest(values, own) + _nearest(own, values.sort().values)))
            counts.append(count)
    return torch.stack(errors).sum() / torch.stack(counts).sum().clamp(min=1e-6)


def _nearest(points: Tensor, others: Tensor) -> Tensor:
    """Give the mean squared distance of points to the nearest of rising others."""
    # On a line the nearest is a neighbour in order: no need to compare all with all.
    after = torch.searchsorted(others.detach(), points.detach().contiguous())
    after = after.clamp(max=len(others) - 1)
    before = (after - 1).clamp(min=0)
    return torch.minimum((others[after] - points).square(),
                         (others[before] - points).square()).mean()
