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

"""The worker with several cameras: turns, batches, refusals, each by itself."""

from types import SimpleNamespace

import pytest
from sa4depth_ros.errors import DeviceError, FrameError, ModelError
from sa4depth_ros.nodes.depth_worker import DepthWorker
from sa4depth_ros.nodes.engine_log import EngineLog
from sa4depth_ros.nodes.mailbox import Mailbox
from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.runtime.engines import BuildStep, Remark

DEADLINE = 5.0


def test_slots_take_turns_though_one_is_always_full():
    mailbox = Mailbox(['fast', 'slow', 'slower'])
    turns = []
    for step in range(12):
        mailbox.put(step, 'fast')
        if step % 3 == 0:
            mailbox.put(step, 'slow')
        if step % 6 == 0:
            mailbox.put(step, 'slower')
        turns += mailbox.take()
    # Whoever waits is served after at most one item of each other slot.
    assert turns == ['fast', 'slow', 'slower', 'fast', 'slow', 'fast',
                     'slower', 'slow', 'fast', 'slow', 'fast', 'fast']


def test_as_many_slots_as_wanted_are_emptied_at_once():
    mailbox = Mailbox(['a', 'b', 'c'])
    for slot in 'cab':
        mailbox.put(slot.upper(), slot)
    assert mailbox.take(2) == {'a': 'A', 'b': 'B'}
    mailbox.put('A2', 'a')
    assert list(mailbox.take(2).items()) == [('c', 'C'), ('a', 'A2')]


def test_a_slot_that_rests_is_passed_over():
    mailbox = Mailbox(['a', 'b'])
    mailbox.put(1, 'a')
    mailbox.put(2, 'b')
    rests = {'a': 0.05, 'b': 0.0}
    assert mailbox.take(2, lambda slot: rests[slot]) == {'b': 2}

    def rest(slot):
        rests[slot] -= 0.03
        return rests[slot]
    # It waits for the rest to pass, and looks again.
    assert mailbox.take(2, rest) == {'a': 1}


class Stream:
    """A camera whose images are numbers; negative ones cannot be decoded."""

    def __init__(self, name, events):
        self.name, self.events = name, events
        self.statistics = SimpleNamespace(arrived=lambda: None, dropped=lambda cause: None)

    def rest(self):
        return 0.0

    def prepare(self, arrival, _estimator):
        if arrival < 0:
            raise FrameError('negative', 'encoding')
        return SimpleNamespace(stream=self, frame=arrival)

    def publish(self, _work, frame, together):
        if frame == 13:
            raise RuntimeError('unlucky')
        self.events.append((self.name, frame, together))

    def refuse(self, error):
        self.events.append((self.name, type(error)))


class Estimator:
    """An engine for batches that fails on what ``failures`` names, and on all it is in."""

    def __init__(self, failures):
        self.failures, self.batch = failures, 3

    def infer_each(self, frames):
        for frame in frames:
            if frame in self.failures:
                raise self.failures[frame]
        yield from frames


def events_of(images, failures=None):
    """Work on one image of each of several cameras, and give what became of them."""
    events = []
    streams = [Stream(name, events) for name in 'abc']
    worker = DepthWorker(estimator=Estimator(failures or {}), streams=streams)
    # All at once, whatever the thread has begun to do.
    works = [w for s, i in zip(streams, images) if (w := worker._prepared(s.name, i)) is not None]
    worker._infer(works)
    assert worker.stop(DEADLINE)
    return events


def test_a_batch_is_published_frame_by_frame():
    assert events_of([1, 2, 3]) == [('a', 1, 3), ('b', 2, 3), ('c', 3, 3)]


def test_an_image_that_cannot_be_decoded_leaves_the_batch():
    assert events_of([1, -2, 3]) == [('b', FrameError), ('a', 1, 2), ('c', 3, 2)]


def test_what_the_engine_refuses_does_not_take_the_others_along():
    assert events_of([1, 2, 3], {2: ModelError('no')}) == [
        ('a', 1, 1), ('b', ModelError), ('c', 3, 1)]


def test_a_lost_device_is_counted_for_every_frame():
    assert events_of([1, 2, 3], {2: DeviceError('gone')}) == [
        (name, DeviceError) for name in 'abc']


def test_an_error_of_ours_costs_one_frame():
    assert events_of([1, 13, 3]) == [('a', 1, 3), ('b', RuntimeError), ('c', 3, 3)]


def test_the_thread_serves_all_cameras():
    events = []
    worker = DepthWorker(
        estimator=Estimator({}), streams=[Stream(name, events) for name in 'abc'],
        served=lambda: events.append('served'))
    for number, name in enumerate('abc'):
        worker.put(number, name)
    while 'served' not in events or len(events) < 4:
        assert worker._thread.is_alive()
    assert worker.stop(DEADLINE)
    assert [event[:2] for event in events if event != 'served'] == [('a', 0), ('b', 1), ('c', 2)]


class Lines(list):
    """A logger that keeps what it is given."""

    def info(self, text):
        self.append(text)

    warning = debug = info


@pytest.fixture
def clock():
    return SimpleNamespace(now=100.0)


def test_a_build_is_logged_every_ten_seconds_and_at_new_phases(clock):
    lines, running = Lines(), [True]
    log = EngineLog(lines, lambda: running[0], lambda: clock.now)
    for phase, step, after in (('parse', 1, 0.0), ('tune', 1, 1.0), ('tune', 2, 1.5),
                               ('tune', 3, 5.0), ('tune', 4, 5.1)):
        clock.now += after
        assert log.progress(BuildStep(phase, step, 9, step / 10))
    running[0] = False
    assert not log.progress(BuildStep('tune', 5, 9, None))
    assert lines == ['building the engine: parse, 1 of 9, 10% of all',
                     'building the engine: tune, 2 of 9, 20% of all',
                     'building the engine: tune, 4 of 9, 40% of all']


def test_remarks_are_logged_once():
    lines = Lines()
    log = EngineLog(lines, lambda: True)
    engine = SimpleNamespace(name='cpu', remarks=(Remark('tensorrt: not here', False),))
    log.note(engine)
    engine.remarks += (Remark('cuda: lost', True),)
    log.note(engine)
    log.note(engine)
    assert lines == ['not used: tensorrt: not here',
                     'a better backend has failed, so the model runs on cpu']


def test_parameters_become_engine_options(tmp_path):
    lines = Lines()
    log = EngineLog(lines, lambda: True)
    options = log.options(DepthParameters(
        threads=2, cameras=('a', 'b'), engine_cache=str(tmp_path), engine_workspace_mb=512,
        cuda_graph=True))
    assert (options.threads, options.batch, options.cache) == (2, 2, tmp_path)
    assert (options.workspace_mb, options.cuda_graph) == (512, True)
    options.report('hello')
    assert lines == ['hello']
    default = log.options(DepthParameters())
    assert (default.batch, default.cache) == (1, None)
