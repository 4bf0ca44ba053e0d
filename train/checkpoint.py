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

"""What a trained network says of itself, and how a run starts from given weights."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import (
    build_network, holds_motion, load_depth_net, load_motion_net)
from sa4depth_ros.networks.motion_net import MotionNet
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_train.config import TrainConfig
from sa4depth_train.network_transfer import resized, same_trunk, with_new_head
from sa4depth_train.parameters import freeze_shallow
from sa4depth_train.run_folder import RunFolder, Source

Settings = TypeVar('Settings', DepthNetConfig, PoseNetConfig)
CARD_METRICS = ('abs_rel', 'rmse', 'delta1', 'scaled_abs_rel', 'scaled_delta1', 'median_scale',
                'scale_consistency', 'frames')


def make_card(
    run: RunFolder, metrics: Mapping[str, Mapping[str, float]], *, keeps_metres: bool = False,
) -> ModelCard:
    """
    Describe the network of ``run``; ``metrics`` are per held-out bag.

    ``keeps_metres``: it began with metric depth and was held at that scale.
    """
    config = run.config
    relative = config.recipe == 'sa4depth' and not keeps_metres
    # In an unknown unit, errors in metres mean nothing.
    names = [name for name in CARD_METRICS
             if not relative or name.startswith('scale') or name == 'frames']
    return ModelCard(
        name=config.name,
        # Images alone say nothing about metres.
        output='relative_depth' if relative else 'metric_depth',
        input_height=config.network.input_height,
        input_width=config.network.input_width, min_depth=config.network.min_depth,
        max_depth=config.network.max_depth, canonical_focal=config.network.canonical_focal,
        training_data=_training_data(run), licence=config.licence, notes=config.notes,
        metrics={bag: {name: round(values[name], 4) for name in names if name in values}
                 for bag, values in metrics.items()})


def _training_data(run: RunFolder) -> str:
    """Name all data by their hashes, and the command and the seed that used them."""
    share = 100 * (1 - run.config.data.holdout)
    kinds = ((f'first {share:.0f} % of each', run.bags), ('rendered', run.worlds),
             ('only measured', run.heldout_bags))
    parts = [f"{kind}: {'; '.join(map(_named, sources))}" for kind, sources in kinds if sources]
    if run.command:
        parts.append(f'command: {run.command} (seed {run.config.seed})')
    return '. '.join(parts)


def _named(source: Source) -> str:
    note = f'{source.note}, ' if source.note else ''
    return f'{source.path.stem} ({note}sha256 {source.sha256[:16]})'


def start_network(config: TrainConfig) -> DepthNet:
    """Make the network with its initial weights, and stop those that shall not learn."""
    network = _with_weights(config)
    freeze_shallow(network, config.optimizer.frozen_stride)
    return network


def _with_weights(config: TrainConfig) -> DepthNet:
    source = config.initial_weights
    if source.endswith('.safetensors'):
        return _from_checkpoint(Path(source), config)
    network = build_network(config.network)
    if source in ('imagenet', 'pretrained'):
        network.encoder.load_pretrained()  # type: ignore[operator]
    elif source != 'random':
        raise ConfigError('initial_weights must be imagenet, pretrained, random or the path of '
                          f"a .safetensors checkpoint, got '{source}'")
    return network


def starts_metric(config: TrainConfig) -> bool:
    """Tell whether the initial weights give metres as they are."""
    source = config.initial_weights
    if not source.endswith('.safetensors'):
        return False
    _, card = load_depth_net(Path(source))
    return card.output == 'metric_depth' and card.scale == 1.0


def start_motion_network(config: TrainConfig) -> MotionNet:
    """Make the motion networks with the initial weights that the configuration names."""
    source = config.initial_weights
    of_checkpoint = source.endswith('.safetensors')
    if of_checkpoint and holds_motion(Path(source)):
        return _motion_from_checkpoint(Path(source), config)
    motion = MotionNet(config.motion)
    # A checkpoint of depth alone is a good start, too.
    if of_checkpoint or source in ('imagenet', 'pretrained'):
        motion.pose_net.encoder.load_pretrained()  # type: ignore[operator]
    return motion


def _from_checkpoint(path: Path, config: TrainConfig) -> DepthNet:
    network, _ = load_depth_net(path)
    wanted = _filled(config.network, network.config)
    if wanted.head != network.config.head and same_trunk(network.config, wanted):
        return with_new_head(network, wanted)
    if _resized(network.config, wanted) != wanted:
        raise ConfigError(f"the network in '{path}' is {network.config}, the configuration wants "
                          f'{config.network}; make them alike (but for the input size, with '
                          'which canonical_focal grows, and for another network.head)')
    return network if network.config == wanted else resized(network, wanted)


def _motion_from_checkpoint(path: Path, config: TrainConfig) -> MotionNet:
    saved = load_motion_net(path)
    wanted = replace(config.motion, pose=_filled(config.motion.pose, saved.config.pose))
    if (saved.config.pose, saved.config.features) != (wanted.pose, wanted.features):
        raise ConfigError(f"the motion network in '{path}' is {saved.config}, the configuration "
                          f'wants {config.motion}; make them alike')
    motion = MotionNet(wanted)
    motion.load_state_dict(saved.state_dict())
    return motion


def _resized(saved: DepthNetConfig, wanted: DepthNetConfig) -> DepthNetConfig:
    """
    Describe the weights of a checkpoint at another input size.

    They do not depend on the size, or are interpolated. The focal length that their depth
    belongs to is one in pixels of the input, so it grows with the picture.
    """
    ratio = wanted.input_width / saved.input_width
    return replace(saved, input_width=wanted.input_width, input_height=wanted.input_height,
                   canonical_focal=saved.canonical_focal * ratio)


def _filled(config: Settings, saved: Settings) -> Settings:
    """Take from a checkpoint what the configuration leaves open of the same encoder."""
    if config.encoder != saved.encoder or config.encoder_config:
        return config
    return replace(config, encoder_config=saved.encoder_config)
