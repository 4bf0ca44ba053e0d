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

"""The drift watch over real DDS: it sees a step, and is quiet on noise and on an outlier."""

import functools

from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from scale_bench import Flaws, PLANTED, ScaleBench


@pytest.fixture(scope='module')
def bench(start_bench):
    bench = start_bench(kind=functools.partial(ScaleBench, reference='depth'), arguments=(
        '-p', 'scale_watch_period:=0.02', '-p', f'scale:={PLANTED}'))
    # It looks only at depth that is made anyway.
    bench.inbox('depth/image')
    yield bench
    bench.close()


def ratio(bench):
    return float(bench.values().get('scale_ratio', 'nan'))


def test_noise_and_a_single_outlier_do_not_warn(bench):
    bench.flaws = Flaws(flicker=0.04)
    bench.await_status(lambda _: bench.values()['scale_watch'] == 'holds', 'a ratio', bench.play)
    assert ratio(bench) == pytest.approx(1.0, abs=0.03)
    assert float(bench.values()['scale_ratio_low']) < 1.0 < float(
        bench.values()['scale_ratio_high'])
    assert bench.values()['scale_reference'] == f'depth {bench.namespace}/reference'
    bench.flaws = Flaws(factor=3.0)
    bench.play()
    bench.flaws = Flaws(flicker=0.04)
    for _ in range(2):
        bench.await_status(lambda _: bench.values()['scale_watch'] == 'holds', 'more', bench.play)
        assert 'scale has drifted' not in bench.status().message


def test_a_step_of_the_scale_warns_until_it_is_corrected(bench):
    bench.flaws = Flaws(factor=1.2)
    status = bench.await_status(lambda status: 'the scale has drifted' in status.message,
                                'a warning', bench.play)
    assert status.level == DiagnosticStatus.WARN
    assert bench.values()['scale_watch'] == 'drifted'
    assert float(bench.values()['scale_ratio_low']) > 1.1
    # What was measured stays true when the factor changes: no new window is needed.
    bench.change(scale=1.2 * PLANTED)
    bench.await_status(lambda status: 'drifted' not in status.message, 'peace')
    bench.await_status(lambda _: ratio(bench) == pytest.approx(1.0, abs=0.03), 'the new ratio',
                       bench.play)


def test_parameters_switch_it(bench):
    bench.change(scale_watch_period=0.0)
    bench.await_status(lambda _: bench.values()['scale_watch'] == 'off', 'the end')
    assert bench.values()['scale_reference'] == 'none'
    bench.change(scale_watch_period=0.02, scale_reference_topic='')
    status = bench.await_status(lambda status: 'is not watched' in status.message, 'a warning',
                                bench.play)
    assert 'set the parameter scale_reference_topic' in status.message
    bench.change(scale_reference_topic='reference')
    bench.await_status(lambda _: bench.values()['scale_watch'] == 'holds', 'a ratio', bench.play)


def test_nobody_wants_depth(bench):
    """It makes no depth of its own, so that an idle node stays idle."""
    bench.leave('depth/image')
    bench.await_status(lambda _: not bench.values()['outputs'], 'silence', bench.play)
    made = bench.values()['frames_out']
    bench.await_status(lambda _: True, 'the next status', bench.play)
    assert bench.values()['frames_out'] == made
    bench.inbox('depth/image')
