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

"""The mean of the weights of several checkpoints, as one checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.factory import (
    holds_motion, load_depth_net, load_motion_net, save_checkpoint)
from sa4depth_ros.networks.motion_net import MotionNet
from sa4depth_train.motion_export import checkpoint_id
import torch
from torch import nn, Tensor

Net = TypeVar('Net', bound=nn.Module)
# What the output of a network means; the mean of two that mean different things has no meaning.
_MEANING = ('output', 'canonical_focal', 'min_depth', 'max_depth')


def average_checkpoints(paths: Sequence[Path], output: Path) -> ModelCard:
    """
    Write the mean of the weights of ``paths``, each counted as often as it is named.

    Between a network and what a further training made of it the mean is often better than either
    where neither was trained (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022).
    Motion networks are averaged over the checkpoints that hold them. Batch-norm statistics are
    averaged like weights, whole numbers are those of the first. The card has no metrics: nobody
    has measured these weights. Raises ConfigError for fewer than two paths, ModelError when
    networks or what they predict differ, or when one was calibrated.
    """
    if len(paths) < 2:
        raise ConfigError(f'expected at least two checkpoints to average, got {len(paths)}')
    networks, cards = zip(*map(load_depth_net, paths))
    _must_be_alike(paths, [
        {'network': network.config, **{name: getattr(card, name) for name in _MEANING}}
        for network, card in zip(networks, cards)])
    for path, card in zip(paths, cards):
        _must_be_raw(path, card)
    card = _card(paths, cards)
    save_checkpoint(output, _mean(networks), card, _mean_motion(paths))
    return card


def _mean_motion(paths: Sequence[Path]) -> MotionNet | None:
    holders = [path for path in paths if holds_motion(path)]
    networks = [load_motion_net(path) for path in holders]
    _must_be_alike(holders, [{'motion network': network.config} for network in networks])
    return _mean(networks) if networks else None


def _mean(networks: Sequence[Net]) -> Net:
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict({name: _mean_of([state[name] for state in states])
                                 for name in states[0]})
    return networks[0]


def _mean_of(values: Sequence[Tensor]) -> Tensor:
    if not values[0].is_floating_point():
        return values[0]
    return torch.stack([value.double() for value in values]).mean(0).to(values[0].dtype)


def _must_be_alike(paths: Sequence[Path], settings: Sequence[Mapping[str, object]]) -> None:
    for path, own in zip(paths, settings):
        for name, value in own.items():
            if value != settings[0][name]:
                raise ModelError(
                    f"only like networks can be averaged: '{path}' has {name} {value}, "
                    f"'{paths[0]}' has {settings[0][name]}")


def _must_be_raw(path: Path, card: ModelCard) -> None:
    if card.calibrated or card.cameras:
        raise ModelError(f"'{path}' holds a calibrated scale, which is of its own weights alone; "
                         'average the checkpoints that were calibrated, then calibrate the mean')


def _card(paths: Sequence[Path], cards: Sequence[ModelCard]) -> ModelCard:
    origins = [f'{path.name} (sha256 {checkpoint_id(path)[:16]}): '
               f'{card.training_data or "unknown"}' for path, card in zip(paths, cards)]
    return replace(cards[0], metrics={}, licence=_joined([card.licence for card in cards]),
                   training_data=f'mean of the weights of {len(paths)} checkpoints. '
                                 + '. '.join(origins))


def _joined(texts: Sequence[str]) -> str:
    return '; '.join(dict.fromkeys(text for text in texts if text))
