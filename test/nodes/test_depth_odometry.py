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

"""Depth node and pose node in one process, through real DDS."""

import os
import subprocess
import sys

from diagnostic_msgs.msg import DiagnosticStatus
from node_bench import image_of, info_of
import numpy as np
from pose_bench import numbers, PoseBench, position, PROGRAM
import pytest


class BothBench(PoseBench):
    """Feeds images only; the depth node makes the depth."""

    def feed(self, grey=100, *, image=None, info=None, stamp=None, with_info=True):
        return self.send(image or image_of(grey), (info or info_of()) if with_info else None,
                         stamp)

    def depth_values(self, camera=''):
        name = f'{self.namespace}/depth_node: depth {camera}'.rstrip()
        found = [s for m in self.inboxes['/diagnostics'].messages for s in m.status
                 if s.name == name]
        return {v.key: v.value for v in found[-1].values} if found else {}


@pytest.fixture(scope='module')
def shared_both(start_bench):
    bench = start_bench(kind=BothBench, flags=('--both',))
    yield bench
    bench.close()


@pytest.fixture
def bench(shared_both):
    assert shared_both.reset().success
    shared_both.odometry(accept=lambda m: position(m) == [0, 0, 0])
    return shared_both


def test_depth_is_made_for_the_odometry_alone(bench):
    """Nobody subscribes to depth, and the pose node gets what the depth node made."""
    message = bench.odometry(grey=150)
    np.testing.assert_allclose(position(message), (0.5, 0, 0), atol=1e-9)
    # 0.5 m and 2 cm for a grey level is what the test's model makes of the image.
    bench.await_value('residual_before', '3.5', lambda: bench.feed(150))
    # The depth node tells of itself at its own pace.
    values = bench.wait(bench.depth_values, 'a status of depth', lambda: bench.feed(150))
    assert values['outputs'] == ''
    assert 'depth_node in this process' in bench.values()['depth_topic']
    # A frame may come late where the machine is busy, which is a warning for a second.
    bench.await_status(lambda s: s.level == DiagnosticStatus.OK, 'a good status',
                       lambda: bench.feed(150))


def test_depth_goes_out_as_well_for_those_who_want_it(bench):
    depth, = bench.exchange(image_of(100), info_of())
    np.testing.assert_allclose(np.frombuffer(depth.data, '<f4'), 2.5, rtol=1e-5)
    assert bench.odom.with_stamps(
        {depth.header.stamp.sec * 10**9 + depth.header.stamp.nanosec}) or bench.odometry()
    bench.leave('depth/image')


def test_a_camera_without_calibration_gives_depth_and_no_odometry(start_bench):
    bench = start_bench(kind=BothBench, flags=('--both',))
    depth = bench.inbox('depth/image')
    status = bench.await_status(
        lambda s: 'needs the calibration' in s.message, 'an error',
        lambda: bench.feed(with_info=False))
    assert status.level == DiagnosticStatus.ERROR
    # The pose node may see a frame, and say so, before the depth of it is out.
    bench.wait(lambda: depth.messages, 'depth', lambda: bench.feed(with_info=False))
    assert not bench.odom.messages
    bench.odometry()
    bench.close()


def test_frames_that_the_depth_node_refuses_are_no_end(bench):
    """White images break the test's model: no depth, so lost; then both go on."""
    bench.await_value('state', 'tracking', bench.feed)
    bench.change(lost_after=0.5)
    status = bench.await_value('state', 'lost', lambda: bench.feed(255))
    assert 'no usable frame' in status.message or 'in this process' in status.message
    assert all(np.isfinite(numbers(m)).all() for m in bench.odom.messages)
    bench.await_value('state', 'tracking', bench.feed)


def test_a_slow_odometry_does_not_delay_depth(start_bench):
    """Its step takes 0.3 s; depth comes many times in that."""
    bench = start_bench(kind=BothBench, flags=('--both', '--slow'))
    inbox = bench.inbox('depth/image')
    bench.odometry()
    inbox.messages.clear()
    bench.odom.messages.clear()
    bench.wait(lambda: len(bench.odom.messages) >= 4, 'four odometries', bench.feed)
    assert len(inbox.messages) > 3 * len(bench.odom.messages)
    bench.close()


def test_one_file_serves_both_nodes_and_one_camera_is_followed(start_bench, tmp_path):
    config = tmp_path / 'both.yaml'
    config.write_text(
        '/**/depth_node:\n  ros__parameters:\n    cameras: [front, left]\n    max_depth: 20.0\n'
        '/**/pose_node:\n  ros__parameters:\n    camera: left\n    odom_frame: there\n'
        '/**:\n  ros__parameters:\n    qos_overrides:\n      /nowhere:\n        publisher:\n'
        '          depth: 3\n', encoding='utf-8')
    bench = start_bench(kind=BothBench, flags=('--both',), arguments=(
        '--params-file', str(config), '-r', 'left/image:=image'))
    message = bench.odometry(grey=120)
    assert message.header.frame_id == 'there'
    bench.await_value('image_topic', f'{bench.namespace}/image')
    unmatched = "'qos_overrides./nowhere.publisher.depth' matches no topic"
    bench.await_log(unmatched)
    assert bench.log.count(unmatched) == 1
    assert 'ignored; did you mean' not in bench.log
    bench.close()


def test_a_camera_that_the_depth_node_does_not_have(shared_both):
    result = subprocess.run(
        [sys.executable, *PROGRAM, '--both', '--ros-args', '-p', f'model:={shared_both.model}',
         '-p', 'cameras:=[front, left]', '-p', 'camera:=rear'],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ)
    assert result.returncode == 2
    assert "one of the depth node's cameras (front, left), got 'rear'" in (
        result.stdout + result.stderr)
