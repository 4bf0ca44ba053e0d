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


class AveragedWeights:
    """
    A copy of a network that follows it slowly.

    The decay starts low and rises to ``decay``, so that the random start is soon forgotten;
    with ``decay`` 0 the copy is always equal to the network.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay
        self._updates = 0

    def update(self, network: nn.Module) -> None:
        """Take one step towards ``network``; batch-norm statistics are averaged, too."""
        decay = min(self._decay, (1 + self._updates) / (10 + self._updates))
        self._updates += 1
        # state_dict gives detached tensors, so no gradient is recorded.
        own = self.network.state_dict()
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                own[name].lerp_(value, 1 - decay)
            else:
                own[name].copy_(value)

    def state_dict(self) -> dict[str, Tensor]:
        """Give everything that is needed to go on later."""
        updates = torch.tensor(self._updates)
        return {'updates': updates, **{f'network.{k}': v
                                       for k, v in self.network.state_dict().items()}}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from ``state``."""
        self._updates = int(state['updates'])
        self.network.load_state_dict({
            key.removeprefix('network.'): value for key, value in state.items()
            if key.startswith('network.')})
