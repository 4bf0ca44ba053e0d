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

"""When a live calibration ends, how honest it is, and when the watch of the scale warns."""

import math

import numpy as np
import pytest
from sa4depth_ros.errors import CalibrationError, FrameError, ModelError
from sa4depth_ros.model_card import ModelCard, ScaleRecord
from sa4depth_ros.runtime import scale_store
from sa4depth_ros.runtime.live_calibration import CalibrationPlan, LiveCalibration
from sa4depth_ros.runtime.scale_store import store_scale
from sa4depth_ros.runtime.scale_window import ScaleWindow
from sa4depth_ros.runtime.stamped_buffer import StampedBuffer


class Clock:

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def series(rng, count, memory, spread):
    """Give logarithms of factors that resemble their neighbours, some of them outliers."""
    values = rng.standard_normal(count)
    for i in range(1, count):
        values[i] = memory * values[i - 1] + math.sqrt(1 - memory ** 2) * values[i]
    values *= spread
    wrong = rng.random(count) < 0.05
    values[wrong] += rng.normal(0, 0.7, wrong.sum())
    return values


@pytest.fixture
def clock():
    return Clock()


def test_it_ends_by_count_by_time_or_without_hope(clock):
    live = LiveCalibration(CalibrationPlan(seconds=60, measurements=10), clock)
    for _ in range(9):
        live.add(0.0)
    assert not live.is_over()
    live.add(0.0)
    assert live.is_over()
    endless = LiveCalibration(CalibrationPlan(seconds=60, measurements=0), clock)
    for _ in range(500):
        endless.add(0.0)
    assert not endless.is_over()
    clock.now = 60.0
    assert endless.is_over()
    assert 'collecting since 60 s: 500 measurements, 0 refused' in endless.progress


def test_what_driving_cannot_cure_ends_it_early(clock):
    hopeless, standing, useful = (
        LiveCalibration(CalibrationPlan(patience=10), clock) for _ in range(3))
    hopeless.refuse(FrameError('no way', 'transform'))
    standing.refuse(FrameError('no motion', 'still'))
    useful.refuse(FrameError('too late', 'stamps'))
    useful.add(0.0)
    assert not hopeless.is_over()
    clock.now = 10.0
    assert hopeless.is_over()
    assert not standing.is_over()
    assert not useful.is_over()
    with pytest.raises(CalibrationError, match='1 x transform, the last: no way'):
        hopeless.estimate()


def test_nothing_at_all_says_so(clock):
    live = LiveCalibration(CalibrationPlan(), clock)
    clock.now = 10.0
    assert live.is_over()
    with pytest.raises(CalibrationError, match='no image with depth came within 10 s'):
        live.estimate()


@pytest.mark.parametrize('memory', [0.0, 0.6, 0.9])
def test_the_interval_of_a_whole_calibration_holds_the_truth(memory):
    """Such as the shipped parameters make it, for measurements that resemble their neighbours."""
    rng = np.random.default_rng(5)
    held = []
    for _ in range(100):
        live = LiveCalibration(CalibrationPlan())
        for value in series(rng, 1000, memory, 0.05):
            live.add(value)
            if live.is_over():
                break
        estimate = live.estimate()
        assert estimate.used == CalibrationPlan().measurements
        held.append(estimate.is_vague or estimate.low <= 1 <= estimate.high)
    assert np.mean(held) >= 0.93


def drift_of(window, values, factor=1.0):
    result = []
    for value in values:
        window.add(value)
        result.append(window.compare(factor, 0.1))
    return result


@pytest.mark.parametrize(('memory', 'spread'), [(0.0, 0.03), (0.0, 0.1), (0.6, 0.05)])
def test_noise_never_warns_and_a_step_does_once_the_window_shows_it(memory, spread):
    for seed in range(5):
        values = series(np.random.default_rng(seed), 160, memory, spread)
        values[100:] += math.log(1.2)
        drifts = drift_of(ScaleWindow(), values)
        assert not any(drift.warns for drift in drifts[:110])
        assert all(drift.warns for drift in drifts[150:])
        assert drifts[-1].ratio == pytest.approx(1.2, rel=0.1)
        assert drifts[-1].low <= drifts[-1].ratio <= drifts[-1].high


def test_a_new_factor_counts_at_once():
    window = ScaleWindow()
    values = math.log(1.3) + series(np.random.default_rng(0), 40, 0.0, 0.03)
    assert drift_of(window, values)[-1].warns
    drift = window.compare(1.3, 0.1)
    assert not drift.warns
    assert drift.ratio == pytest.approx(1.0, abs=0.03)
    assert drift.state == 'holds'


def test_too_few_or_too_old_measurements_are_no_ratio(clock):
    window = ScaleWindow(clock=clock)
    drift_of(window, [0.0] * 7)
    assert 'at least 8 usable measurements' in window.compare(1.0, 0.1).state
    window.add(0.0)
    assert window.compare(1.0, 0.1).ratio == 1.0
    clock.now = 1801.0
    drift = window.compare(1.0, 0.1)
    assert drift.ratio is None
    assert drift.used == 0


def test_a_robot_that_stands_forgets_nothing():
    window = ScaleWindow()
    drift_of(window, [0.0] * 40)
    for _ in range(1000):
        window.refuse(FrameError('no motion', 'still'))
    drift = window.compare(1.0, 0.1)
    assert (drift.used, drift.ratio) == (40, 1.0)
    assert drift.refused['still'] == 400


def test_the_buffer_finds_by_stamp_and_forgets():
    buffer = StampedBuffer(3)
    assert buffer.newest is None
    assert buffer.near(5) is None
    for stamp in (10, 30, 20, 40):
        buffer.put(stamp, f'at {stamp}')
    assert buffer.newest == 40
    assert [item for _, item in buffer.around(35)] == ['at 30', 'at 40']
    assert buffer.near(1) == (20, 'at 20')
    assert buffer.near(100) == (40, 'at 40')
    # A recording that begins anew.
    buffer.put(40 - 2_000_000_000, 'again')
    assert buffer.near(40) == (40 - 2_000_000_000, 'again')


@pytest.fixture
def model(tmp_path):
    path = tmp_path / 'net.onnx'
    path.write_bytes(b'weights')
    return path


def test_scales_of_two_nodes_meet_in_one_card(model):
    card = ModelCard('net', 48, 64, output='relative_depth')
    assert store_scale(model, card, ScaleRecord(2.0), 'front') == model.with_suffix('.yaml')
    # The other node has read the card before that.
    store_scale(model, card, ScaleRecord(3.0, topic='/points'), 'left')
    read = ModelCard.from_yaml(model.with_suffix('.yaml'))
    assert (read.scale_of('front'), read.scale_of('left')) == (2.0, 3.0)
    assert read.cameras['left'].topic == '/points'
    assert model.read_bytes() == b'weights'
    assert [path.name for path in sorted(model.parent.iterdir())] == ['net.onnx', 'net.yaml']


def test_nothing_is_written_where_it_is_not_allowed(model, monkeypatch):
    card = ModelCard('net', 48, 64)
    monkeypatch.setattr('os.access', lambda path, mode: False)
    with pytest.raises(ModelError, match='is not writable: copy it to a folder of yours'):
        store_scale(model, card, ScaleRecord(2.0), 'front')
    monkeypatch.undo()
    monkeypatch.setattr(scale_store, 'share_path', lambda relative: model)
    with pytest.raises(ModelError, match='is the model that is shipped, which is left as it is'):
        store_scale(model, card, ScaleRecord(2.0), 'front')
    assert not model.with_suffix('.yaml').exists()
