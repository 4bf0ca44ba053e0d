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

"""Networks from configurations, and the checkpoint file that holds both."""

from dataclasses import asdict, fields
import json
from pathlib import Path
from typing import Any

from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.efficientnet_lite import load_exactly
from safetensors import safe_open, SafetensorError
from safetensors.torch import save_file
import torch
from torch import nn, Tensor

NETWORK_KEY = 'network'


class DeployedDepth(nn.Module):
    """A DepthNet as it runs on a robot: uint8 images in, depth out."""

    def __init__(self, network: DepthNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Give depth (N, 1, H, W) float32 of ``image`` (N, H, W, 3) uint8 RGB."""
        return self.network(image.permute(0, 3, 1, 2).to(torch.float32) / 255.0)


def build_network(config: DepthNetConfig) -> DepthNet:
    """Make the network of ``config`` with random weights."""
    return DepthNet(config)


def save_checkpoint(path: Path, network: DepthNet, card: ModelCard) -> None:
    """Write weights, configuration and card of ``network`` as one .safetensors file."""
    header = card.to_metadata() | {NETWORK_KEY: json.dumps(asdict(network.config))}
    weights = {key: value.detach().cpu().contiguous()
               for key, value in network.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    # A file cut short by an interrupt must not replace a good one.
    temporary = path.with_suffix('.tmp')
    save_file(weights, temporary, metadata=header)
    temporary.replace(path)


def load_depth_net(path: Path) -> tuple[DepthNet, ModelCard]:
    """Read the network and the card of a checkpoint; ModelError says what does not fit."""
    header, weights = _read(path)
    if NETWORK_KEY not in header:
        raise ModelError(f"'{path}' has no '{NETWORK_KEY}' in its header, so it is no checkpoint "
                         'of `sa4depth train`')
    network = build_network(_config(header[NETWORK_KEY], path))
    load_exactly(network, weights, str(path))
    return network, ModelCard.from_metadata(header)


def load_checkpoint(path: Path) -> tuple[nn.Module, ModelCard]:
    """Read a checkpoint as a module from uint8 (1, H, W, 3) to depth (1, 1, H, W)."""
    network, card = load_depth_net(path)
    return DeployedDepth(network).eval(), card


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise ModelError(f"expected a checkpoint at '{path}', but there is none")
    try:
        with safe_open(path, framework='pt') as file:
            names = list(file.keys())
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise ModelError(f"cannot read the checkpoint '{path}': {error}") from error


def _config(text: str, path: Path) -> DepthNetConfig:
    try:
        values: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(f"the network description in '{path}' is not JSON: {error}") from error
    known = {field.name for field in fields(DepthNetConfig)}
    if set(values) - known:
        raise ModelError(f"the network in '{path}' has settings that this version does not know: "
                         f"{', '.join(sorted(set(values) - known))}")
    try:
        return DepthNetConfig(**values)
    except (ConfigError, TypeError) as error:
        raise ModelError(f"the network description in '{path}' is wrong: {error}") from error
