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

"""What each of several cameras has of its own: scale, health, rate, stamps, names."""

import time

from builtin_interfaces.msg import Time
from camera_rig import CAMERAS, KINDS, Rig, SIZES
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rclpy.qos import QoSReliabilityPolicy
from sensor_msgs.msg import Image


@pytest.fixture(scope='module')
def rig(start_bench, make_image, make_info):
    bench = start_bench(arguments=CAMERAS)
    rig = Rig(bench, make_image, make_info)
    rig.play(lambda: all(f.answered('points') for f in rig.feeds.values()), 'first answers')
    yield rig
    bench.close()


def test_each_camera_has_a_scale_of_its_own(rig):
    def depth(name):
        messages = rig.feeds[name].inboxes['depth/image'].messages
        return np.nanmedian(np.frombuffer(messages[-1].data, '<f4')) if messages else 0.0
    try:
        results = rig.bench.change(**{'front.scale': 2.0, 'scale': 3.0})
        assert all(result.successful for result in results)
        rig.play(lambda: np.isclose(depth('front'), 2 * 3 * 1.5)
                 and np.isclose(depth('left'), 3 * 2.5), 'scaled depths', 'front', 'left')
        refused, = rig.bench.change(**{'left.scale': -1.0})
        assert not refused.successful
        refused, = rig.bench.change(**{'left.scale': float('nan')})
        assert 'scale' in refused.reason
    finally:
        rig.bench.change(**{'front.scale': 1.0, 'scale': 1.0})
    described, = rig.bench.describe('front.scale')
    assert described.floating_point_range[0].to_value == 1e4
    rig.play(lambda: np.isclose(depth('front'), 1.5), 'the old depth', 'front', 'left')


def test_a_camera_that_stops_is_stale_alone_and_the_others_say_what_they_do(rig):
    rig.play(lambda: rig.says('right').startswith('no image arrives on')
             and rig.says('front') == rig.says('left') == 'running', 'staleness', 'front', 'left')
    assert rig.bench.status('right').level == DiagnosticStatus.STALE
    for name in ('front', 'left'):
        assert rig.bench.status(name).level == DiagnosticStatus.OK
        values = rig.bench.values(name)
        assert values['image_topic'] == f'{rig.bench.namespace}/{name}/image'
        assert values['camera_info_topic'] == f'{rig.bench.namespace}/{name}/camera_info'
        assert values['outputs'] == ' '.join(f'{name}/{topic}' for topic in sorted(KINDS))
        width, height = SIZES[name]
        lens = 'plumb_bob' if name == 'left' else 'no distortion'
        assert values['camera'] == f'calibrated, {width}x{height}, {lens}'
        assert values['backend_remarks'].startswith('tensorrt: ')
    assert rig.bench.status() is None


def test_max_rate_holds_for_each_camera(rig):
    """At most 4 frames a second of each; the slowest camera has its 3 for itself."""
    try:
        assert rig.bench.change(max_rate=4.0)[0].successful
        rig.fresh()
        start = time.monotonic()
        rig.play(lambda: len(rig.feeds['right'].answered()) >= 6, 'six frames of the slowest')
        length = time.monotonic() - start
    finally:
        rig.bench.change(max_rate=0.0)
    right = rig.feeds['right']
    # A rate for all of them together would leave 4 of 9. Where the machine stalls, frames of one
    # camera overtake each other.
    assert len(right.answered()) > len(right.stamps) / 2
    for name in ('front', 'left'):
        assert 4 <= len(rig.feeds[name].answered()) <= 4 * length + 2


def test_stamps_that_jump_back_restart_one_camera_alone(rig):
    front = rig.feeds['front']
    rig.bench.await_status(lambda s: True, 'a status', camera='right')
    before = {name: rig.bench.values(name)['stream_restarts'] for name in rig.feeds}
    early = front.bench.node.get_clock().now().nanoseconds - 20 * 10**9
    stamp = Time(sec=early // 10**9, nanosec=early % 10**9)
    front.image.header.stamp = stamp
    front._images.publish(front.image)
    rig.play(lambda: rig.bench.values('front')['stream_restarts'] > before['front'],
             'a restart', 'left', 'right')
    for name in ('left', 'right'):
        assert rig.bench.values(name)['stream_restarts'] == before[name]


def test_names_are_remapped_for_each_camera(start_bench, make_image, make_info):
    bench = start_bench(arguments=(
        '-p', 'cameras:=[front,left]', '-r', 'front/image:=/elsewhere/image_rect',
        '-r', 'left/camera_info:=calibration', '-r', 'left/depth/image:=left_depth',
        '-p', 'left.scale:=2', '-p', 'right.scale:=2.0',
        '-p', 'qos_overrides./elsewhere/image_rect.subscription.reliability:=reliable'))
    status = bench.await_status(lambda s: True, 'a status', camera='front')
    assert status.hardware_id == '/elsewhere/image_rect'
    assert bench.values('front')['camera_info_topic'] == '/elsewhere/camera_info'
    heard, = bench.node.get_subscriptions_info_by_topic('/elsewhere/image_rect')
    assert heard.qos_profile.reliability == QoSReliabilityPolicy.RELIABLE
    assert bench.values('left')['image_topic'] == f'{bench.namespace}/left/image'
    assert bench.values('left')['camera_info_topic'] == f'{bench.namespace}/calibration'
    images = bench.node.create_publisher(Image, 'left/image', 1)
    depth = bench.inbox('left_depth', Image)
    bench.wait(lambda: depth.messages, 'depth', lambda: images.publish(make_image(100)))
    np.testing.assert_allclose(np.frombuffer(depth.messages[0].data, '<f4'), 2 * 2.5, rtol=1e-4)
    bench.await_log("no parameter 'right.scale'")
    bench.close()
