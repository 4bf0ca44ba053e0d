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

"""What no robot should send to the pose node: a status that is right, and then it goes on."""

from array import array
from functools import partial
import time

from diagnostic_msgs.msg import DiagnosticStatus
from node_bench import image_of, info_of
import numpy as np
from pose_bench import depth_of, numbers, PoseBench, position
import pytest

SECOND = 10**9


@pytest.fixture(scope='module')
def shared_pose(start_bench):
    bench = start_bench(kind=PoseBench, arguments=('-p', 'lost_after:=1.0'))
    yield bench
    bench.close()


@pytest.fixture
def bench(shared_pose):
    """Give the node, tracking; afterwards it must track again, and have sent only numbers."""
    shared_pose.await_value('state', 'tracking', shared_pose.feed)
    yield shared_pose
    shared_pose.odometry()
    shared_pose.await_value('state', 'tracking', shared_pose.feed)
    for message in shared_pose.odom.messages:
        assert np.isfinite(numbers(message)).all()
        orientation = message.pose.pose.orientation
        assert np.hypot.reduce([orientation.x, orientation.y, orientation.z,
                                orientation.w]) == pytest.approx(1)
    shared_pose.odom.messages.clear()


def test_a_camera_without_calibration(start_bench):
    bench = start_bench(kind=PoseBench)
    for info, reason in ((None, 'no camera_info received'), (info_of(), 'K is zero')):
        if info is not None:
            info.k = [0.0] * 9
        status = bench.await_status(
            lambda s, reason=reason: reason in s.message, 'an error',
            lambda info=info: _uncalibrated(bench, info))
        assert status.level == DiagnosticStatus.ERROR
        assert 'odometry needs the calibration' in status.message
    assert not bench.odom.messages
    assert bench.values()['state'] == 'initialising'
    bench.odometry()
    bench.close()


def _uncalibrated(bench, info):
    stamp = bench.send(image_of(100), info)
    bench.send_depth(depth_of(), stamp)


def test_time_that_jumps_back(bench):
    bench.odometry(grey=130)
    before = int(bench.values()['stream_restarts'])
    offset = iter(range(10**6))
    early = time.time_ns() - 100 * SECOND
    bench.await_status(
        lambda s: any(v.key == 'stream_restarts' and int(v.value) > before for v in s.values),
        'a restart', lambda: bench.feed(130, stamp=early + next(offset) * SECOND // 30))
    assert bench.odom.with_stamps({early + n * SECOND // 30 for n in range(1, next(offset))})
    assert bench.values()['state'] == 'tracking'


def test_the_same_stamp_again_and_again(bench):
    stamp = time.time_ns()
    bench.await_status(
        lambda s: any(v.key == 'dropped_stamp' for v in s.values), 'refused frames',
        lambda: bench.feed(stamp=stamp))
    assert len(bench.odom.with_stamps({stamp})) == 1


def test_the_image_changes_its_size(bench):
    for width, height in ((160, 90), (128, 96)):
        message = bench.odometry(
            image=image_of(100, width, height), info=info_of(width, height),
            depth=depth_of(2.0, width // 2, height // 2))
        assert np.isfinite(numbers(message)).all()
        # The grey odometry tells fx of the camera that it was given.
        frame = {'image': image_of(100, width, height), 'info': info_of(width, height)}
        bench.await_value('overlap', f'{0.8 * width:.4g}', partial(bench.feed, **frame))


def test_a_covered_lens_and_what_comes_after(bench):
    """Black frames for a while: lost, the pose is held and gets less and less certain."""
    bench.odometry(grey=140, accept=lambda m: position(m)[0] > 0)
    held = position(bench.odom.messages[-1])
    losses = int(bench.values()['losses'])
    bench.odom.messages.clear()
    status = bench.await_status(
        lambda s: s.level == DiagnosticStatus.ERROR, 'an error', lambda: bench.feed(0))
    assert 'lost: the image is black' in status.message
    lost = bench.odometry(grey=0)
    assert position(lost) == held
    assert lost.twist.covariance[0] == 9999
    later = bench.odometry(grey=0)
    assert later.pose.covariance[0] > lost.pose.covariance[0]
    bench.odom.messages.clear()
    bench.await_value('state', 'tracking', lambda: bench.feed(140))
    assert position(bench.odom.messages[-1]) == held
    assert int(bench.values()['losses']) == losses + 1


def test_a_null_pose_while_lost_where_that_is_wanted(bench):
    assert bench.change(when_lost='null_pose')[0].successful
    bench.odometry(grey=140)
    message = bench.odometry(grey=0)
    assert position(message) == [0, 0, 0]
    assert message.pose.pose.orientation.w == 1
    np.testing.assert_array_equal(np.diag(np.reshape(message.pose.covariance, (6, 6))), 9999)
    np.testing.assert_array_equal(np.diag(np.reshape(message.twist.covariance, (6, 6))), 9999)
    assert bench.change(when_lost='hold')[0].successful


def test_three_frames_a_second_are_no_loss(bench):
    # Of the seconds that the bench has set, a busy machine may take one for itself.
    bench.change(lost_after=2.0)
    losses = bench.values()['losses']
    due = [0.0]

    def feed():
        if time.monotonic() > due[0]:
            due[0] = time.monotonic() + 1 / 3
            bench.feed()
    end = time.monotonic() + 3
    bench.wait(lambda: time.monotonic() > end, 'three seconds', feed)
    status = bench.await_status(lambda s: True, 'a status', feed)
    assert (status.level, bench.values()['state']) == (DiagnosticStatus.OK, 'tracking')
    assert bench.values()['losses'] == losses
    bench.change(lost_after=1.0)


BAD_DEPTH = {
    'wrong encoding': ({'encoding': '8UC1'}, 'expected a depth image of 16UC1'),
    'too few bytes': ({'data': array('B', bytes(100))}, 'has only 100 bytes'),
    'no pixels': ({'width': 0, 'height': 0, 'data': array('B')}, 'depth image of 0x0'),
}


@pytest.mark.parametrize('name', BAD_DEPTH)
def test_depth_that_is_none(bench, name):
    changes, reason = BAD_DEPTH[name]
    depth = depth_of()
    for field, value in changes.items():
        setattr(depth, field, value)
    status = bench.await_status(
        lambda s: reason in s.message, 'an error', lambda: bench.feed(depth=depth))
    assert status.level in (DiagnosticStatus.WARN, DiagnosticStatus.ERROR)


def test_a_bad_image_and_a_bad_engine(bench):
    image = image_of(100)
    image.encoding = 'vendor_12p'
    bench.await_status(lambda s: "encoding 'vendor_12p'" in s.message, 'an error',
                       lambda: bench.feed(image=image))
    status = bench.await_status(lambda s: 'does not like this image' in s.message, 'an error',
                                lambda: bench.feed(250))
    assert status.level == DiagnosticStatus.ERROR


def test_numbers_that_are_none_do_not_go_out(bench):
    sent = set()
    status = bench.await_status(lambda s: 'has a number that is none' in s.message, 'an error',
                                lambda: sent.add(bench.feed(240)))
    assert status.level == DiagnosticStatus.ERROR
    assert not bench.odom.with_stamps(sent)
