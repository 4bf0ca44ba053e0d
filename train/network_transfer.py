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

"""The weights of one depth network in another: a new head, or another input size."""

from collections.abc import Mapping

from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import build_network
from sa4depth_ros.networks.weights import load_exactly
from torch import Tensor
from torch.nn import functional as F

_POSITIONS = 'head.tokens.positions'
_HEAD = 'head.'


def same_trunk(one: DepthNetConfig, other: DepthNetConfig) -> bool:
    """Tell whether two networks differ in nothing that encoder and decoder are made of."""
    return _trunk(one) == _trunk(other)


def resized(network: DepthNet, wanted: DepthNetConfig) -> DepthNet:
    """
    Give ``network`` at the input size of ``wanted``, which is the same in all that has weights.

    Positions of patches that a head has learned are interpolated bilinearly.
    """
    weights = dict(network.state_dict())
    result = build_network(wanted)
    if _POSITIONS in weights:
        size = result.state_dict()[_POSITIONS].shape[2:]
        weights[_POSITIONS] = F.interpolate(
            weights[_POSITIONS], size=tuple(size), mode='bilinear', align_corners=False)
    load_exactly(result, weights, 'the checkpoint')
    return result


def with_new_head(network: DepthNet, wanted: DepthNetConfig) -> DepthNet:
    """
    Give a network like ``wanted`` with encoder and decoder of ``network``; the head is new.

    The last layer of a relative network (head sigmoid) becomes the relative part of metric
    bins: its output is a place in the range of depth, whatever that range is.
    """
    result = build_network(wanted)
    weights = {name: value for name, value in network.state_dict().items()
               if not name.startswith(_HEAD)}
    weights |= _new_head(network, result.state_dict())
    load_exactly(result, weights, 'the checkpoint')
    return result


def _new_head(network: DepthNet, fresh: Mapping[str, Tensor]) -> dict[str, Tensor]:
    head = {name: value for name, value in fresh.items() if name.startswith(_HEAD)}
    if network.config.head == 'sigmoid':
        for name, value in network.state_dict().items():
            inner = name.replace(_HEAD, f'{_HEAD}relative.', 1)
            if name.startswith(_HEAD) and inner in head:
                head[inner] = value
    return head


def _trunk(config: DepthNetConfig) -> DepthNetConfig:
    return DepthNetConfig(
        encoder=config.encoder, encoder_config=config.encoder_config, decoder=config.decoder,
        upsampling=config.upsampling, decoder_channels=config.decoder_channels)
