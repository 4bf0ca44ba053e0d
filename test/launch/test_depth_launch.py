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

import os
from pathlib import Path
import time

from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
import launch_pytest
from launch_pytest.actions import ReadyToTest
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

LAUNCH_FILE = Path(__file__).resolve().parents[2] / 'launch' / 'depth.launch.py'
DEADLINE = 60.0


@launch_pytest.fixture
def launch_description():
    """Start the depth node in a namespace, with the model that is shipped."""
    arguments = {'namespace': 'launched', 'image': 'cam/image_raw', 'log_level': 'warn'}
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
    context = rclpy.context.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('bench', namespace='launched', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    images = node.create_publisher(Image, 'cam/image_raw', 1)
    infos = node.create_publisher(CameraInfo, 'cam/camera_info', 1)
    depths, clouds = [], []
    node.create_subscription(Image, 'depth/image', depths.append, 1)
    node.create_subscription(PointCloud2, 'points', clouds.append, 1)
    end = time.monotonic() + DEADLINE
    while not (depths and clouds) and time.monotonic() < end:
        infos.publish(_info())
        images.publish(_image())
        executor.spin_once(timeout_sec=0.1)
    node.destroy_node()
    rclpy.shutdown(context=context)
    assert (depths[0].width, depths[0].height, depths[0].encoding) == (640, 480, '32FC1')
    assert (clouds[0].width, clouds[0].height) == (640, 480)


@pytest.mark.launch(fixture=launch_description)
def test_the_fast_dds_profile_is_set_unless_the_user_set_one():
    """One of the variables that Fast DDS reads names the shipped profile."""
    names = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
    assert any(Path(os.environ[name]).name == 'fastdds.xml' for name in names
               if name in os.environ)
