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

"""The launch file as users start it; needs launch_pytest and the package installed."""

import contextlib
import os
from pathlib import Path
import time

from diagnostic_msgs.msg import DiagnosticArray
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
import launch_pytest
from launch_pytest.actions import ReadyToTest
from nav_msgs.msg import Odometry
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

LAUNCH_FILE = Path(__file__).resolve().parents[2] / 'launch' / 'depth.launch.py'
DEADLINE = 60.0


@launch_pytest.fixture
def launch_description():
    """Start the depth node in a namespace, with the model that is shipped."""
    return _launched(namespace='launched', image='cam/image_raw')


@launch_pytest.fixture
def three_cameras():
    """Start the depth node for cameras whose topics are not below their names."""
    return _launched(namespace='three', cameras="[front, left, 'right']",
                     image='cams/{camera}_raw/image')


@launch_pytest.fixture
def odometry():
    """Start depth and odometry in one process."""
    return _launched(namespace='moving', image='cam/image_raw', odometry='true',
                     odom_frame='start', publish_tf='false')


@launch_pytest.fixture
def odometry_of_a_depth_camera():
    """Start the odometry alone, with the depth of a depth camera."""
    return _launched(namespace='rgbd', image='cam/image_raw', depth='depth_cam/image_raw',
                     odometry='true', base_frame='base')


def _launched(**arguments):
    arguments['log_level'] = 'warn'
    return LaunchDescription([
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(LAUNCH_FILE)), launch_arguments=arguments.items()),
        ReadyToTest()])


def _image():
    image = Image(width=640, height=480, encoding='mono8', step=640)
    image.data.frombytes(bytes(640 * 480))
    return image


def _info():
    return CameraInfo(width=640, height=480, k=[500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0, 0, 1.0])


@pytest.mark.launch(fixture=launch_description)
def test_the_launched_node_makes_depth_and_cloud():
    """Images on the remapped topic and camera_info beside it give depth and a cloud."""
    (depths, clouds), = _answers('launched', {'cam/image_raw': ''})
    assert (depths[0].width, depths[0].height, depths[0].encoding) == (640, 480, '32FC1')
    assert (clouds[0].width, clouds[0].height) == (640, 480)


@pytest.mark.launch(fixture=three_cameras)
def test_the_launched_node_serves_three_cameras():
    """Each has its depth and cloud below its name, whatever its image topic is."""
    inputs = {f'cams/{name}_raw/image': f'{name}/' for name in ('front', 'left', 'right')}
    for depths, clouds in _answers('three', inputs):
        assert (depths[0].width, depths[0].height) == (640, 480)
        assert (clouds[0].width, clouds[0].height) == (640, 480)


@pytest.mark.launch(fixture=odometry)
def test_the_launched_nodes_make_odometry_and_depth():
    """Both nodes are there, and the arguments of the odometry reach it."""
    with _bench('moving') as (node, spin):
        images = [(node.create_publisher(CameraInfo, 'cam/camera_info', 1), _info()),
                  (node.create_publisher(Image, 'cam/image_raw', 1), _image())]
        odometry, depths = [], []
        node.create_subscription(Odometry, 'odom', odometry.append, 1)
        node.create_subscription(Image, 'depth/image', depths.append, 1)
        spin(lambda: odometry and depths, lambda: _publish(images, node))
        assert odometry[0].header.frame_id == 'start'
        assert (depths[0].width, depths[0].height) == (640, 480)


@pytest.mark.launch(fixture=odometry_of_a_depth_camera)
def test_the_launched_odometry_takes_depth_from_a_topic():
    """It says of the transform that it lacks, so image and depth have arrived."""
    with _bench('rgbd') as (node, spin):
        depth = Image(width=640, height=480, encoding='16UC1', step=1280)
        depth.data.frombytes(bytes([0, 8]) * (640 * 480))
        images = [(node.create_publisher(CameraInfo, 'cam/camera_info', 1), _info()),
                  (node.create_publisher(Image, 'cam/image_raw', 1), _image()),
                  (node.create_publisher(Image, 'depth_cam/image_raw', 1), depth)]
        texts = []
        node.create_subscription(DiagnosticArray, '/diagnostics', lambda m: texts.extend(
            s.message for s in m.status if s.name == '/rgbd/pose_node: odometry'), 10)
        spin(lambda: any("'cam_optical' and 'base'" in text for text in texts),
             lambda: _publish(images, node))


def _publish(images, node):
    stamp = node.get_clock().now().to_msg()
    for publisher, message in images:
        message.header.stamp, message.header.frame_id = stamp, 'cam_optical'
        publisher.publish(message)


@contextlib.contextmanager
def _bench(namespace):
    """Give a node and a function that spins it until a condition holds, doing something."""
    context = rclpy.context.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('bench', namespace=namespace, context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)

    def spin(condition, also):
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, 'waited in vain'
            also()
            executor.spin_once(timeout_sec=0.1)
    yield node, spin
    node.destroy_node()
    rclpy.shutdown(context=context)


def _answers(namespace, inputs):
    """Send images to the topics in ``inputs`` until depth and cloud of each have come."""
    with _bench(namespace) as (node, spin):
        images, answers = [], []
        for image, prefix in inputs.items():
            info = f"{image.rpartition('/')[0]}/camera_info"
            images += [(node.create_publisher(CameraInfo, info, 1), _info()),
                       (node.create_publisher(Image, image, 1), _image())]
            answers.append(([], []))
            for kind, topic, inbox in zip((Image, PointCloud2), ('depth/image', 'points'),
                                          answers[-1]):
                node.create_subscription(kind, prefix + topic, inbox.append, 1)
        spin(lambda: all(inbox for pair in answers for inbox in pair),
             lambda: _publish(images, node))
    return answers


@pytest.mark.launch(fixture=launch_description)
def test_the_fast_dds_profile_is_set_unless_the_user_set_one():
    """One of the variables that Fast DDS reads names the shipped profile."""
    names = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
    assert any(Path(os.environ[name]).name == 'fastdds.xml' for name in names
               if name in os.environ)
