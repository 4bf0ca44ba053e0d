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

"""An engine that is slower than the camera, and one that fails."""

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np


def test_the_newest_frame_wins_under_a_slow_engine(start_bench, make_image, make_info):
    """Frames of rising grey: what comes out is always a fresh one, and nothing piles up."""
    bench = start_bench(slow=6)
    depth = bench.inbox('depth/image')
    sent = []

    def send():
        grey = 1 + len(sent) % 200
        sent.append((bench.send(make_image(grey), make_info()), grey))
    bench.wait(lambda: depth.messages, 'a first frame', send)
    lags = []
    seen = 0

    def ten_more():
        nonlocal seen
        for message in depth.messages[seen:]:
            stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
            stamps = [s for s, _ in sent]
            lags.append(len(sent) - 1 - stamps.index(stamp))
            grey = dict(sent)[stamp]
            np.testing.assert_allclose(
                np.frombuffer(message.data, '<f4'), 0.5 + 0.02 * grey, rtol=1e-4)
        seen = len(depth.messages)
        return seen > 12
    bench.wait(ten_more, 'twelve more frames', send)
    status = bench.await_status(lambda s: int(bench.values()['dropped_newer']) > 0,
                                'counted drops', send)
    assert status.level == DiagnosticStatus.OK
    # A queue would make every frame later than the one before it.
    assert lags[-1] <= max(lags[:6]) + 3
    values = bench.values()
    engine = float(values['latency_engine_median_ms'])
    # A frame waits for at most the one before it.
    assert float(values['latency_queue_median_ms']) <= engine * 1.5 + 20
    bench.close()


def test_an_engine_that_fails_is_an_error_and_not_the_end(start_bench, make_image, make_info):
    bench = start_bench()
    bench.exchange(make_image(100), make_info())
    status = bench.await_status(lambda s: s.level == DiagnosticStatus.ERROR, 'an error',
                                lambda: bench.send(make_image(255), make_info()))
    assert 'x engine' in status.message
    assert 'failed on one frame' in status.message
    assert bench.drops('engine') > 0
    bench.await_log('frame dropped')
    bench.exchange(make_image(100), make_info())
    bench.await_status(lambda s: s.level == DiagnosticStatus.OK, 'recovery',
                       lambda: bench.send(make_image(100), make_info()))
    bench.close()
