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

"""Metrics of a network on the held-out parts, during training."""

from collections.abc import Mapping, Sequence

from sa4depth_ros.networks.depth_net import canonical_factor
from sa4depth_train.config import TrainConfig
from sa4depth_train.depth_dataset import DepthDataset
from sa4depth_train.frame_set import FrameSet
from sa4depth_train.loading import EpochLoader
from sa4depth_train.metrics import depth_metrics, summarize
import torch
from torch import nn


def validate(
    network: nn.Module, frames: FrameSet, size: tuple[int, int], config: TrainConfig,
    parts: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, dict[str, float]]:
    """
    Give the metrics per held-out part, at network resolution and in metres.

    ``size`` is (width, height) of the network input, ``parts`` the frames by name, by default
    all that are held out. A part without any gives no metrics. `sa4depth evaluate` measures
    the exported model at full resolution instead.
    """
    device = next(network.parameters()).device
    result = {}
    for part, indices in (frames.heldout if parts is None else parts).items():
        measured = []
        loader = EpochLoader(DepthDataset(frames, indices, size), device, config.data.workers)
        for batch in loader.in_order(config.batch_size):
            factor = canonical_factor(batch['K'], config.network)
            image = batch['image'].contiguous(memory_format=torch.channels_last)
            with torch.inference_mode():
                depth = (network(image) * factor).cpu()
            pairs = zip(depth.numpy(), batch['depth'].cpu().numpy())
            measured += [depth_metrics(p[0], t[0]) for p, t in pairs]
        result[part] = summarize([m for m in measured if m is not None])
    return result
