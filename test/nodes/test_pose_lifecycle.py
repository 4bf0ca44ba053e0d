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

"""The pose node from its start to its end, and when there is too much to do."""

import subprocess
import sys
import time

from pose_bench import PoseBench, position, PROGRAM
import pytest


def test_latency_does_not_grow_when_frames_come_too_fast(start_bench):
    """A step of 0.3 s, frames every 30 ms: most are overtaken, none waits for long."""
    bench = start_bench(kind=PoseBench, flags=('--slow',))
    bench.odometry()
    end = time.monotonic() + 3
    bench.wait(lambda: time.monotonic() > end, 'three seconds', bench.feed)
    bench.await_status(lambda s: True, 'a status', bench.feed)
    values = bench.values()
    assert int(values['dropped_newer']) > int(values['frames_out'])
    # One step that is under way, and its own; a queue would have come to many seconds.
    assert 300 < float(values['latency_total_p95_ms']) < 2500
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
    bench.await_log('ignored')
    ignored = [line for line in bench.log.splitlines() if 'ignored' in line]
    assert len(ignored) == 1
    assert "no parameter 'base_frane', so it is ignored; did you mean 'base_frame'?" in ignored[0]
    bench.close()
