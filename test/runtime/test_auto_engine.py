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

"""The next backend takes over where one does not start, or its device fails."""

import numpy as np
import pytest
from sa4depth_ros.errors import BackendMissingError, DeviceError, ModelError
from sa4depth_ros.runtime.engines.auto_engine import AutoEngine
from sa4depth_ros.runtime.engines.base import Remark


class FakeEngine:
    """Gives its number for every image, until it has answered ``lasts`` times."""

    metadata = {'key': 'value'}
    input_shape = (-1, 4, 6, 3)
    input_dtype = np.dtype(np.uint8)
    remarks = ()

    def __init__(self, number, lasts=10**6, max_batch=4):
        self.name = f'fake {number}'
        self.number, self.lasts, self.max_batch = number, lasts, max_batch
        self.closed = 0

    def infer(self, tensor, output_name=''):
        assert len(tensor) <= self.max_batch
        assert not self.closed
        self.lasts -= 1
        if self.lasts < 0:
            raise DeviceError('the device is lost')
        return np.full((len(tensor), 4, 6), self.number, np.float32)

    def close(self):
        self.closed += 1


def failing(error):
    def opened():
        raise error
    return opened


def images(count):
    return np.zeros((count, 4, 6, 3), np.uint8)


def test_the_first_that_starts_is_taken() -> None:
    lines = []
    auto = AutoEngine([('a', failing(BackendMissingError('not here'))),
                       ('b', lambda: FakeEngine(2)), ('c', lambda: FakeEngine(3))], lines.append)
    assert auto.name == 'fake 2'
    assert auto.infer(images(1))[0, 0, 0] == 2
    assert [(r.text, r.is_fault) for r in auto.remarks] == [('a: not here', False)]
    # What is merely absent is no news.
    assert lines == []


def test_one_that_is_refused_is_a_fault_and_said() -> None:
    lines = []
    auto = AutoEngine([('a', failing(ModelError('fails the self-check'))),
                       ('b', lambda: FakeEngine(2))], lines.append)
    assert [(r.text, r.is_fault) for r in auto.remarks] == [('a: fails the self-check', True)]
    assert lines == ['a does not run the model: fails the self-check',
                     'the model runs on fake 2']


def test_frames_go_on_when_the_device_is_lost() -> None:
    first, second = FakeEngine(1, lasts=2), FakeEngine(2)
    auto = AutoEngine([('a', lambda: first), ('b', lambda: second)], lambda line: None)
    answers = [auto.infer(images(1))[0, 0, 0] for _ in range(4)]
    assert answers == [1, 1, 2, 2]
    assert (first.closed, auto.name) == (1, 'fake 2')
    assert [(r.text, r.is_fault) for r in auto.remarks] == [
        ('fake 1: the device is lost', True)]
    auto.close()
    assert (first.closed, second.closed) == (1, 1)
    second.remarks = (Remark('runs in fp32', False),)
    assert [r.text for r in auto.remarks] == ['fake 1: the device is lost', 'runs in fp32']


def test_a_batch_is_cut_for_the_engine_that_takes_over() -> None:
    auto = AutoEngine([('a', lambda: FakeEngine(1, lasts=0)),
                       ('b', lambda: FakeEngine(2, max_batch=1))], lambda line: None)
    assert auto.max_batch == 4
    assert auto.infer(images(3)).shape == (3, 4, 6)
    assert auto.max_batch == 1


def test_a_frame_that_one_backend_refuses_is_no_reason_to_change_it() -> None:
    engine = FakeEngine(1)
    auto = AutoEngine([('a', lambda: engine), ('b', lambda: FakeEngine(2))], lambda line: None)
    engine.infer = lambda *_: failing(ModelError('wrong shape'))()
    with pytest.raises(ModelError, match='wrong shape'):
        auto.infer(images(1))
    assert auto.name == 'fake 1'


def test_the_last_error_is_raised_when_none_is_left() -> None:
    with pytest.raises(ModelError, match='second'):
        AutoEngine([('a', failing(ModelError('first'))), ('b', failing(ModelError('second')))],
                   lambda line: None)
    auto = AutoEngine([('a', lambda: FakeEngine(1, lasts=1))], lambda line: None)
    auto.infer(images(1))
    for _ in range(3):
        with pytest.raises(DeviceError, match='no backend is left'):
            auto.infer(images(1))
    assert len(auto.remarks) == 1
    auto.close()
