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

"""How the learning rate changes over a run."""

from sa4depth_train.config import OptimizerConfig
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, MultiStepLR, OneCycleLR

_FALL = 0.1


def learning_rate(optimizer: Optimizer, settings: OptimizerConfig, steps: int) -> LRScheduler:
    """Give the schedule of ``settings`` for a run of ``steps`` steps of the optimizer."""
    if settings.steps:
        return MultiStepLR(optimizer, [round(part * steps) for part in settings.steps], _FALL)
    return OneCycleLR(
        optimizer, [group['lr'] for group in optimizer.param_groups], total_steps=steps,
        pct_start=settings.warmup, cycle_momentum=False)
