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

"""The pose node and tf, through real DDS: /tf_static, /tf, and what it publishes there."""

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
from pose_bench import OPTICAL, position, transform
import pytest
from transform_bench import TransformBench

# Optical axes of a camera that looks ahead, and one that looks 90 degrees to the left.
AHEAD = (-0.5, 0.5, -0.5, 0.5)
UPRIGHT = (0.0, 0.0, 0.0, 1.0)
LEFT = (0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5))


@pytest.fixture
def start(start_bench, tf_environment):
    benches = []

    def start(*arguments):
        benches.append(start_bench(
            kind=TransformBench, arguments=arguments, environment=tf_environment))
        return benches[-1]
    yield start
    for bench in benches:
        bench.close()


def test_the_base_moves_as_its_camera_does(start):
    """A chain of two static transforms; the camera looks left, 0.2 m before the base."""
    bench = start('-p', 'base_frame:=base_link')
    bench.publish_static(transform('base_link', 'mast', (0.2, 0, 1.0), LEFT),
                         transform('mast', OPTICAL, (0, 0, 0), AHEAD))
    start_message = bench.odometry()
    np.testing.assert_allclose(position(start_message), (0, 0, 0), atol=1e-9)
    message = bench.odometry(grey=150)
    assert (message.header.frame_id, message.child_frame_id) == ('odom', 'base_link')
    np.testing.assert_allclose(position(message), (0, 0.5, 0), atol=1e-9)
    assert message.pose.pose.orientation.w == pytest.approx(1)
    twist = message.twist.twist
    np.testing.assert_allclose(
        (twist.linear.x, twist.linear.y, twist.linear.z), (0, 1, 0), atol=1e-9)
    # The first ones are of the images before.
    bench.wait(lambda: any(abs(t.transform.translation.y - 0.5) < 1e-9
                           for t in bench.sent('base_link')),
               'a transform of where it went', lambda: bench.feed(150))
    sent = bench.sent('base_link')
    assert {t.header.frame_id for t in sent} == {'odom'}
    stamps = [(t.header.stamp.sec, t.header.stamp.nanosec) for t in sent]
    assert len(set(stamps)) == len(stamps)


def test_nothing_goes_out_until_the_transform_is_there(start):
    bench = start('-p', 'base_frame:=base_link')
    status = bench.await_status(
        lambda s: s.level == DiagnosticStatus.ERROR and 'base_link' in s.message,
        'an error', bench.feed)
    assert f"expected the static transform between '{OPTICAL}' and 'base_link'" in status.message
    assert not bench.odom.messages
    assert not bench.tf.messages
    # The odometry itself went on meanwhile.
    bench.await_value('state', 'tracking', bench.feed)
    bench.publish_static(transform('base_link', OPTICAL, (0, 0, 0), AHEAD))
    bench.odometry()
    bench.await_value('transform', 'known', bench.feed)


def test_a_joint_is_followed_when_static_transforms_are_not_enough(start):
    bench = start('-p', 'base_frame:=base_link')
    bench.publish_static(transform('head', OPTICAL, (0, 0, 0), AHEAD))

    def feed():
        bench.publish_moving(transform('base_link', 'head', (0, 0, 1.0), UPRIGHT))
        bench.feed(150)
    bench.wait(lambda: bench.odom.messages, 'odometry', feed)
    np.testing.assert_allclose(position(bench.odom.messages[-1]), (0, 0, 0), atol=1e-9)
    # The head turns to the left, the picture stays: so the body has turned to the right.
    bench.publish_moving(transform('base_link', 'head', (0, 0, 1.0), LEFT))
    message = bench.odometry(
        grey=150, accept=lambda m: abs(m.pose.pose.orientation.z + np.sqrt(0.5)) < 1e-6)
    assert message.child_frame_id == 'base_link'


def test_a_camera_that_has_a_parent_gets_no_second_one(start):
    """Without base_frame the camera would be torn off its robot."""
    bench = start()
    bench.odometry()
    bench.wait(lambda: bench.sent(OPTICAL), 'a transform', bench.feed)
    bench.publish_static(transform('base_link', OPTICAL, (0, 0, 0), AHEAD))
    status = bench.await_status(lambda s: 'sits in' in s.message, 'a warning', bench.feed)
    assert status.level == DiagnosticStatus.WARN
    assert 'set base_frame to the root of the robot' in status.message
    bench.tf.messages.clear()
    bench.odometry(grey=120)
    assert not bench.sent(OPTICAL)


def test_publish_tf_may_be_off(start):
    bench = start('-p', 'publish_tf:=false')
    bench.odometry(grey=120)
    bench.await_value('tf', 'off', bench.feed)
    assert not bench.tf.messages


def test_tf_stays_where_it_is_while_lost_unless_null_is_wanted(start):
    bench = start('-p', 'lost_after:=0.5')
    bench.odometry()
    bench.odometry(grey=130)
    bench.tf.messages.clear()
    bench.await_value('state', 'lost', lambda: bench.feed(0))
    held = bench.wait(lambda: bench.sent(OPTICAL), 'a transform', lambda: bench.feed(0))
    assert held[-1].transform.translation.x == pytest.approx(0.3)
    bench.change(when_lost='null_pose')
    message = bench.odometry(grey=0, accept=lambda m: m.pose.covariance[0] == 9999)
    for _ in range(2):
        bench.odometry(grey=0)
    # What went out before may come after.
    late = (message.header.stamp.sec, message.header.stamp.nanosec)
    assert not [t for t in bench.sent(OPTICAL)
                if (t.header.stamp.sec, t.header.stamp.nanosec) >= late]
    assert message.child_frame_id == OPTICAL
