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

"""Three cameras on one engine, over real DDS, one frame after the other and in batches."""

from pathlib import Path

from camera_rig import CAMERAS, GREYS, KINDS, Rig, SIZES
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest

BATCHING = str(Path(__file__).with_name('batching_node.py'))


@pytest.fixture(scope='module', params=[False, True], ids=['loop', 'batch'])
def rig(request, start_bench, make_image, make_info):
    """Give a rig whose model takes one image at a time, or any number of them."""
    # Which way is the better one depends on what else runs on this machine.
    program = {'program': (BATCHING,)} if request.param else {}
    bench = start_bench(slow=1, batch=request.param, arguments=CAMERAS, **program)
    rig = Rig(bench, make_image, make_info)
    rig.play(lambda: all(f.answered('points') for f in rig.feeds.values()), 'first answers')
    if request.param:
        bench.await_log('so they go together')
    assert ('so they go together' in bench.log) == request.param, bench.log
    yield rig
    bench.close()


def test_every_camera_gets_its_own_depth_calibration_and_header(rig):
    rig.fresh()
    rig.play(lambda: all(len(f.answered(topic)) >= 3 for f in rig.feeds.values()
                         for topic in KINDS), 'three answers each')
    for name, feed in rig.feeds.items():
        for topic in KINDS:
            assert feed.received(topic) <= feed.all_stamps
            assert {m.header.frame_id for m in feed.inboxes[topic].messages} == {
                f'{name}_optical'}
        width, height = SIZES[name]
        for message in feed.inboxes['depth/image'].messages:
            assert (message.width, message.height) == (width, height)
            depth = np.frombuffer(message.data, '<f4')
            seen = np.isfinite(depth)
            # The lens of the left camera does not see the corners.
            assert seen.all() == (name != 'left')
            inner = depth.reshape(height, width)[height // 4:-height // 4, width // 4:-width // 4]
            np.testing.assert_allclose(inner, 0.5 + 0.02 * GREYS[name], rtol=1e-4)
        info = feed.inboxes['depth/camera_info'].messages[-1]
        np.testing.assert_array_equal(info.k[[0, 4, 2, 5]], np.array(feed.info.p)[[0, 5, 2, 6]])
        assert not np.any(info.d)


def test_nobody_starves_while_one_camera_floods(rig):
    """The flood is more than the engine takes; the frames of the slow ones get their turn."""
    rig.fresh()
    flood = rig.feeds['front']
    period, flood.period, flood.burst = flood.period, 0.0, 4
    try:
        rig.play(lambda: len(rig.feeds['right'].stamps) > 8, 'nine frames of the slowest')
    finally:
        flood.period, flood.burst = period, 1
    rig.bench.wait(lambda: len(rig.feeds['right'].answered()) >= 6, 'answers to most of them')
    # Each is served as often as the flood, or as it sends; where the machine stalls, frames of
    # one camera overtake each other.
    for feed in rig.feeds.values():
        assert len(feed.answered()) >= min(len(feed.stamps), len(flood.answered())) // 2
    assert len(flood.answered()) < len(flood.stamps)
    # What a frame of a batch waited for the others has a key of its own.
    rig.play(lambda: 'latency_total_median_ms' in rig.bench.values('right'), 'latencies')
    batched = 'so they go together' in rig.bench.log
    assert ('latency_batch_median_ms' in rig.bench.values('right')) == batched


def test_the_frames_of_one_camera_are_refused_alone(rig, make_image):
    """First what no decoder takes, then what makes the engine fail, in a batch or alone."""
    front = rig.feeds['front']
    others = ('left', 'right')
    good = front.image
    odd = make_image(100)
    odd.encoding = 'vendor_12p'
    try:
        for bad, cause in ((odd, 'encoding'), (make_image(255), 'engine')):
            front.image = bad
            rig.fresh()
            rig.play(lambda c=cause: f'x {c}' in rig.says('front')
                     and all(len(rig.feeds[name].answered()) > 2 for name in others),
                     f'refusals for {cause} while others go on')
            assert not front.answered()
    finally:
        front.image = good
    for name in others:
        assert rig.bench.status(name).level == DiagnosticStatus.OK
        assert set(rig.bench.values(name)) & {
            f'dropped_{cause}' for cause in ('encoding', 'engine', 'internal')} == set()
        assert f"camera '{name}': frame dropped" not in rig.bench.log
    rig.bench.await_log("camera 'front': frame dropped: ")
    rig.fresh()
    rig.play(front.answered, 'depth of the front camera again')
