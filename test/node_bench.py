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

"""A node in its own process, and a bench that feeds it and hears it over real DDS."""

from collections.abc import Callable
import itertools
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState, GetState
from onnx_models import HEIGHT, WIDTH
import pytest
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2

DEADLINE = 30.0
# A node that has met the writer of a client before its reader loses the response, after 100 ms.
PATIENCE = 5.0
OUTPUTS = {'depth/image': Image, 'depth/image_raw': Image, 'depth/camera_info': CameraInfo,
           'points': PointCloud2, 'depth/color': Image}
_numbers = itertools.count(1)


class Inbox:
    """What arrived on one topic."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def with_stamps(self, stamps: set[int]) -> list[Any]:
        return [m for m in self.messages
                if m.header.stamp.sec * 10**9 + m.header.stamp.nanosec in stamps]


class Bench:
    """
    A ROS node of the test, with one node of ours in another process in the same namespace.

    ``NODE`` is its name, ``TITLE`` what follows it in the names of its statuses.
    """

    NODE = 'depth_node'
    TITLE = 'depth'

    def __init__(
        self, context: Context, folder: Path, model: Path, *,
        transport: str = 'raw', arguments: tuple[str, ...] = (),
        program: tuple[str, ...] = ('-m', 'sa4depth_ros.nodes.depth_node'),
        environment: dict[str, str] | None = None,
    ) -> None:
        self.namespace = f'/bench{next(_numbers)}'
        self.log_file = folder / f'{self.namespace[1:]}.log'
        self.model = model
        self._environment = os.environ | {'PYTHONUNBUFFERED': '1'} | (environment or {})
        self.process = self._start(program, model, transport, arguments)
        self.node = rclpy.create_node('bench', namespace=self.namespace, context=context)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self.node)
        self.inboxes: dict[str, Inbox] = {}
        self._subscriptions: dict[str, Any] = {}
        kind, topic = ((Image, 'image') if transport == 'raw'
                       else (CompressedImage, 'image/compressed'))
        self._images = self.node.create_publisher(kind, topic, 1)
        self._infos = self.node.create_publisher(CameraInfo, 'camera_info', 1)
        self.inbox('/diagnostics', DiagnosticArray)

    def _start(
        self, program: tuple[str, ...], model: Path, transport: str, arguments: tuple[str, ...],
    ) -> Any:
        with self.log_file.open('w', encoding='utf-8') as log:
            return subprocess.Popen(
                [sys.executable, *program, '--ros-args',
                 '-r', f'__ns:={self.namespace}', '-p', f'model:={model}',
                 '-p', f'image_transport:={transport}', *arguments],
                stdout=log, stderr=subprocess.STDOUT, env=self._environment)

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding='utf-8')

    def inbox(self, topic: str, kind: Any = None, qos: Any = 10) -> Inbox:
        """Subscribe to ``topic`` and give the place where its messages go."""
        if topic not in self.inboxes:
            inbox = self.inboxes[topic] = Inbox()
            self._subscriptions[topic] = self.node.create_subscription(
                kind or OUTPUTS[topic], topic, inbox.messages.append, qos)
        return self.inboxes[topic]

    def leave(self, *topics: str) -> None:
        """Unsubscribe, where not done yet."""
        for topic in topics:
            if topic in self.inboxes:
                del self.inboxes[topic]
                self.node.destroy_subscription(self._subscriptions.pop(topic))

    def wait(self, condition: Callable[[], Any], what: str, also: Any = None) -> Any:
        """Spin until ``condition`` gives something true; ``also`` is done every 30 ms."""
        end = time.monotonic() + DEADLINE
        due = 0.0
        while time.monotonic() < end:
            if self.process.poll() is not None:
                pytest.fail(f'the node is gone while waiting for {what}:\n{self.log}')
            if also is not None and time.monotonic() >= due:
                also()
                due = time.monotonic() + 0.03
            self._executor.spin_once(timeout_sec=0.01)
            result = condition()
            if result:
                return result
        return pytest.fail(f'waited {DEADLINE} s in vain for {what}; the node says:\n{self.log}')

    def await_log(self, *texts: str) -> None:
        """Wait until the node has logged each of ``texts``; what it does may be seen earlier."""
        for text in texts:
            self.wait(lambda text=text: text in self.log, f'"{text}" in the log')

    def send(self, image: Any, info: CameraInfo | None = None, stamp: int | None = None) -> int:
        """Publish the two under one stamp (ns), by default the time of now."""
        stamp = self.node.get_clock().now().nanoseconds if stamp is None else stamp
        for message, publisher in ((info, self._infos), (image, self._images)):
            if message is not None:
                message.header.stamp = Time(sec=stamp // 10**9, nanosec=stamp % 10**9)
                message.header.frame_id = 'camera_optical'
                publisher.publish(message)
        return stamp

    def exchange(
        self, image: Any, info: CameraInfo | None = None, *,
        topics: tuple[str, ...] = ('depth/image',),
        accept: Callable[[Any], bool] = lambda message: True,
    ) -> list[Any]:
        """Send the image, ever again, until an answer that ``accept`` takes is on all topics."""
        inboxes = [self.inbox(topic) for topic in topics]
        stamps: set[int] = set()

        def complete() -> list[Any]:
            for stamp in sorted(stamps, reverse=True):
                answers = [inbox.with_stamps({stamp}) for inbox in inboxes]
                if all(answers) and accept(answers[0][0]):
                    return [found[0] for found in answers]
            return []
        return list(self.wait(
            complete, f'answers on {topics}', lambda: stamps.add(self.send(image, info))))

    def status(self, camera: str = '') -> Any:
        """Give the newest diagnostic status of this node (for ``camera``), or None."""
        found = [s for m in self.inboxes['/diagnostics'].messages for s in m.status
                 if s.name == f'{self.namespace}/{self.NODE}: {self.TITLE} {camera}'.rstrip()]
        return found[-1] if found else None

    def values(self, camera: str = '') -> dict[str, str]:
        """Give the key-value pairs of the newest diagnostic status."""
        status = self.status(camera)
        return {v.key: v.value for v in status.values} if status else {}

    def drops(self, cause: str) -> int:
        return int(self.values().get(f'dropped_{cause}', '0'))

    def await_status(
        self, accept: Callable[[Any], bool], what: str, also: Any = None, camera: str = '',
    ) -> Any:
        """Wait for a diagnostic status, published from now on, that ``accept`` takes."""
        self.inboxes['/diagnostics'].messages.clear()
        return self.wait(
            lambda: (status := self.status(camera)) is not None and accept(status) and status,
            what, also)

    def call(self, kind: Any, service: str, request: Any, *, patience: float = PATIENCE) -> Any:
        """Call a service of the node, again each ``patience`` seconds; gives its response."""
        client = self.node.create_client(kind, f'{self.NODE}/{service}')
        calls: list[Any] = []

        def answered() -> Any:
            if time.monotonic() >= start + patience * len(calls):
                calls.append(client.call_async(request))
            return next((call for call in calls if call.done()), None)
        try:
            self.wait(client.service_is_ready, f'service {service}')
            start = time.monotonic()
            return self.wait(answered, f'response of {service}').result()
        finally:
            self.node.destroy_client(client)

    def transition(self, label: str) -> bool:
        request = ChangeState.Request()
        request.transition.label = label
        # The same transition twice would be refused.
        return bool(self.call(ChangeState, 'change_state', request, patience=DEADLINE).success)

    def state(self) -> str:
        return str(self.call(GetState, 'get_state', GetState.Request()).current_state.label)

    def change(self, **values: Any) -> list[Any]:
        """Set parameters one by one; gives the results."""
        parameters = [Parameter(k, value=v).to_parameter_msg() for k, v in values.items()]
        request = SetParameters.Request(parameters=parameters)
        return list(self.call(SetParameters, 'set_parameters', request).results)

    def get(self, name: str) -> Any:
        values = self.call(GetParameters, 'get_parameters', GetParameters.Request(names=[name]))
        return rclpy.parameter.parameter_value_to_python(values.values[0])

    def describe(self, *names: str) -> list[Any]:
        request = DescribeParameters.Request(names=names)
        return list(self.call(DescribeParameters, 'describe_parameters', request).descriptors)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Signal the node and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return int(self.process.wait(DEADLINE))
        finally:
            self.process.kill()

    def close(self) -> None:
        code = self.stop()
        self._executor.shutdown()
        self.node.destroy_node()
        assert code == 0, self.log
        assert 'Traceback' not in self.log


def image_of(grey: int, width: int = 2 * WIDTH, height: int = 2 * HEIGHT) -> Image:
    """Make an rgb8 image of one grey level."""
    data = bytes([grey]) * (width * height * 3)
    message = Image(width=width, height=height, encoding='rgb8', step=3 * width)
    message.data.frombytes(data)
    return message


def info_of(width: int = 2 * WIDTH, height: int = 2 * HEIGHT) -> CameraInfo:
    """Make a camera_info without distortion, principal point in the middle."""
    fx, cx, cy = 0.8 * width, (width - 1) / 2, (height - 1) / 2
    return CameraInfo(
        width=width, height=height, distortion_model='plumb_bob', d=[0.0] * 5,
        k=[fx, 0.0, cx, 0.0, fx, cy, 0.0, 0.0, 1.0], r=[1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fx, cy, 0.0, 0.0, 0.0, 1.0, 0.0])
