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

"""The pose node through real DDS, with an odometry whose answer is known."""

from array import array
import time

from diagnostic_msgs.msg import DiagnosticStatus
from node_bench import image_of, info_of
import numpy as np
from pose_bench import depth_of, PoseBench, position
import pytest


@pytest.fixture(scope='module')
def shared_pose(start_bench):
    bench = start_bench(kind=PoseBench)
    yield bench
    bench.close()


@pytest.fixture
def bench(shared_pose):
    """Give the node, tracking, with odom at grey 100."""
    assert shared_pose.reset().success
    shared_pose.odometry(accept=lambda m: position(m) == [0, 0, 0])
    shared_pose.await_value('state', 'tracking', shared_pose.feed)
    return shared_pose


def test_the_camera_that_goes_ahead_goes_along_x_of_odom(bench):
    message = bench.odometry(grey=150)
    np.testing.assert_allclose(position(message), (0.5, 0, 0), atol=1e-9)
    assert message.header.frame_id == 'odom'
    assert message.child_frame_id == 'camera_optical'
    # The twist stays in the optical frame of the camera, the child.
    assert (message.twist.twist.linear.x, message.twist.twist.linear.z) == (0, 1)
    # Translation and rotation of optical x, y, z are odom's -y, -z and x.
    np.testing.assert_allclose(
        np.diag(np.reshape(message.pose.covariance, (6, 6))),
        np.array([3, 1, 2, 6, 4, 5]) * 1e-4, rtol=1e-9)


def test_reset_brings_odom_to_where_the_camera_is(bench):
    assert position(bench.odometry(grey=150)) != [0, 0, 0]
    assert bench.reset().success
    assert position(bench.odometry(grey=150, accept=lambda m: position(m) == [0, 0, 0]))
    assert int(bench.values()['resets']) >= 1


def test_path_is_bounded_and_only_for_those_who_listen(bench):
    assert bench.change(path_length=3)[0].successful
    inbox = bench.path()
    stamps = iter(range(time.time_ns(), 2**63, 250_000_000))
    for _ in range(2):
        inbox.messages.clear()
        bench.wait(lambda: len(inbox.messages) > 1, 'paths', lambda: bench.feed(
            120, stamp=next(stamps)))
    path = inbox.messages[-1]
    assert (path.header.frame_id, len(path.poses)) == ('odom', 3)
    seconds = [p.header.stamp.sec + 1e-9 * p.header.stamp.nanosec for p in path.poses]
    assert np.diff(seconds).min() > 0.2
    bench.leave('path')


def test_the_unit_of_relative_depth_is_passed_on(start_bench):
    bench = start_bench(kind=PoseBench, arguments=('-p', 'depth_unit:=relative'))
    status = bench.await_status(lambda s: 'not metres' in s.message, 'a warning', bench.feed)
    assert status.level == DiagnosticStatus.WARN
    assert bench.values()['unit'] == 'relative'
    bench.close()


def test_a_first_guess_that_the_model_lacks_is_told(bench):
    assert bench.change(initial_guess='posenet')[0].successful
    status = bench.await_status(lambda s: 'no file of the kind pose' in s.message, 'a warning',
                                bench.feed)
    assert status.level == DiagnosticStatus.WARN
    assert bench.change(initial_guess='constant_velocity')[0].successful


def test_depth_in_millimetres_and_of_another_frame(bench):
    depth = depth_of()
    depth.encoding, depth.step = '16UC1', 256
    depth.data = array('B', np.full((96, 128), 1500, '<u2').tobytes())
    bench.await_value('residual_before', '1.5', lambda: bench.feed(depth=depth))
    status = bench.await_status(
        lambda s: 'registered' in s.message, 'a warning',
        lambda: bench.send_depth(depth_of(), bench.send(image_of(100), info_of()), 'elsewhere'))
    assert status.level == DiagnosticStatus.WARN
    assert "depth is of frame 'elsewhere', images of 'camera_optical'" in status.message
    bench.await_status(lambda s: s.level == DiagnosticStatus.OK, 'a good status', bench.feed)


def test_a_camera_of_several_is_followed_below_its_name(start_bench):
    bench = start_bench(kind=PoseBench, arguments=(
        '-p', 'camera:=left', '-r', 'left/image:=image', '-r', 'left/depth/image:=depth/image'))
    bench.odometry()
    bench.await_value('camera_info_topic', f'{bench.namespace}/camera_info')
    bench.close()
