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

"""Batches of samples, made ahead of time by loader processes that live through all epochs."""

from collections.abc import Iterator, Sequence
import signal
import time
from types import FrameType
from typing import Any

import cv2
from sa4depth_ros.errors import Sa4DepthError
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

Batch = dict[str, Any]
# A loader process that is asked to terminate leaves the training process time to save.
_GRACE_SECONDS = 30


class EpochLoader:
    """
    Loads the batches of one epoch after the other from a dataset with an ``epoch``.

    ``waited`` are the seconds that the caller had to wait for batches so far. ``device`` is
    where the tensors go.
    """

    def __init__(self, dataset: Dataset[Any], device: torch.device, workers: int) -> None:
        self.waited = 0.0
        self._dataset = dataset
        self._device = device
        self._plan: list[list[tuple[int, int]]] = []
        # The loader draws a number for its workers; not from the generator of the training,
        # or a resumed run would have another state than one that never stopped.
        self._loader = DataLoader(
            _WithEpoch(dataset), batch_sampler=self._plan, num_workers=workers,
            persistent_workers=workers > 0, pin_memory=device.type == 'cuda',
            collate_fn=collate, worker_init_fn=init_worker, generator=torch.Generator())

    def batches(self, epoch: int, plan: Sequence[Sequence[int]]) -> Iterator[Batch]:
        """Give the batches of samples that ``plan`` lists; raises what their reading raised."""
        self._plan[:] = [[(epoch, index) for index in batch] for batch in plan]
        samples = iter(self._loader)
        for _ in plan:
            start = time.perf_counter()
            batch = arrived(next(samples))
            moved = {key: self._moved(value) for key, value in batch.items()}
            self.waited += time.perf_counter() - start
            yield moved

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """Give all samples as they come, epoch 0, for measurements."""
        count = len(self._dataset)  # type: ignore[arg-type]
        return self.batches(0, [range(first, min(first + batch_size, count))
                                for first in range(0, count, batch_size)])

    def _moved(self, value: object) -> object:
        return value.to(self._device, non_blocking=True) if isinstance(value, Tensor) else value


class _WithEpoch(Dataset[Any]):
    """A dataset whose epoch comes with the index: loader processes have their own copy of it."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def __getitem__(self, place: tuple[int, int]) -> Any:
        epoch, index = place
        self._dataset.epoch = epoch
        try:
            return self._dataset[index]
        except Sa4DepthError as error:
            return error


def collate(samples: list[Any]) -> Any:
    """Stack samples to a batch; an error among them is passed on instead."""
    errors = [sample for sample in samples if isinstance(sample, Sa4DepthError)]
    return errors[0] if errors else default_collate(samples)


def arrived(batch: Any) -> Batch:
    """Give the batch, or raise the error that took its place."""
    if isinstance(batch, Sa4DepthError):
        raise batch
    return batch


def init_worker(_number: int) -> None:
    """Set a loader process up: it leaves Ctrl-C to the training process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminate_later)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    cv2.setNumThreads(0)


def _terminate_later(_number: int, _frame: FrameType | None) -> None:
    signal.alarm(_GRACE_SECONDS)
