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

"""Start an installed node and wait until it is active (check_colcon.sh)."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
import rclpy

DOMAIN = str(1 + os.getpid() % 101)
PATIENCE = 60.0     # seconds


def state_of(service: str, process: subprocess.Popen[bytes]) -> int:
    """Ask the node for its lifecycle state until it is active or time is up."""
    node = rclpy.create_node('check_node_starts')
    client = node.create_client(GetState, service)
    deadline = time.monotonic() + PATIENCE
    state = State.PRIMARY_STATE_UNKNOWN
    while time.monotonic() < deadline and state != State.PRIMARY_STATE_ACTIVE:
        assert process.poll() is None, f'the node ended with exit code {process.returncode}'
        if client.wait_for_service(timeout_sec=0.5):
            future = client.call_async(GetState.Request())
            rclpy.spin_until_future_complete(node, future, timeout_sec=2.0)
            response = future.result() if future.done() else None
            state = response.current_state.id if response else state
    node.destroy_node()
    return state


def main(executable: str) -> None:
    """Fail with an assertion unless the node gets active and ends cleanly on SIGINT."""
    os.environ['ROS_DOMAIN_ID'] = DOMAIN
    with subprocess.Popen([executable, '--ros-args', '-r', '__node:=check_node']) as process:
        try:
            rclpy.init()
            state = state_of('/check_node/get_state', process)
            assert state == State.PRIMARY_STATE_ACTIVE, f'expected an active node, got {state}'
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=20)
        finally:
            process.kill()
            rclpy.try_shutdown()
    assert code in (0, -signal.SIGINT), f'expected a clean end, got exit code {code}'
    print(f'{Path(executable).name} --ros-args: active, and ended by SIGINT')


if __name__ == '__main__':
    main(sys.argv[1])
