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

"""The tree of /tf_static: chains, refusals, and over real DDS."""

import contextlib
import sys
import time
from types import SimpleNamespace

from geometry_msgs.msg import TransformStamped
import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from sa4depth_ros.errors import FrameError
from sa4depth_ros.nodes.static_transforms import StaticTransforms, TOPIC


def stamped(parent, child, position, quaternion=(0.0, 0.0, 0.0, 1.0)):
    def of(names, values):
        return SimpleNamespace(**dict(zip(names, values)))
    return SimpleNamespace(
        header=SimpleNamespace(frame_id=parent), child_frame_id=child,
        transform=SimpleNamespace(rotation=of('xyzw', quaternion),
                                  translation=of('xyz', position)))


@pytest.fixture(scope='module')
def context():
    context = Context()
    rclpy.init(context=context)
    yield context
    rclpy.shutdown(context=context)


@pytest.fixture
def node(context):
    node = rclpy.create_node('listener', namespace='/transforms', context=context)
    yield node
    node.destroy_node()


def without_tf2(monkeypatch, node):
    monkeypatch.setitem(sys.modules, 'tf2_msgs.msg', None)
    return StaticTransforms(node)


def test_a_chain_leads_from_one_sensor_to_another(node, monkeypatch):
    transforms = without_tf2(monkeypatch, node)
    half = np.sqrt(0.5)
    # The lidar looks to the left: a quarter turn about z.
    transforms.put(SimpleNamespace(transforms=[
        stamped('/base_link', 'mast', (0.0, 0.0, 1.0)),
        stamped('mast', 'lidar', (0.5, 0.0, 0.0), (0.0, 0.0, half, half))]))
    transforms.put(SimpleNamespace(transforms=[stamped('base_link', 'camera', (0.2, 0.0, 0.4))]))
    T = transforms.lookup('camera', 'lidar')
    np.testing.assert_allclose(T @ [1, 0, 0, 1], [0.3, 1.0, 0.6, 1], atol=1e-12)
    np.testing.assert_allclose(transforms.lookup('lidar', '/camera') @ T, np.eye(4), atol=1e-12)


def test_the_same_frame_needs_no_transform_and_nothing_else_is_the_identity(node, monkeypatch):
    transforms = without_tf2(monkeypatch, node)
    np.testing.assert_array_equal(transforms.lookup('camera', '/camera'), np.eye(4))
    with pytest.raises(FrameError, match="'lidar' and 'camera'.*tf2_msgs is not installed") as hit:
        transforms.lookup('camera', 'lidar')
    assert hit.value.cause == 'transform'


def test_what_is_no_rotation_is_left_out(node, monkeypatch):
    transforms = without_tf2(monkeypatch, node)
    transforms.put(SimpleNamespace(transforms=[
        stamped('base', 'zero', (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)),
        stamped('base', 'nan', (np.nan, 0.0, 0.0))]))
    with pytest.raises(FrameError, match='transform'):
        transforms.lookup('base', 'zero')
    with pytest.raises(FrameError, match='transform'):
        transforms.lookup('base', 'nan')


def test_transforms_published_before_arrive_too(node, context, tf_environment):
    from tf2_msgs.msg import TFMessage
    latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
    publisher = node.create_publisher(TFMessage, TOPIC, latched)
    transform = TransformStamped(child_frame_id='camera')
    transform.header.frame_id = 'base_link'
    transform.transform.translation.z = 0.4
    publisher.publish(TFMessage(transforms=[transform]))
    transforms = StaticTransforms(node)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    with pytest.raises(FrameError, match='which connects: none'):
        transforms.lookup('base_link', 'camera')
    T, end = None, time.monotonic() + 30
    while T is None and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.05)
        with contextlib.suppress(FrameError):
            T = transforms.lookup('base_link', 'camera')
    np.testing.assert_allclose(T[:3, 3], [0, 0, 0.4])
    transforms.close()
    executor.shutdown()
