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

"""Exponential moving average of weights: nearly free, and better than the last step."""

import copy

import torch
from torch import nn, Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn


class AveragedWeights:
    """
    A copy of a model that follows it slowly.

    The decay starts low and rises to ``decay``, so that the random start is soon forgotten;
    with ``decay`` 0 the copy is always equal to the model.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay
        self._updates = 0

    def update(self, model: nn.Module) -> None:
        """Take one step towards ``model``; batch-norm statistics are averaged, too."""
        decay = min(self._decay, (1 + self._updates) / (10 + self._updates))
        self._updates += 1
        # state_dict gives detached tensors, so no gradient is recorded.
        own, other = self.model.state_dict(), model.state_dict()
        followed = [name for name, value in other.items() if value.is_floating_point()]
        # All tensors at once: one by one they cost more time than the optimizer's step.
        get_ema_multi_avg_fn(decay)(
            [own[name] for name in followed], [other[name] for name in followed], None)
        for name in other.keys() - set(followed):
            own[name].copy_(other[name])

    def state_dict(self) -> dict[str, Tensor]:
        """Give everything that is needed to go on later."""
        updates = torch.tensor(self._updates)
        return {'updates': updates, **{f'model.{k}': v
                                       for k, v in self.model.state_dict().items()}}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from ``state``."""
        self._updates = int(state['updates'])
        self.model.load_state_dict({
            key.removeprefix('model.'): value for key, value in state.items()
            if key.startswith('model.')})
