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

"""SA4Depth: depth and motion learned from images alone, on one scale."""

from collections.abc import Mapping, Sequence
import math
from pathlib import Path
from typing import Any

import numpy as np
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.networks.depth_net import DepthNet
from sa4depth_ros.networks.factory import save_checkpoint
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.camera_travel import camera_travel
from sa4depth_train.checkpoint import (
    make_card, start_motion_network, start_network, starts_metric)
from sa4depth_train.config import TrainConfig
from sa4depth_train.depth_anchor import DepthAnchor
from sa4depth_train.loading import EpochLoader
from sa4depth_train.parameters import (
    freeze_encoder_norms, freeze_norms, freeze_trunk, parameter_groups)
from sa4depth_train.processes import agree
from sa4depth_train.recipes.recipe import Heldout
from sa4depth_train.run_folder import RunFolder
from sa4depth_train.self_supervised_model import SelfSupervisedModel
from sa4depth_train.target_hints import TargetHints
from sa4depth_train.triplet_dataset import TripletDataset
from sa4depth_train.triplets import find_triplets, Triplets
from sa4depth_train.validation import validate
import torch
from torch import nn
from torch.utils.data import Dataset


class SelfSupervisedRecipe:
    """Triplets of frames, PoseNet with refinement, photometric loss (method.md 1)."""

    # A refinement that fails, or has not begun, leaves the features without a gradient.
    find_unused_parameters = True

    def __init__(self, run: RunFolder, device: torch.device) -> None:
        self._run, config = run, run.config
        self._size = (config.network.input_width, config.network.input_height)
        self._refining = config.motion.refinement.enabled
        if run.worlds:
            raise ConfigError('the recipe sa4depth learns from bags alone: leave out --worlds, or '
                              'choose the recipe supervised')
        self._frames = BagFrames([bag.path for bag in run.bags], config.data, self._size,
                                 need='nothing',
                                 heldout_bags=[bag.path for bag in run.heldout_bags])
        # Once for all processes: the optical flow of every frame takes its time.
        train = agree(lambda: find_triplets(self._frames, self._frames.train_of, config.triplets))
        self._heldout = agree(lambda: {
            bag: find_triplets(self._frames, {bag: indices}, config.triplets)
            for bag, indices in self._frames.heldout.items()})
        self.notes = [*(f'train {line}' for line in train.lines()),
                      *(f'held out {line}' for part in self._heldout.values()
                        for line in part.lines())]
        if not train.samples:
            raise BagError('no frame is left to train on: '
                           f'{"; ".join(train.lines())}. See the keys of triplets')
        self._hints = TargetHints(self._frames, config.photometric)
        self._travel, notes = camera_travel(self._frames, config, train)
        self.notes += notes
        self.dataset: Dataset[dict[str, Any]] = TripletDataset(
            self._frames, train.samples, self._size, config.augmentation, config.seed,
            self._hints, self._travel)
        self.groups: Sequence[range] = (range(len(train.samples)),)
        depth_net = start_network(config)
        anchor = _anchor(depth_net, config) if config.photometric.anchored else None
        self.model: nn.Module = SelfSupervisedModel(
            depth_net, start_motion_network(config), config.photometric, anchor)
        # channels_last is what convolutions on both CPU and GPU are fastest with.
        self.model.to(device, memory_format=torch.channels_last)
        if config.optimizer.trunk_lr == 0:
            freeze_trunk(self.model)

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        """Freeze what stands still, and refine from the epoch on that was asked for."""
        config = self._run.config
        self._refining = (config.motion.refinement.enabled
                          and epoch >= config.photometric.refine_from_epoch)
        model.refining = self._refining  # type: ignore[assignment]
        if config.optimizer.freeze_encoder_norm:
            freeze_encoder_norms(model)
        learns = epoch >= config.photometric.depth_from_epoch
        model.depth_learns = learns  # type: ignore[assignment]
        if config.optimizer.freeze_depth_norm or not learns:
            freeze_norms(model, 'depth_net')
        if config.optimizer.trunk_lr == 0:
            freeze_trunk(model)

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Let the encoders learn slower."""
        return parameter_groups(model, self._run.config.optimizer)

    def validate(self, model: nn.Module) -> dict[str, dict[str, float]]:
        """Measure the self-supervised loss and, where a bag has depth, the depth metrics."""
        assert isinstance(model, SelfSupervisedModel)
        # The averaged weights are another module, which begin_epoch has not seen.
        model.refining = self._refining
        with_depth = {bag: [i for i in indices if self._frames.entry(i)[1].depth is not None]
                      for bag, indices in self._frames.heldout.items()}
        depth = validate(model.depth_net, self._frames, self._size, self._run.config, with_depth)
        return {bag: self._losses(model, part) | depth[bag]
                for bag, part in self._heldout.items()}

    def _losses(self, model: SelfSupervisedModel, triplets: Triplets) -> dict[str, float]:
        config = self._run.config
        device = next(model.parameters()).device
        dataset = TripletDataset(
            self._frames, triplets.samples, self._size, hints=self._hints, travel=self._travel)
        loader = EpochLoader(dataset, device, config.data.workers)
        sums: dict[str, float] = {}
        # The tie break of the automask draws numbers; validation must not change training.
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(config.seed)
            for batch in loader.in_order(config.batch_size):
                count = len(batch['name'])
                for name, value in model(batch).items():
                    sums[name] = sums.get(name, 0.0) + count * float(value)
        return {f'triplet_{name}': value / len(triplets.samples) for name, value in sums.items()}

    def score(self, heldout: Heldout) -> float:
        """
        Give the mean self-supervised loss of the bags: no ground truth of depth chooses a model.

        Where odometry teaches the scale, its error counts as it does in training.
        """
        weight = self._run.config.photometric.odometry
        losses = [values['triplet_photometric'] + weight * values.get('triplet_odometry', 0.0)
                  for values in heldout.values() if 'triplet_photometric' in values]
        return float(np.mean(losses)) if losses else math.nan

    def save(self, path: Path, model: nn.Module, heldout: Heldout) -> None:
        """Write depth and motion networks as one checkpoint."""
        assert isinstance(model, SelfSupervisedModel)
        anchor, settings = model.anchor, self._run.config.photometric
        metres = settings.odometry > 0 or (
            anchor is not None and bool(anchor.metric) and settings.anchor_scale > 0)
        card = make_card(self._run, heldout, keeps_metres=metres)
        save_checkpoint(path, model.depth_net, card, model.motion_net)

    def epoch_line(self, entry: Mapping[str, Any]) -> str:
        """Show the losses and, per bag, what was measured."""
        losses, parts = entry['losses'], []
        for bag, v in entry['heldout'].items():
            text = f"{bag}: photometric {v.get('triplet_photometric', math.nan):.4f}"
            if 'scaled_abs_rel' in v:
                text += (f" scaled abs_rel {v['scaled_abs_rel']:.3f} "
                         f"scale std {v['scale_consistency']:.3f}")
            parts.append(text)
        refined = f" refined {losses['refined']:.0%}" if 'refined' in losses else ''
        return (f"epoch {entry['epoch']}  loss {entry['loss']:.4f}{refined}  "
                + '  '.join(parts))


def _anchor(depth_net: DepthNet, config: TrainConfig) -> DepthAnchor:
    # 'random' is what a resumed run begins with; its state then brings the anchor.
    if config.initial_weights in ('imagenet', 'pretrained'):
        raise ConfigError('photometric.anchor and anchor_scale hold depth near that of the '
                          'initial weights; expected initial_weights to be a .safetensors '
                          f"checkpoint with good depth, got '{config.initial_weights}'")
    return DepthAnchor(depth_net, metric=starts_metric(config))
