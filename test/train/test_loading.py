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

"""Loader processes: they live through epochs, know the epoch, pass errors on, survive Ctrl-C."""

import os
import signal
import time

import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.loading import EpochLoader
import torch
from torch.utils.data import Dataset

CPU = torch.device('cpu')


class Numbers(Dataset[dict[str, object]]):
    """Six samples that tell who made them and when; number 5 may be damaged."""

    def __init__(self, *, broken: bool = False, slow: float = 0.0) -> None:
        self.epoch = 0
        self._broken, self._slow = broken, slow

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> dict[str, object]:
        time.sleep(self._slow)
        if self._broken and index == 5:
            raise BagError('frame 5 is damaged')
        return {'index': index, 'epoch': self.epoch, 'process': os.getpid(), 'name': str(index)}


@pytest.mark.parametrize('workers', [0, 2])
def test_batches_come_as_planned_with_their_epoch(workers) -> None:
    loader = EpochLoader(Numbers(), CPU, workers)
    for epoch, plan in ((0, [[0, 3], [5]]), (1, [[1]]), (4, [[2, 4]])):
        batches = list(loader.batches(epoch, plan))
        assert [batch['index'].tolist() for batch in batches] == plan
        assert all((batch['epoch'] == epoch).all() for batch in batches)
        assert batches[0]['name'] == [str(index) for index in plan[0]]
    assert [b['index'].tolist() for b in loader.in_order(4)] == [[0, 1, 2, 3], [4, 5]]


def test_loader_processes_live_through_all_epochs() -> None:
    loader = EpochLoader(Numbers(), CPU, 2)
    makers = [{int(pid) for batch in loader.batches(epoch, [[0], [1], [2], [3]])
               for pid in batch['process']} for epoch in range(3)]
    assert len(makers[0]) == 2
    assert makers[0] == makers[1] == makers[2]
    assert os.getpid() not in makers[0]


@pytest.mark.parametrize('workers', [0, 1])
def test_an_error_arrives_as_itself(workers) -> None:
    batches = EpochLoader(Numbers(broken=True), CPU, workers).batches(0, [[0, 1], [2, 5]])
    assert next(batches)['index'].tolist() == [0, 1]
    with pytest.raises(BagError, match=r'^frame 5 is damaged$'):
        next(batches)


def test_loader_processes_outlive_signals_to_the_whole_group() -> None:
    loader = EpochLoader(Numbers(), CPU, 1)
    batches = loader.batches(0, [[0], [1], [2], [3], [4], [5]])
    worker = int(next(batches)['process'])
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(worker, number)
    assert len(list(batches)) == 5


def test_loading_leaves_the_random_numbers_of_training_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    for workers in (0, 1):
        list(EpochLoader(Numbers(), CPU, workers).batches(0, [[0]]))
    assert torch.equal(torch.get_rng_state(), before)


def test_waiting_is_measured() -> None:
    loader = EpochLoader(Numbers(slow=0.05), CPU, 0)
    list(loader.batches(0, [[0, 1], [2]]))
    assert 0.15 <= loader.waited < 2
