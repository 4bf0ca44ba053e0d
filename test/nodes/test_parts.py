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

"""Mailbox, throttled log, statistics and the verdict of the diagnostics, by themselves."""

from types import SimpleNamespace

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from sa4depth_ros.nodes.arrival import Arrival
from sa4depth_ros.nodes.depth_outputs import color_range
from sa4depth_ros.nodes.diagnostics import health_status, NodeState
from sa4depth_ros.nodes.mailbox import Mailbox
from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.nodes.statistics import FrameStatistics
from sa4depth_ros.nodes.throttled_log import ThrottledLog
import std_msgs.msg


class Clock:
    """A clock that stands until it is told otherwise."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_newest_item_replaces_the_waiting_one():
    mailbox = Mailbox()
    assert not mailbox.put(1)
    assert mailbox.put(2)
    assert mailbox.take() == {'': 2}
    assert not mailbox.put(3)
    mailbox.close()
    assert mailbox.take() == {}


class Lines(list):
    """A logger that keeps what it is given."""

    def warning(self, text):
        self.append(('warning', text))

    def error(self, text):
        self.append(('error', text))


def test_each_kind_is_logged_once_a_period(clock):
    lines = Lines()
    log = ThrottledLog(lines, period=5.0, clock=clock)
    for _ in range(3):
        log.warn('size', 'too small')
    log.error('engine', 'broken')
    clock.now += 5.0
    log.warn('size', 'too large')
    assert lines == [('warning', 'too small'), ('error', 'broken'),
                     ('warning', 'too large (2 more like it since)')]


def test_rates_and_latencies_look_back_five_seconds(clock):
    frames = FrameStatistics(clock)
    for step in range(100):
        clock.now += 0.1
        frames.arrived()
        if step % 2:
            frames.published({'engine': 0.01 if step < 50 else 0.03})
        else:
            frames.dropped('newer')
    now = frames.snapshot()
    assert now.rate_in == pytest.approx(10, abs=0.3)
    assert now.rate_out == pytest.approx(5, abs=0.3)
    assert (now.frames_in, now.frames_out, now.dropped) == (100, 50, {'newer': 50})
    assert now.latency['engine'] == (pytest.approx(0.03), pytest.approx(0.03))
    clock.now += 10.0
    now = frames.snapshot()
    assert (now.rate_in, now.rate_out, now.latency) == (0, 0, {})
    assert now.dropped == {'newer': 50}


def test_a_restart_forgets_the_window_and_keeps_the_totals(clock):
    frames = FrameStatistics(clock)
    frames.arrived()
    frames.published({'total': 0.5})
    frames.restart()
    now = frames.snapshot()
    assert (now.frames_in, now.frames_out, now.restarts) == (1, 1, 1)
    assert (now.rate_in, now.latency) == (0, {})


@pytest.mark.parametrize(('clock_s', 'age'), [
    (100.25, 0.25), (99.9, 0.0), (90.0, None), (1e9, None)])
def test_ages_are_never_negative_nor_of_another_time_base(clock_s, age):
    message = std_msgs.msg.Header(stamp=Time(sec=100))
    holder = type('Message', (), {'header': message})
    found = Arrival(holder, int(clock_s * 1e9), 0.0).age
    assert found == (None if age is None else pytest.approx(age))


def _status(frames, **changes):
    state = {'lifecycle': 'active', 'image_topic': '/image', 'input_hint': '',
             'camera': 'calibrated', 'camera_calibrated': True, 'camera_exact': True,
             'unit': 'm', 'facts': {}} | changes
    return health_status('node', NodeState(**state), frames.snapshot())


def _busy(clock):
    frames = FrameStatistics(clock)
    frames.arrived()
    frames.published({'total': 0.01})
    clock.now += 1.0
    return frames


@pytest.mark.parametrize(('changes', 'level', 'message'), [
    ({}, DiagnosticStatus.OK, 'running'),
    ({'lifecycle': 'inactive'}, DiagnosticStatus.STALE, 'the node is inactive'),
    ({'camera': 'unknown', 'camera_calibrated': False}, DiagnosticStatus.WARN, 'so no cloud'),
    ({'camera_exact': False}, DiagnosticStatus.WARN, 'camera: calibrated'),
    ({'unit': 'relative'}, DiagnosticStatus.WARN, 'not in metres'),
])
def test_the_level_follows_the_state(clock, changes, level, message):
    status = _status(_busy(clock), **changes)
    assert status.level == level
    assert message in status.message


def test_the_level_follows_the_drops(clock):
    frames = _busy(clock)
    frames.dropped('newer')
    assert _status(frames).level == DiagnosticStatus.OK
    frames.dropped('encoding', 'what is this')
    status = _status(frames)
    assert status.level == DiagnosticStatus.WARN
    assert status.message == 'frames are refused (1 x encoding): what is this'
    frames.dropped('engine', 'it failed')
    assert _status(frames).level == DiagnosticStatus.ERROR
    clock.now += 10.0
    frames.arrived()
    assert _status(frames).level == DiagnosticStatus.OK
    frames.dropped('size', 'too small')
    # Nothing at all goes out any more.
    assert _status(frames).level == DiagnosticStatus.ERROR


def test_silence_and_idleness_are_told_apart(clock):
    frames = FrameStatistics(clock)
    assert _status(frames).level == DiagnosticStatus.STALE
    frames.arrived()
    frames.idle()
    status = _status(frames)
    assert (status.level, status.message[:4]) == (DiagnosticStatus.OK, 'idle')
    frames.arrived()
    frames.published({})
    assert _status(frames).message == 'running'


def test_colours_are_fixed_in_metres_and_fit_relative_depth():
    """The depth of a disparity model may lie anywhere, e.g. between 0.001 and 0.01."""
    parameters = DepthParameters(min_depth=0.5, color_max_depth=8.0)
    depth = np.linspace(0.001, 0.01, 64 * 48, dtype=np.float32).reshape(48, 64)
    assert color_range(SimpleNamespace(unit='m', depth=depth), parameters) == (0.5, 8.0)
    near, far = color_range(SimpleNamespace(unit='relative', depth=depth), parameters)
    assert 0.001 <= near < 0.002
    assert 0.009 < far <= 0.01
