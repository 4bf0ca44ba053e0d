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
from pathlib import Path

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet
from sa4depth_ros.networks.factory import (
    build_network, holds_motion, load_depth_net, load_motion_net)
from sa4depth_ros.networks.motion_net import MotionNet
from sa4depth_train.config import TrainConfig
from sa4depth_train.run_folder import RunFolder

CARD_METRICS = ('abs_rel', 'rmse', 'delta1', 'scaled_abs_rel', 'scaled_delta1', 'median_scale',
                'scale_consistency', 'frames')


def make_card(run: RunFolder, metrics: Mapping[str, Mapping[str, float]]) -> ModelCard:
    """Describe the network of ``run``; ``metrics`` are per held-out bag."""
    config = run.config
    data = '; '.join(f'{bag.path.stem} (sha256 {bag.sha256[:16]})' for bag in run.bags)
    share = f'first {100 * (1 - config.data.holdout):.0f} % of each: '
    return ModelCard(
        name=config.name,
        # Images alone say nothing about metres.
        output='relative_depth' if config.recipe == 'sa4depth' else 'metric_depth',
        input_height=config.network.input_height,
        input_width=config.network.input_width, min_depth=config.network.min_depth,
        max_depth=config.network.max_depth, canonical_focal=config.network.canonical_focal,
        training_data=share + data, licence=config.licence, notes=config.notes,
        metrics={bag: {name: round(values[name], 4) for name in CARD_METRICS if name in values}
                 for bag, values in metrics.items()})


def start_network(config: TrainConfig) -> DepthNet:
    """Make the network and give it the initial weights that the configuration names."""
    network = build_network(config.network)
    source = config.initial_weights
    if source in ('imagenet', 'pretrained'):
        network.encoder.load_pretrained()  # type: ignore[operator]
    elif source != 'random':
        if not source.endswith('.safetensors'):
            raise ConfigError('initial_weights must be imagenet, random or the path of a '
                              f".safetensors checkpoint, got '{source}'")
        network = _from_checkpoint(Path(source), config)
    return network


def start_motion_network(config: TrainConfig) -> MotionNet:
    """Make the motion networks with the initial weights that the configuration names."""
    motion = MotionNet(config.motion)
    source = config.initial_weights
    if source in ('imagenet', 'pretrained') or (
            source.endswith('.safetensors') and not holds_motion(Path(source))):
        # A checkpoint of depth alone is a good start, too.
        motion.pose_net.encoder.load_pretrained()  # type: ignore[operator]
    elif source != 'random':
        saved = load_motion_net(Path(source))
        if (saved.config.pose, saved.config.features) != (config.motion.pose,
                                                          config.motion.features):
            raise ConfigError(f"the motion network in '{source}' is {saved.config}, the "
                              f'configuration wants {config.motion}; make them alike')
        motion.load_state_dict(saved.state_dict())
    return motion


def _from_checkpoint(path: Path, config: TrainConfig) -> DepthNet:
    network, _ = load_depth_net(path)
    if network.config != config.network:
        raise ConfigError(f"the network in '{path}' is {network.config}, the configuration wants "
                          f'{config.network}; make them alike')
    return network
