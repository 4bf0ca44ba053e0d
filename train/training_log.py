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

"""The TensorBoard log of a training run."""

from collections.abc import Mapping
from types import TracebackType

from sa4depth_train.run_folder import RunFolder
from torch.utils.tensorboard import SummaryWriter


class TrainingLog:
    """Writes figures of steps and epochs to the run's TensorBoard folder; without run nothing."""

    def __init__(self, run: RunFolder | None) -> None:
        self._writer = None if run is None else SummaryWriter(str(run.tensorboard))

    def __enter__(self) -> 'TrainingLog':
        """Give the log itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left and close the file."""
        if self._writer is not None:
            self._writer.close()

    def step(self, number: int, losses: Mapping[str, float], lr: float) -> None:
        """Write the losses and the learning rate of a step."""
        self._write('train', number, {**losses, 'lr': lr})

    def speed(self, epoch: int, *, seconds: float, waited: float, samples: int) -> None:
        """Write how fast an epoch was and which share of it was spent waiting for batches."""
        if samples:
            self._write('speed', epoch, {'samples_per_second': samples / seconds,
                                         'waiting_for_data': waited / seconds})

    def heldout(self, epoch: int, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Write the metrics of each bag."""
        for bag, values in metrics.items():
            self._write(f'heldout_{bag}', epoch, values)

    def _write(self, group: str, number: int, values: Mapping[str, float]) -> None:
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(f'{group}/{name}', value, number)
