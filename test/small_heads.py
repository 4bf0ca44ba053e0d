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

"""Depth networks with each kind of head, small enough for tests."""

from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.ada_bins_head import AdaBinsConfig
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.metric_bins_head import MetricBinsConfig
from sa4depth_ros.networks.self_query_head import SelfQueryConfig

SMALL = {'input_height': 64, 'input_width': 96, 'decoder_channels': (8, 8, 8, 16, 16),
         'min_depth': 0.5, 'max_depth': 8.0, 'canonical_focal': 100.0}
CARD = ModelCard(name='small', input_height=64, input_width=96, min_depth=0.5, max_depth=8.0,
                 canonical_focal=100.0, training_data='none')
_TRANSFORMER = {'patch': 8, 'channels': 16, 'layers': 2, 'feed_forward': 32}
_METRIC_BINS = {'bins': 16, 'attractors': (4, 3, 2, 1), 'seed_channels': 16, 'channels': 16}
HEADS = {
    'self_query': {'head': 'self_query', 'self_query': SelfQueryConfig(
        queries=16, bins=16, **_TRANSFORMER)},
    'ada_bins': {'head': 'ada_bins', 'ada_bins': AdaBinsConfig(
        kernels=16, bins=32, **_TRANSFORMER)},
    'metric_bins': {'head': 'metric_bins', 'metric_bins': MetricBinsConfig(**_METRIC_BINS)},
    'metric_bins_exp': {'head': 'metric_bins', 'metric_bins': MetricBinsConfig(
        kind='exp', centres='normed', **_METRIC_BINS)},
}


def small_config(name: str, **changes: object) -> DepthNetConfig:
    """Give the configuration of one of HEADS, or of the head sigmoid."""
    return DepthNetConfig(**(SMALL | HEADS.get(name, {}) | changes))
