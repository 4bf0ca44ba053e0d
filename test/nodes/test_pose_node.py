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

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
from pose_bench import numbers, PoseBench, position
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
