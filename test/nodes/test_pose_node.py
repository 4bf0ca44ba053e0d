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
import subprocess
import sys
import time

from diagnostic_msgs.msg import DiagnosticStatus
from node_bench import image_of, info_of
import numpy as np
from pose_bench import depth_of, PoseBench, position, PROGRAM
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


def test_latency_does_not_grow_when_frames_come_too_fast(start_bench):
    """A step of 0.3 s, frames every 30 ms: most are overtaken, none waits for long."""
    bench = start_bench(kind=PoseBench, flags=('--slow',))
    bench.odometry()
    end = time.monotonic() + 3
    bench.wait(lambda: time.monotonic() > end, 'three seconds', bench.feed)
    bench.await_status(lambda s: True, 'a status', bench.feed)
    values = bench.values()
    assert int(values['dropped_newer']) > int(values['frames_out'])
    # One step that is under way, and its own.
    assert 300 < float(values['latency_total_p95_ms']) < 1500
    bench.close()


def test_transitions_by_service(start_bench):
    bench = start_bench(kind=PoseBench, arguments=('-p', 'autostart:=false'))
    assert bench.state() == 'unconfigured'
    assert not bench.reset().success
    for _ in range(2):
        assert bench.transition('configure')
        assert bench.transition('activate')
        # Each activation begins at the origin, wherever the camera was before.
        assert position(bench.odometry(grey=110)) == [0, 0, 0]
        bench.odometry(grey=120)
        assert bench.transition('deactivate')
        assert bench.transition('cleanup')
    assert bench.transition('shutdown')
    assert bench.state() == 'finalized'
    bench.close()


@pytest.mark.parametrize(('arguments', 'reason'), [
    (('odom_frame:=""',), "expected 'odom_frame' to be the name of a frame"),
    (('odom_frame:=base', 'base_frame:=base'), "got 'base' for both"),
    (('when_lost:=panic',), "expected 'when_lost' to be one of hold, null_pose, got 'panic'"),
    (('sync_tolerance:=-1.0',), "parameter 'sync_tolerance': "),
    (('device:=abacus',), "expected 'device' to be one of cpu, cuda"),
    (('qos_overrides./odom.publisher.reliability:=quite',), "qos_overrides of '/odom'"),
])
def test_impossible_start_ends_with_a_reason_and_code_2(arguments, reason):
    given = [word for argument in arguments for word in ('-p', argument)]
    result = subprocess.run(
        [sys.executable, *PROGRAM, '--ros-args', *given], capture_output=True, text=True,
        timeout=60, check=False)
    assert result.returncode == 2
    assert reason in result.stdout + result.stderr
    assert 'Traceback' not in result.stderr


def test_a_file_for_both_nodes_gives_no_warnings(start_bench, tmp_path):
    config = tmp_path / 'both.yaml'
    config.write_text(
        '/**:\n  ros__parameters:\n    max_depth: 20\n    odom_frame: here\n    front.scale: 2.0\n'
        '    base_frane: base\n', encoding='utf-8')
    bench = start_bench(kind=PoseBench, arguments=('--params-file', str(config)))
    assert bench.odometry().header.frame_id == 'here'
    ignored = [line for line in bench.log.splitlines() if 'ignored' in line]
    assert len(ignored) == 1
    assert "no parameter 'base_frane', so it is ignored; did you mean 'base_frame'?" in ignored[0]
    bench.close()
