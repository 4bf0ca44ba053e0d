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

"""Supervised where there is depth, self-supervised where there is video."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sa4depth_ros.errors import BagError
from sa4depth_ros.networks.depth_net import DepthNet
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.camera_travel import camera_travel
from sa4depth_train.checkpoint import start_motion_network, start_network
from sa4depth_train.config import TrainConfig
from sa4depth_train.mixed_dataset import MixedDataset
from sa4depth_train.processes import agree
from sa4depth_train.recipes.supervised import supervised_losses, SupervisedRecipe
from sa4depth_train.run_folder import RunFolder
from sa4depth_train.self_supervised_model import SelfSupervisedModel
from sa4depth_train.target_hints import TargetHints
from sa4depth_train.triplet_dataset import TripletDataset
from sa4depth_train.triplets import find_triplets
import torch
from torch import nn, Tensor
from torch.utils.data import Dataset


class MixedModel(nn.Module):
    """One DepthNet and the losses of both kinds of batches."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.video = SelfSupervisedModel(start_network(config), start_motion_network(config),
                                         config.photometric)
        self._loss = config.loss

    @property
    def depth_net(self) -> DepthNet:
        """Give the network that both kinds teach."""
        return self.video.depth_net

    def forward(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Give the losses of a batch of either kind."""
        if 'depth' in batch:
            return supervised_losses(self.depth_net, batch, self._loss)
        losses = self.video(batch)
        return {**losses, 'loss': self._loss.triplets * losses['loss']}


class MixedRecipe(SupervisedRecipe):
    """
    Depth of bags and worlds as ground truth, and photometric triplets of bags.

    Bags without depth give triplets alone; those with depth give both, unless
    data.triplet_bags says otherwise.
    """

    # A batch with depth leaves the motion networks without a gradient.
    find_unused_parameters = True
    dataset: Dataset[dict[str, Any]]

    def __init__(self, run: RunFolder, device: torch.device) -> None:
        config, data = run.config, run.config.data
        size = (config.network.input_width, config.network.input_height)
        videos = BagFrames([bag.path for bag in run.bags], data, size, need='nothing')
        silent = {bag.path for bag in videos.bags if bag.topics.depth is None}
        super().__init__(replace(run, bags=tuple(
            bag for bag in run.bags if bag.path not in silent)), device)
        self._run = run
        used = {name: part for (name, part), bag in zip(videos.train_of.items(), videos.bags)
                if data.triplet_bags == 'all' or bag.path in silent}
        triplets = agree(lambda: find_triplets(videos, used, config.triplets))
        self.notes += [f'triplets: {line}' for line in triplets.lines()]
        if not triplets.samples:
            raise BagError('no triplet of frames is left to train on: '
                           f"{'; '.join(triplets.lines()) or 'all bags have depth'}. See the "
                           'keys of triplets and data.triplet_bags, or use the recipe supervised')
        travel, notes = camera_travel(videos, config, triplets)
        self.notes += notes
        count = max(1, round(data.samples_per_epoch * data.triplet_share))
        mixed = MixedDataset(self.dataset, TripletDataset(
            videos, triplets.samples, size, config.augmentation, config.seed,
            TargetHints(videos, config.photometric), travel), count)
        self.dataset, self.groups = mixed, mixed.groups

    @staticmethod
    def _make_model(config: TrainConfig) -> nn.Module:
        return MixedModel(config)

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        """Freeze the encoders' norms, and refine from the epoch on that was asked for."""
        super().begin_epoch(model, epoch)
        config = self._run.config
        model.video.refining = (  # type: ignore[union-attr]
            config.motion.refinement.enabled and epoch >= config.photometric.refine_from_epoch)
