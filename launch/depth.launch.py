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

"""
Start the depth node, and with odometry:=true the pose node, too.

ros2 launch sa4depth_ros depth.launch.py image:=/camera/image_raw
"""

import os
from typing import Any

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

PACKAGE = 'sa4depth_ros'
FAST_DDS_2 = 'FASTRTPS_DEFAULT_PROFILES_FILE'
FAST_DDS_3 = 'FASTDDS_DEFAULT_PROFILES_FILE'
# What a user sets who knows better than we how messages should travel.
USERS_CHOICE = (FAST_DDS_2, FAST_DDS_3, 'FASTDDS_BUILTIN_TRANSPORTS')
PLACE = '{camera}'
PROFILE_VARIABLES = {
    'humble': (FAST_DDS_2,), 'iron': (FAST_DDS_2,), 'jazzy': (FAST_DDS_2,),
    # Not known, as no ROS environment is sourced.
    '': (FAST_DDS_2, FAST_DDS_3)}


def shipped(*path: str) -> PathJoinSubstitution:
    """Name a file in the share folder of this package."""
    return PathJoinSubstitution([FindPackageShare(PACKAGE), *path])


def argument(
    name: str, default: str | PathJoinSubstitution, text: str, *choices: str,
) -> DeclareLaunchArgument:
    """Declare one argument of this launch file."""
    return DeclareLaunchArgument(
        name, default_value=default, description=text, choices=list(choices) or None)


ARGUMENTS = [
    argument('image', '', 'Topic of the camera image, without /compressed; empty: image, in the '
             'namespace. With cameras {camera} stands for the name of each.'),
    argument('camera_info', '', 'Topic of its calibration; empty: the sibling of the image. With '
             'cameras {camera} stands for the name of each.'),
    argument('cameras', '', 'Names of several cameras, such as [front,left]; empty: as in '
             'params_file.'),
    argument('image_transport', '', 'How images come in; empty: as in params_file.',
             '', 'raw', 'compressed'),
    argument('model', '', 'Model file (.onnx, .safetensors); empty: as in params_file, where '
             'empty is the model that is shipped.'),
    argument('backend', '', 'What runs the model; empty: as in params_file.',
             '', 'auto', 'onnxruntime', 'onnxruntime-cuda', 'onnxruntime-tensorrt', 'tensorrt',
             'torch'),
    argument('params_file', shipped('config', 'depth.yaml'), 'YAML file with parameters.'),
    argument('odometry', 'false', 'Also publish odometry, path and tf.', 'true', 'false'),
    argument('depth', '', 'Topic of a depth image that is registered to image, for odometry '
             'without the depth node; empty: depth from the depth node.'),
    argument('base_frame', '', 'Frame whose motion the odometry tells; empty: as in '
             'pose_params_file, where empty is the camera itself.'),
    argument('odom_frame', '', 'Frame of the odometry; empty: as in pose_params_file.'),
    argument('publish_tf', '', 'Publish odom_frame to base_frame; empty: as in pose_params_file.',
             '', 'true', 'false'),
    argument('pose_params_file', shipped('config', 'pose.yaml'), 'YAML file with parameters of '
             'the odometry; what params_file sets as well counts as it is there.'),
    argument('namespace', '', 'Namespace of the nodes and their topics.'),
    argument('rviz', 'false', 'Also start RViz with a view of depth and cloud.',
             'true', 'false'),
    argument('log_level', 'info', 'Log level of the nodes.', 'debug', 'info', 'warn', 'error'),
]


def fast_dds_profile() -> list[LaunchDescriptionEntity]:
    """Give image streams enough shared memory, unless the user has set a profile."""
    if any(os.environ.get(name) for name in USERS_CHOICE):
        return []
    names = PROFILE_VARIABLES.get(os.environ.get('ROS_DISTRO', ''), (FAST_DDS_3,))
    return [SetEnvironmentVariable(name, shipped('config', 'fastdds.xml')) for name in names]


def camera_names(text: str) -> list[str]:
    """Read '[front, left]', with or without brackets and quotes."""
    names = (name.strip(' \'"') for name in text.strip(' []').split(','))
    return [name for name in names if name]


def remapped(name: str, topic: str, cameras: list[str]) -> list[tuple[str, str]]:
    """Give the remappings to ``topic``, one for each camera if there are several."""
    if not cameras:
        return [(name, topic)]
    if PLACE not in topic:
        example = f'{PLACE}/{topic.strip("/")}'
        raise ValueError(f'expected {PLACE} in {name}:={topic}, as there are several cameras; '
                         f"write for instance {name}:='{example}'")
    return [(f'{camera}/{name}', topic.replace(PLACE, camera)) for camera in cameras]


def given_words(context: LaunchContext, *names: str) -> dict[str, Any]:
    """Read the arguments that are not empty."""
    words = {name: LaunchConfiguration(name).perform(context) for name in names}
    return {name: value for name, value in words.items() if value}


def depth_parameters(context: LaunchContext) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Give those parameters and remappings of the depth node only that the user gave."""
    given = given_words(context, 'image', 'camera_info', 'image_transport', 'model', 'backend')
    cameras = camera_names(LaunchConfiguration('cameras').perform(context))
    remappings = [pair for name in ('image', 'camera_info') if name in given
                  for pair in remapped(name, given.pop(name), cameras)]
    if cameras:
        given['cameras'] = cameras
    return given, remappings


def pose_parameters(context: LaunchContext) -> dict[str, Any]:
    """Give those parameters of the pose node only that the user gave."""
    given = given_words(context, 'base_frame', 'odom_frame', 'publish_tf')
    if 'publish_tf' in given:
        given['publish_tf'] = given['publish_tf'] == 'true'
    return given


def nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Make the process that was asked for: depth, depth and odometry, or odometry alone."""
    given, remappings = depth_parameters(context)
    files = [LaunchConfiguration('params_file')]
    depth = LaunchConfiguration('depth').perform(context)
    executable = 'depth_node'
    if LaunchConfiguration('odometry').perform(context) == 'true':
        executable = 'pose_node' if depth else 'depth_odometry'
        files.insert(0, LaunchConfiguration('pose_params_file'))
        given |= pose_parameters(context)
    elif depth:
        raise ValueError(f'expected odometry:=true with depth:={depth}, as the depth node makes '
                         'depth and takes none; write odometry:=true or leave depth out')
    # No name: it would be that of both nodes in one process.
    return [Node(
        package=PACKAGE, executable=executable, namespace=LaunchConfiguration('namespace'),
        output='screen', emulate_tty=True, parameters=[*files, *([given] if given else [])],
        remappings=[*remappings, *([('depth/image', depth)] if depth else [])],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')])]


def generate_launch_description() -> LaunchDescription:
    """Describe the nodes and, if wanted, RViz."""
    rviz = Node(
        package='rviz2', executable='rviz2', namespace=LaunchConfiguration('namespace'),
        arguments=['-d', shipped('config', 'depth.rviz')],
        condition=IfCondition(LaunchConfiguration('rviz')))
    return LaunchDescription(
        [*ARGUMENTS, *fast_dds_profile(), OpaqueFunction(function=nodes), rviz])
