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

"""The frames of a supervised run: those of its bags and those of its rendered worlds."""

from collections.abc import Sequence

from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import DataConfig
from sa4depth_train.frame_set import FrameSet, JoinedFrames, Parts
from sa4depth_train.rendered_frames import RenderedFrames
from sa4depth_train.run_folder import RunFolder
from sa4depth_train.scene_sampling import SceneSampler


class TrainingFrames(JoinedFrames):
    """
    All frames of a run under one numbering.

    ``bags`` and ``worlds`` split ``train_of``; ``measured`` are the held-out parts, no longer than
    data.measured_frames.
    """

    def __init__(self, run: RunFolder, size: tuple[int, int]) -> None:
        """Index what ``run`` lists for network inputs of ``size`` (width, height)."""
        data = run.config.data
        sets: list[FrameSet] = []
        if run.bags or run.heldout_bags:
            sets.append(BagFrames([bag.path for bag in run.bags], data, size,
                                  heldout_bags=[bag.path for bag in run.heldout_bags]))
        if run.worlds:
            sets.append(RenderedFrames([cache.path for cache in run.worlds], data, size))
        super().__init__(sets)
        scenes, first = list(self.train_of.items()), len(run.bags) + len(run.heldout_bags)
        self.bags: Parts = dict(scenes[:first])
        self.worlds: Parts = dict(scenes[first:])
        self.measured: Parts = {name: _thinned(part, data.measured_frames)
                                for name, part in self.heldout.items()}

    def chosen(self, data: DataConfig, seed: int) -> Sequence[int] | SceneSampler:
        """Give what an epoch shows: every frame, or a draw by scene."""
        if data.samples_per_epoch:
            return SceneSampler(self.bags, self.worlds, data.samples_per_epoch, data.real_share,
                                seed)
        return [index for part in self.train_of.values() for index in part]

    @property
    def notes(self) -> list[str]:
        """Say in lines for people what is trained on and what is measured."""
        lines = [f'{bag}: {len(part)} frames to train on, {len(self.heldout[bag])} held out'
                 for bag, part in self.bags.items()]
        if self.worlds:
            count = sum(len(part) for part in self.worlds.values())
            lines.append(f'{len(self.worlds)} rendered worlds: {count} frames to train on')
        return lines + [f'{name}: {len(part)} rendered frames held out'
                        for name, part in self.heldout.items() if name not in self.bags]


def _thinned(indices: Sequence[int], most: int) -> Sequence[int]:
    """Give at most ``most`` of them, evenly spread; 0 gives all."""
    if not most or len(indices) <= most:
        return indices
    return [indices[(2 * place + 1) * len(indices) // (2 * most)] for place in range(most)]
