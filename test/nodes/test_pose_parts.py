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

"""Parts of the pose node that need no other process."""

from types import SimpleNamespace

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from sa4depth_ros.nodes.pose_messages import odometry_message, transform_message
from sa4depth_ros.nodes.pose_progress import PoseProgress, PoseRecord
from sa4depth_ros.nodes.pose_status import pose_status, PoseState
from sa4depth_ros.nodes.stamp_pairs import StampPairs
from sa4depth_ros.nodes.statistics import FrameStatistics
from sa4depth_ros.runtime.body_frame import BodyFrame, BodyMotion
from std_msgs.msg import Header

MS = 1_000_000
IMAGE, DEPTH = 0, 1


def _pairs(tolerance=0.01):
    return StampPairs(lambda: tolerance)


def test_depth_that_comes_late_finds_its_image() -> None:
    pairs = _pairs()
    for k in range(5):
        assert pairs.put(IMAGE, 33 * k * MS, f'image {k}') is None
    assert pairs.put(DEPTH, 33 * 2 * MS, 'depth') == ('image 2', 'depth')
    # Of what is older than a pair, nothing comes any more.
    assert pairs.put(DEPTH, 33 * MS, 'early') is None
    assert pairs.put(DEPTH, 33 * 4 * MS, 'late') == ('image 4', 'late')


def test_the_nearest_within_the_tolerance_is_taken() -> None:
    pairs = _pairs(0.02)
    pairs.put(IMAGE, 0, 'far')
    pairs.put(IMAGE, 12 * MS, 'near')
    assert pairs.put(DEPTH, 15 * MS, 'depth') == ('near', 'depth')
    assert pairs.put(DEPTH, 100 * MS, 'alone') is None
    assert pairs.put(IMAGE, 121 * MS, 'image') is None
    assert pairs.gap() == pytest.approx(0.021)


def test_what_waits_is_limited_in_number_and_size() -> None:
    pairs = _pairs()
    for k in range(100):
        pairs.put(IMAGE, k * 1000 * MS, k)
    assert pairs.put(DEPTH, 10 * 1000 * MS, 'depth') is None
    assert pairs.put(DEPTH, 99 * 1000 * MS, 'depth') == (99, 'depth')
    heavy = _pairs()
    for k in range(10):
        heavy.put(IMAGE, k * 1000 * MS, k, 50_000_000)
    assert heavy.put(DEPTH, 5 * 1000 * MS, 'depth') is None
    assert heavy.put(DEPTH, 9 * 1000 * MS, 'depth') == (9, 'depth')


def test_a_bag_that_begins_anew_is_paired_anew() -> None:
    pairs = _pairs()
    for lap in range(2):
        for k in range(3):
            assert pairs.put(IMAGE, k * 100 * MS, (lap, k)) is None
            assert pairs.put(DEPTH, k * 100 * MS, 'depth') == ((lap, k), 'depth')


def test_messages_have_the_order_of_rep_103() -> None:
    turned = np.array([[0, -1, 0, 1.0], [1, 0, 0, 2.0], [0, 0, 1, 3.0], [0, 0, 0, 1.0]])
    motion = BodyMotion(turned, np.arange(36.0).reshape(6, 6), np.arange(6.0), np.eye(6))
    header = Header(stamp=Time(sec=3), frame_id='odom')
    message = odometry_message(header, 'base_link', motion)
    pose, twist = message.pose.pose, message.twist.twist
    assert (pose.position.x, pose.position.y, pose.position.z) == (1, 2, 3)
    assert (pose.orientation.z, pose.orientation.w) == pytest.approx((0.5**0.5, 0.5**0.5))
    assert (twist.linear.x, twist.linear.z, twist.angular.x, twist.angular.z) == (0, 2, 3, 5)
    # Row by row: x y z rX rY rZ.
    assert message.pose.covariance[1] == 1
    assert message.pose.covariance[6] == 6
    transform = transform_message(header, 'base_link', motion)
    assert (transform.header.frame_id, transform.child_frame_id) == ('odom', 'base_link')
    assert transform.transform.translation.y == 2
    assert transform.transform.rotation.w == pytest.approx(0.5**0.5)


def _result(state, **changes):
    values = {'state': state, 'reason': '', 'unit': 'm', 'is_stationary': False,
              'is_keyframe': True, 'inlier_ratio': 0.8, 'overlap': 0.9, 'cost_before': 2.0,
              'cost_after': float('nan')}
    return SimpleNamespace(**(values | changes))


def test_progress_counts_losses_and_keyframes() -> None:
    progress = PoseProgress()
    changes = [progress.note(_result(state)) for state in (
        'initialising', 'tracking', 'tracking', 'lost', 'lost', 'tracking', 'lost')]
    assert changes == [False, True, False, True, False, True, True]
    assert (progress.record.keyframes, progress.record.losses) == (7, 2)
    progress.reset()
    assert (progress.record.state, progress.record.resets) == ('initialising', 1)


def _status(record, *, lifecycle='active', frames=1, remarks=()):
    statistics = FrameStatistics()
    for _ in range(frames):
        statistics.arrived()
    state = PoseState(lifecycle, record, 'nothing comes', remarks, {'image_topic': '/image'})
    return pose_status('node: odometry', state, statistics.snapshot())


@pytest.mark.parametrize(('changes', 'level', 'text'), [
    ({'state': 'tracking'}, DiagnosticStatus.OK, 'tracking'),
    ({'state': 'initialising', 'reason': 'one frame'}, DiagnosticStatus.OK,
     'initialising: one frame'),
    ({'state': 'lost', 'reason': 'black'}, DiagnosticStatus.ERROR, 'lost: black'),
    ({'state': 'tracking', 'unit': 'relative'}, DiagnosticStatus.WARN, 'not metres'),
])
def test_the_status_follows_the_state(changes, level, text) -> None:
    status = _status(PoseRecord(**({'reason': ''} | changes)))
    assert status.level == level
    assert text in status.message


def test_the_status_says_why_nothing_comes_and_what_is_odd() -> None:
    tracking = PoseRecord(state='tracking', reason='', figures={'overlap': float('nan')})
    assert _status(tracking, lifecycle='inactive').level == DiagnosticStatus.STALE
    silent = _status(PoseRecord(state='lost', reason='x'), frames=0)
    assert (silent.level, silent.message) == (DiagnosticStatus.STALE, 'lost: nothing comes')
    odd = _status(tracking, remarks=('tf is odd',))
    assert (odd.level, odd.message) == (DiagnosticStatus.WARN, 'tf is odd')
    # What is not known is left out, not written as nan.
    assert 'overlap' not in {v.key for v in odd.values}


def test_a_body_frame_is_made_of_a_real_transform() -> None:
    """The frames of the message and of the arithmetic are the same ones."""
    body = BodyFrame.of_camera()
    ahead = np.eye(4)
    ahead[2, 3] = 1.5
    motion = body.motion(ahead, np.eye(6), np.zeros(6), np.eye(6))
    message = odometry_message(Header(), 'camera', motion)
    assert message.pose.pose.position.x == pytest.approx(1.5)
    assert message.pose.pose.orientation.x == pytest.approx(-0.5)
