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

"""A small recording of a walk, with depth and odometry or without, for tests of several rooms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

WIDTH, HEIGHT = 120, 60
K = np.array([[90.0, 0, 59.5], [0, 90.0, 29.5], [0, 0, 1]])
STEP = 0.1


def walk_poses(frames: int) -> np.ndarray:
    """Give T_camera2world (N, 4, 4): steps of 10 cm on a bend, level, no turning."""
    poses = np.tile(np.eye(4), (frames, 1, 1))
    angles = np.arange(frames) * 0.2
    poses[1:, 0, 3] = np.cumsum(STEP * np.sin(angles[:-1]))
    poses[1:, 2, 3] = np.cumsum(STEP * np.cos(angles[:-1]))
    return poses


def write_walk(path: Path, *, frames: int = 8, depth: bool = True, odometry: bool = True,
               pictures: Sequence[tuple[np.ndarray, np.ndarray]] = ()) -> Path:
    """
    Write the poses of walk_poses with images of noise and depth of a slope from 1 to 3 m.

    ``pictures`` gives, for each frame, another image (uint8) and depth (metres).
    """
    store = get_typestore(Stores.ROS2_JAZZY)
    rng = np.random.default_rng(0)
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections: dict[str, Any] = {}
        for number, pose in enumerate(walk_poses(frames)):
            time = (100 * 10 + number) * 10**8
            rgb = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
            slope = np.linspace(1, 3, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
            rgb, metres = pictures[number] if pictures else (rgb, slope)
            for topic, message in _messages(store.types, time, rgb, metres, pose).items():
                if ('depth' in topic and not depth) or ('odom' in topic and not odometry):
                    continue
                kind = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, kind, typestore=store)
                writer.write(connections[topic], time, store.serialize_cdr(message, kind))
    return path


def _messages(types: Any, time: int, rgb: np.ndarray, depth: np.ndarray,
              pose: np.ndarray) -> dict[str, Any]:
    stamp = types['builtin_interfaces/msg/Time'](time // 10**9, time % 10**9)
    image = types['sensor_msgs/msg/Image']

    def head(frame: str) -> Any:
        return types['std_msgs/msg/Header'](stamp, frame)

    millimetres = (1000 * depth).astype('<u2').reshape(-1)
    return {
        '/cam/image_raw': image(head('cam'), HEIGHT, WIDTH, 'rgb8', 0, 3 * WIDTH,
                                rgb.reshape(-1)),
        '/cam/camera_info': types['sensor_msgs/msg/CameraInfo'](
            head('cam'), HEIGHT, WIDTH, 'plumb_bob', np.zeros(5), K.ravel(), np.eye(3).ravel(),
            np.insert(K.ravel(), (3, 6, 9), 0), 0, 0,
            types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)),
        '/cam/depth/image_raw': image(head('cam'), HEIGHT, WIDTH, '16UC1', 0, 2 * WIDTH,
                                      millimetres.view(np.uint8)),
        '/odom': _odometry(types, head('world'), pose)}


def _odometry(types: Any, head: Any, pose: np.ndarray) -> Any:
    def kind(name: str) -> Any:
        return types[f'geometry_msgs/msg/{name}']

    zero = kind('Vector3')(0.0, 0.0, 0.0)
    place = kind('Pose')(kind('Point')(*pose[:3, 3]), kind('Quaternion')(0.0, 0.0, 0.0, 1.0))
    return types['nav_msgs/msg/Odometry'](
        head, 'cam', kind('PoseWithCovariance')(place, np.zeros(36)),
        kind('TwistWithCovariance')(kind('Twist')(zero, zero), np.zeros(36)))
