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

"""Frames that fail to come to the pose node: it says which, why, and goes on when they do."""

import time

from diagnostic_msgs.msg import DiagnosticStatus
from pose_bench import depth_of, PoseBench
import pytest


@pytest.fixture(scope='module')
def shared_pose(start_bench):
    bench = start_bench(kind=PoseBench, arguments=('-p', 'lost_after:=1.0'))
    yield bench
    bench.close()


@pytest.fixture
def bench(shared_pose):
    """Give the node, tracking; afterwards it must be as good as before."""
    shared_pose.await_value('state', 'tracking', shared_pose.feed)
    yield shared_pose
    shared_pose.await_status(
        lambda s: s.level == DiagnosticStatus.OK, 'a good status', shared_pose.feed)


def test_images_without_depth(bench):
    # Depth was seen before, so its publisher is there and is silent.
    status = bench.await_status(
        lambda s: "no depth arrives on '" in s.message and s.message.startswith('lost: '),
        'a status', lambda: bench.feed(depth=False))
    assert status.level == DiagnosticStatus.STALE
    assert f"'{bench.namespace}/depth/image' (1 publishers, but no message" in status.message


def test_depth_without_images(bench):
    status = bench.await_status(
        lambda s: "no image arrives on '" in s.message, 'a status',
        lambda: bench.send_depth(depth_of(), time.time_ns()))
    assert status.level == DiagnosticStatus.STALE


def test_stamps_that_never_match(bench):
    """Depth that is 25 ms off gives nothing, and the status says by how much."""
    status = bench.await_status(
        lambda s: 'never match' in s.message, 'a status',
        lambda: bench.feed(stamp=(now := _slow_stamp()), depth_stamp=now + 25_000_000))
    assert status.level == DiagnosticStatus.STALE
    assert 'the nearest are 25.0 ms apart, sync_tolerance is 10.0 ms' in status.message
    # With the tolerance that the status asks for they do.
    bench.change(sync_tolerance=0.03)
    bench.wait(lambda: bench.odom.with_stamps({bench.feed(stamp=(now := _slow_stamp()),
                                                          depth_stamp=now + 25_000_000)}),
               'odometry', lambda: None)
    bench.change(sync_tolerance=0.01)


def _slow_stamp():
    """Give stamps that are 100 ms apart at least."""
    return time.time_ns() // 100_000_000 * 100_000_000
