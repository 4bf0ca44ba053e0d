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

"""Supervised training on bags with a depth topic and on rendered worlds."""

from collections.abc import Mapping, Sequence
import math
from pathlib import Path
from typing import Any

import numpy as np
from sa4depth_ros.errors import BagError
from sa4depth_ros.networks.depth_net import canonical_factor, DepthNet
from sa4depth_ros.networks.factory import save_checkpoint
from sa4depth_train.chamfer import chamfer_error
from sa4depth_train.checkpoint import make_card, start_network
from sa4depth_train.config import LossConfig, TrainConfig
from sa4depth_train.depth_dataset import DepthDataset
from sa4depth_train.losses import (
    absolute_error, affine_error, gradient_error, scale_error, silog)
from sa4depth_train.parameters import (
    freeze_encoder_norms, freeze_trunk, parameter_groups)
from sa4depth_train.recipes.recipe import Heldout
from sa4depth_train.run_folder import RunFolder
from sa4depth_train.training_frames import TrainingFrames
from sa4depth_train.validation import validate
import torch
from torch import nn, Tensor
from torch.utils.data import Dataset


class SupervisedModel(nn.Module):
    """A DepthNet and its losses against measured depth."""

    def __init__(self, depth_net: DepthNet, loss: LossConfig) -> None:
        super().__init__()
        self.depth_net = depth_net
        self._loss = loss

    def forward(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Give the losses of a batch of DepthDataset."""
        return supervised_losses(self.depth_net, batch, self._loss)


class SupervisedRecipe:
    """Depth images as ground truth: SILog plus the error of gradients."""

    find_unused_parameters = False
    dataset: Dataset[dict[str, Any]]
    groups: Sequence[range]

    def __init__(self, run: RunFolder, device: torch.device) -> None:
        self._run, config = run, run.config
        self._size = (config.network.input_width, config.network.input_height)
        self._frames = TrainingFrames(run, self._size)
        chosen = self._frames.chosen(config.data, config.seed)
        if not len(chosen):
            raise BagError('the bags and worlds have no frames to train on')
        self.dataset = DepthDataset(self._frames, chosen, self._size, config.augmentation,
                                    config.seed)
        self.groups = (range(len(chosen)),)
        self.notes = self._frames.notes
        # channels_last is what convolutions on both CPU and GPU are fastest with.
        self.model = self._make_model(config).to(device, memory_format=torch.channels_last)
        if config.optimizer.trunk_lr == 0:
            freeze_trunk(self.model)

    @staticmethod
    def _make_model(config: TrainConfig) -> nn.Module:
        return SupervisedModel(start_network(config), config.loss)

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        """Freeze the norms that are to be frozen."""
        settings = self._run.config.optimizer
        if settings.freeze_encoder_norm:
            freeze_encoder_norms(model)
        if settings.trunk_lr == 0:
            freeze_trunk(model)

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Let the encoder learn slower."""
        return parameter_groups(model, self._run.config.optimizer)

    def validate(self, model: nn.Module) -> dict[str, dict[str, float]]:
        """Compare predicted with measured depth."""
        return validate(_depth_net(model), self._frames, self._size, self._run.config,
                        self._frames.measured)

    def score(self, heldout: Heldout) -> float:
        """Give the mean over the held-out parts of AbsRel, raw and with the scale of a frame."""
        errors = [(values['abs_rel'] + values['scaled_abs_rel']) / 2
                  for values in heldout.values() if 'abs_rel' in values]
        return float(np.mean(errors)) if errors else math.nan

    def save(self, path: Path, model: nn.Module, heldout: Heldout) -> None:
        """Write the depth network."""
        save_checkpoint(path, _depth_net(model), make_card(self._run, heldout))

    def epoch_line(self, entry: Mapping[str, Any]) -> str:
        """Show the loss and, per bag, the metrics."""
        bags = '  '.join(
            f"{bag}: abs_rel {v['abs_rel']:.3f} scaled {v['scaled_abs_rel']:.3f} "
            f"delta1 {v['delta1']:.3f}" for bag, v in entry['heldout'].items() if 'abs_rel' in v)
        return f"epoch {entry['epoch']}  loss {entry['loss']:.3f}  {bags}"


def supervised_losses(
    depth_net: DepthNet, batch: Mapping[str, Any], config: LossConfig,
) -> dict[str, Tensor]:
    """Give the losses of a batch of DepthDataset, in the unit of the network's output."""
    factor = canonical_factor(batch['K'], depth_net.config)
    image = batch['image'].contiguous(memory_format=torch.channels_last)
    depth, centres = depth_net.predict(image)
    return depth_losses(depth, batch['depth'] / factor, config, batch['rendered'], centres)


def depth_losses(
    prediction: Tensor, target: Tensor, config: LossConfig, rendered: Tensor | None = None,
    centres: Tensor | None = None,
) -> dict[str, Tensor]:
    """
    Give ``loss`` and the terms that it is the weighted sum of.

    ``prediction`` and ``target`` (N, 1, H, W); a target of 0 is unknown. ``rendered`` (N,) says
    which images are no photographs. ``centres`` (N, bins) are those of the bins, for the loss
    ``chamfer``.
    """
    weight = target > 0
    if rendered is not None and config.real != 1:
        weight = weight * torch.where(rendered, 1.0, config.real).view(-1, 1, 1, 1)
    losses = {'silog': silog(prediction, target, weight, config.silog_mean,
                             per_image=config.per_image)}
    loss = losses['silog']
    for name, term in (('gradient', gradient_error), ('scale', scale_error),
                       ('affine', affine_error), ('absolute', absolute_error)):
        if getattr(config, name) > 0:
            losses[name] = term(prediction, target, weight)
            loss = loss + getattr(config, name) * losses[name]
    if config.chamfer > 0 and centres is not None:
        losses['chamfer'] = chamfer_error(centres, target, weight)
        loss = loss + config.chamfer * losses['chamfer']
    return {'loss': loss, **losses}


def _depth_net(model: nn.Module) -> DepthNet:
    depth_net = model.depth_net
    assert isinstance(depth_net, DepthNet)
    return depth_net
