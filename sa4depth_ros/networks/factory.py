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

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, is_dataclass
import json
from pathlib import Path
from typing import Any, get_origin, get_type_hints, TypeVar

from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.weights import load_exactly
from safetensors import safe_open, SafetensorError
from safetensors.torch import save_file
import torch
from torch import nn, Tensor

NETWORK_KEY = 'network'
MOTION_KEY = 'motion'
_MOTION_PREFIX = 'motion.'

Config = TypeVar('Config')


class DeployedDepth(nn.Module):
    """A DepthNet as it runs on a robot: uint8 images in, depth out."""

    def __init__(self, network: DepthNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Give depth (N, 1, H, W) float32 of ``image`` (N, H, W, 3) uint8 RGB."""
        # In this order: TensorRT takes uint8 inputs, but nothing with them except the cast.
        return self.network(image.to(torch.float32).permute(0, 3, 1, 2) / 255.0)


def build_network(config: DepthNetConfig) -> DepthNet:
    """Make the network of ``config`` with random weights."""
    return DepthNet(config)


def save_checkpoint(
    path: Path, network: DepthNet, card: ModelCard, motion: MotionNet | None = None,
) -> None:
    """
    Write weights, configuration and card of ``network`` as one .safetensors file.

    ``motion`` is the motion network that was trained with it, if any; it lies in the same
    file under ``motion.<name>``.
    """
    header = card.to_metadata() | {NETWORK_KEY: json.dumps(asdict(network.config))}
    weights = _weights(network, '')
    if motion is not None:
        header[MOTION_KEY] = json.dumps(asdict(motion.config))
        weights |= _weights(motion, _MOTION_PREFIX)
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
    network = build_network(_config(DepthNetConfig, header[NETWORK_KEY], path))
    own = {name: value for name, value in weights.items() if not name.startswith(_MOTION_PREFIX)}
    load_exactly(network, own, str(path))
    return network, ModelCard.from_metadata(header)


def holds_motion(path: Path) -> bool:
    """Tell whether a checkpoint holds a motion network; ModelError when it cannot be read."""
    with _opened(path) as file:
        return MOTION_KEY in (file.metadata() or {})


def load_motion_net(path: Path) -> MotionNet:
    """Read the motion network of a checkpoint; ModelError when it holds none that fits."""
    header, weights = _read(path)
    if MOTION_KEY not in header:
        raise ModelError(f"expected a checkpoint with a motion network, but '{path}' is a "
                         'depth-only checkpoint; the recipe sa4depth trains one with motion')
    motion = MotionNet(_config(MotionConfig, header[MOTION_KEY], path))
    own = {name.removeprefix(_MOTION_PREFIX): value for name, value in weights.items()
           if name.startswith(_MOTION_PREFIX)}
    try:
        load_exactly(motion, own, str(path))
    except ModelError as error:
        raise ModelError(
            f'the motion networks are not those of this version ({error}) Train them anew; '
            'sa4depth export --no-motion still exports the depth of this checkpoint.') from error
    return motion


def load_checkpoint(path: Path) -> tuple[nn.Module, ModelCard]:
    """Read a checkpoint as a module from uint8 (1, H, W, 3) to depth (1, 1, H, W)."""
    network, card = load_depth_net(path)
    return DeployedDepth(network).eval(), card


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise ModelError(f"expected a checkpoint at '{path}', but there is none")
    try:
        with safe_open(path, framework='pt') as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise ModelError(f"cannot read the checkpoint '{path}': {error}") from error


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    with _opened(path) as file:
        names = list(file.keys())
        return file.metadata() or {}, {name: file.get_tensor(name) for name in names}


def _weights(network: nn.Module, prefix: str) -> dict[str, Tensor]:
    return {prefix + name: value.detach().cpu().contiguous()
            for name, value in network.state_dict().items()}


def _config(cls: type[Config], text: str, path: Path) -> Config:
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(f"the network description in '{path}' is not JSON: {error}") from error
    try:
        return _built(cls, values, path)
    except (ConfigError, TypeError) as error:
        raise ModelError(f"the network description in '{path}' is wrong: {error}") from error


def _built(cls: Any, values: dict[str, Any], path: Path) -> Any:
    kinds = get_type_hints(cls)
    unknown = sorted(set(values) - {field.name for field in fields(cls)})
    if unknown:
        raise ModelError(f"the network in '{path}' has settings that this version does not know: "
                         f"{', '.join(unknown)}")
    return cls(**{name: _value(kinds[name], value, path) for name, value in values.items()})


def _value(kind: Any, value: Any, path: Path) -> Any:
    if is_dataclass(kind):
        return _built(kind, value, path)
    return tuple(value) if get_origin(kind) is tuple else value
