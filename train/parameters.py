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

"""Which parameters learn how fast, and which norms stand still."""

from typing import Any

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.depth_net import DepthNet
from sa4depth_ros.networks.efficientnet_lite import EfficientNetLite
from sa4depth_train.config import OptimizerConfig
from torch import nn


def parameter_groups(model: nn.Module, settings: OptimizerConfig) -> list[dict[str, Any]]:
    """
    Split what learns: encoders do so slower, norms and biases do not decay.

    A part that is called depth_net has a factor of its own, and all of it but the head another
    one. Empty groups are left out.
    """
    chosen: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            factor = _factor(name.split('.'), settings)
            chosen.setdefault((factor, parameter.ndim > 1), []).append(parameter)
    return [{'params': parameters, 'lr': settings.lr * factor,
             'weight_decay': settings.weight_decay if decays else 0.0}
            for (factor, decays), parameters in chosen.items()]


def _factor(path: list[str], settings: OptimizerConfig) -> float:
    factor = settings.encoder_lr if 'encoder' in path else 1.0
    if 'depth_net' in path:
        factor *= settings.depth_lr
    return factor * settings.trunk_lr if _in_trunk(path) else factor


def _in_trunk(path: list[str]) -> bool:
    """Tell whether a name lies in a depth network, but not in what is new in its head."""
    if 'depth_net' not in path:
        return False
    inner = path[path.index('depth_net') + 1:]
    return inner[0] != 'head' or 'relative' in inner


def freeze_trunk(model: nn.Module) -> None:
    """
    Stop the part called depth_net from learning, norms included, but for its head.

    The relative part of a head of metric bins stands still, too. The norms do so until the model
    is set to training again.
    """
    for name, parameter in model.named_parameters():
        if _in_trunk(name.split('.')):
            parameter.requires_grad_(False)
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d) and _in_trunk(name.split('.')):
            module.eval()


def freeze_shallow(depth_net: DepthNet, stride: int) -> None:
    """
    Stop the encoder's layers down to ``stride`` from learning, norms included; 0 stops none.

    Raises ConfigError for an encoder that is not EfficientNet-Lite.
    """
    if not stride:
        return
    encoder = depth_net.encoder
    if not isinstance(encoder, EfficientNetLite):
        raise ConfigError('optimizer.frozen_stride is for network.encoder=efficientnet_lite0, '
                          f'got {depth_net.config.encoder}; set it to 0')
    for layer in encoder.until(stride):
        layer.requires_grad_(False)


def freeze_encoder_norms(model: nn.Module) -> None:
    """Let the batch norms of all encoders use their stored statistics; the rest still learns."""
    freeze_norms(model, 'encoder')


def freeze_norms(model: nn.Module, part: str) -> None:
    """Let the batch norms in all parts of that name use their stored statistics."""
    for name, module in model.named_modules():
        if part in name.split('.') and isinstance(module, nn.BatchNorm2d):
            module.eval()
