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

from sa4depth_train.config import OptimizerConfig
from torch import nn


def parameter_groups(model: nn.Module, settings: OptimizerConfig) -> list[dict[str, Any]]:
    """Split parameters: encoders learn slower, norms and biases do not decay."""
    groups = []
    for of_encoder in (True, False):
        for decays in (True, False):
            chosen = [p for name, p in model.named_parameters()
                      if ('encoder' in name.split('.')) == of_encoder and (p.ndim > 1) == decays]
            groups.append({'params': chosen,
                           'lr': settings.lr * (settings.encoder_lr if of_encoder else 1),
                           'weight_decay': settings.weight_decay if decays else 0.0})
    return groups


def freeze_encoder_norms(model: nn.Module) -> None:
    """Let the batch norms of all encoders use their stored statistics; the rest still learns."""
    for name, part in model.named_modules():
        if 'encoder' in name.split('.') and isinstance(part, nn.BatchNorm2d):
            part.eval()
