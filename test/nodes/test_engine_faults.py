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

"""A TensorRT that is refused, lost or interrupted: the node lives on the next backend."""

from pathlib import Path
import time

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest

SCRIPT = str(Path(__file__).with_name('faulty_node.py'))


def program(fault):
    return (SCRIPT, fault)


def test_a_device_that_is_lost_costs_no_frame(start_bench, make_image, make_info):
    bench = start_bench(program=program('lost'))
    bench.exchange(make_image(100), make_info())
    bench.await_status(lambda s: s.message == 'running', 'a good status',
                       lambda: bench.send(make_image(100), make_info()))
    assert bench.values()['backend'] == 'tensorrt'
    depth = bench.inbox('depth/image')
    depth.messages.clear()
    stamp = bench.send(make_image(200), make_info())
    answer, = bench.wait(lambda: depth.with_stamps({stamp}), 'depth of the deadly frame')
    np.testing.assert_allclose(np.frombuffer(answer.data, '<f4'), 4.5, rtol=1e-4)
    status = bench.await_status(lambda s: s.level == DiagnosticStatus.WARN, 'a warning',
                                lambda: bench.send(make_image(100), make_info()))
    assert status.message == ('a better backend failed: '
                              'tensorrt: CUDA error 46: the device is gone')
    values = bench.values()
    assert values['backend'] == 'onnxruntime CPU'
    assert 'the device is gone' in values['backend_remarks']
    assert 'dropped_engine' not in values
    bench.await_log('a better backend has failed, so the model runs on onnxruntime')
    assert bench.log.count('a better backend has failed, so the model runs on onnxruntime') == 1
    bench.close()


def test_a_refused_engine_is_a_warning_with_its_reason(start_bench, make_image, make_info):
    bench = start_bench(program=program('refused'), arguments=('-p', 'cameras:=[front,left]'))
    for camera in ('front', 'left'):
        status = bench.await_status(lambda s: True, 'a status', camera=camera)
        assert status.level == DiagnosticStatus.STALE
        values = bench.values(camera)
        assert 'tensorrt: the self-check failed: mean relative' in values['backend_remarks']
        assert values['backend'] == 'onnxruntime CPU'
    bench.await_log('a better backend has failed')
    assert bench.log.count('a better backend has failed') == 1
    bench.close()


@pytest.mark.parametrize('cameras', [(), ('-p', 'cameras:=[front,left]')])
def test_a_build_tells_how_far_it_is_and_ends_with_the_node(start_bench, cameras):
    bench = start_bench(program=program('building'), arguments=cameras)
    bench.await_log('building the engine: Tactics, ', '40% of all')
    start = time.monotonic()
    bench.close()
    assert time.monotonic() - start < 5
    assert bench.log.count('building the engine') == 1
