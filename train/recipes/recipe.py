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

"""What a training recipe must offer to the trainer, and how it is found by its name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sa4depth_train.run_folder import RunFolder
import torch
from torch import nn
from torch.utils.data import Dataset

# Per held-out bag the metrics by their names.
Heldout = Mapping[str, Mapping[str, float]]


class Recipe(Protocol):
    """
    What is trained, on which samples, with which losses, and how it is measured and saved.

    ``model``: its forward takes a batch (dict of stacked samples, on the device) and gives a
    dict of scalars, for batches of one group the same; ``loss`` is minimised, the others are
    logged. Many processes wrap it in DistributedDataParallel, so everything with parameters
    happens in this forward.
    ``dataset``: sized, has an attribute ``epoch`` that random draws follow from; a sample is a
    dict with a ``name`` for messages.
    ``groups``: ranges of samples; those of two groups never meet in one step.
    ``notes``: lines for people about the samples.
    ``find_unused_parameters``: whether steps may leave some parameters without a gradient.
    """

    model: nn.Module
    dataset: Dataset[dict[str, Any]]
    groups: Sequence[range]
    notes: list[str]
    find_unused_parameters: bool

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        """Set ``model`` up for ``epoch`` (from 0); it is in training mode already."""

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Give the optimizer's groups, each with ``params``, ``lr`` and ``weight_decay``."""

    def validate(self, model: nn.Module) -> dict[str, dict[str, float]]:
        """Measure ``model``, the averaged weights, on the held-out part of each bag."""

    def score(self, heldout: Heldout) -> float:
        """Give what makes an epoch the best, smaller is better; NaN: nothing was held out."""

    def save(self, path: Path, model: nn.Module, heldout: Heldout) -> None:
        """Write a checkpoint with its card."""

    def epoch_line(self, entry: Mapping[str, Any]) -> str:
        """Sum an epoch up in one line for people."""


def build_recipe(run: RunFolder, device: torch.device) -> Recipe:
    """
    Make the recipe that the configuration of ``run`` names, with its model on ``device``.

    Reads the bags; raises Sa4DepthError with the reason why it cannot train.
    """
    if run.config.recipe == 'sa4depth':
        from sa4depth_train.recipes.self_supervised import SelfSupervisedRecipe
        return SelfSupervisedRecipe(run, device)
    if run.config.recipe == 'mixed':
        from sa4depth_train.recipes.mixed import MixedRecipe
        return MixedRecipe(run, device)
    from sa4depth_train.recipes.supervised import SupervisedRecipe
    return SupervisedRecipe(run, device)
