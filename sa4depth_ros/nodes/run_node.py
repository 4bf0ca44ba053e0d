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

"""Start, spin and end lifecycle nodes cleanly."""

from collections.abc import Callable, Sequence
import functools
import signal
import traceback
from typing import Any, Protocol

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.logging import get_logger
from sa4depth_ros.errors import Sa4DepthError

Transition = Callable[..., TransitionCallbackReturn]
CANNOT_START = 2


class AutostartNode(Protocol):
    """What ``run_node`` asks of a lifecycle node."""

    autostart: bool

    def trigger_configure(self) -> TransitionCallbackReturn: ...
    def trigger_activate(self) -> TransitionCallbackReturn: ...
    def close(self) -> None: ...
    def destroy_node(self) -> None: ...


def reported(transition: Transition) -> Transition:
    """
    Log what goes wrong in a lifecycle callback; rclpy itself keeps silent about it.

    What the user can correct makes the transition fail, anything else is an error.
    """
    @functools.wraps(transition)
    def guarded(self: Any, *args: Any) -> TransitionCallbackReturn:
        try:
            return transition(self, *args)
        except Sa4DepthError as error:
            result, reason = TransitionCallbackReturn.FAILURE, f' {error}'
        except Exception:
            result, reason = TransitionCallbackReturn.ERROR, f'\n{traceback.format_exc()}'
        # Nothing can be made once a signal has ended the context; that is no failure.
        if self.context.ok():
            self.get_logger().error(f'{transition.__name__} failed:{reason}')
        return result
    return guarded


def run_node(make: Callable[[], Any], args: list[str] | None = None) -> int:
    """Make one node and do with it as ``run_nodes``."""
    return run_nodes(lambda: [make()], args)


def run_nodes(make: Callable[[], Sequence[Any]], args: list[str] | None = None) -> int:
    """
    Make nodes, start them, spin until SIGINT, SIGTERM or a shutdown of the context.

    One thread serves them all; they start in their order and end in the other. Returns the exit
    code: 0, or CANNOT_START when a node could not be made or, with autostart, not be activated.
    """
    # rclpy handles both signals by shutting down; Python's own KeyboardInterrupt on top of that
    # would strike anywhere, also while cleaning up.
    early: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: early.append(number))
    rclpy.init(args=args)
    try:
        return 0 if early else _lifetime(make)
    except Exception:
        if rclpy.ok():
            raise
        # The context went away while the node was starting: that is no error.
        return 0
    finally:
        rclpy.try_shutdown()
        # A second Ctrl-C must not turn the clean end into a killed process.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


def _lifetime(make: Callable[[], Sequence[Any]]) -> int:
    try:
        nodes = make()
    except Sa4DepthError as error:
        get_logger('sa4depth_ros').fatal(f'cannot start: {error}')
        return CANNOT_START
    try:
        if not _started([node for node in nodes if node.autostart]):
            return CANNOT_START
        # The signal may have come while a node was starting.
        if rclpy.ok():
            _spin(nodes)
        return 0
    finally:
        for node in reversed(nodes):
            node.close()
            node.destroy_node()


def _started(nodes: Sequence[Any]) -> bool:
    # Nobody may listen while another one still loads its model: the first frames would be lost.
    for step in ('trigger_configure', 'trigger_activate'):
        for node in nodes:
            if getattr(node, step)() != TransitionCallbackReturn.SUCCESS and rclpy.ok():
                node.get_logger().fatal('cannot start, see above')
                return False
    return True


def _spin(nodes: Sequence[Any]) -> None:
    # Not rclpy.experimental.EventsExecutor: in rclpy 7.1 its timers never fire and its spin
    # keeps the interpreter lock, so that neither services nor our own thread get on.
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    try:
        executor.spin()
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()
