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

"""A recording of a robot in the room of rendered_pair, with all that tells a scale."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from rendered_pair import photograph
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

WIDTH, HEIGHT = 200, 150
K = np.array([[170.0, 0, 99.5], [0, 170.0, 74.5], [0, 0, 1]])
START, STEP = 1_600_000_000 * 10**9, 10**8
# x forward, y left, z up -> x right, y down, z forward; the camera looks down by 5 degrees.
_AXES = np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0]], dtype=float)
_TILT = np.array([[1, 0, 0], [0, np.cos(0.09), np.sin(0.09)], [0, -np.sin(0.09), np.cos(0.09)]])


def transform(rotation: np.ndarray, place: Sequence[float]) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation, place
    return T


T_CAMERA2BASE = transform(_AXES @ _TILT, (0.2, 0.05, 0.4))
T_LIDAR2BASE = transform(np.eye(3), (0.0, 0.0, 0.6))


def turning(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0],
                     [-np.sin(angle), 0, np.cos(angle)]])


def drive(number: int) -> np.ndarray:
    """Give T_camera2world of a drive ahead and to the right that also turns a little."""
    return transform(turning(0.1 * np.sin(number / 9)) @ _TILT.T,
                     (-1.0 + 0.03 * number, 0.1, -1.5 + 0.03 * number))


def turn_only(number: int) -> np.ndarray:
    """Give T_camera2world of a camera that turns about itself."""
    return transform(turning(0.02 * number), (0.0, 0.0, 0.0))


@dataclass
class RobotBag:
    """What was written, and the depth (h, w) of each image by its bytes."""

    path: Path
    depths: dict[bytes, np.ndarray] = field(default_factory=dict)


@dataclass
class Oracle:
    """Knows the true depth, but for a ``factor`` and noise: of frames, slow, and of pixels."""

    bag: RobotBag
    factor: float = 1.0
    flicker: float = 0.03
    noise: float = 0.1
    rng: Any = field(default_factory=lambda: np.random.default_rng(1))
    mood: float = 0.0

    def estimate(self, rgb: np.ndarray, camera: Any) -> Any:
        assert (camera.width, camera.height) == (rgb.shape[1], rgb.shape[0])
        truth = self.bag.depths[rgb.tobytes()]
        self.mood = 0.7 * self.mood + 0.7 * self.rng.standard_normal()
        noise = self.noise * self.rng.standard_normal(truth.shape)
        depth = truth / self.factor * np.exp(self.flicker * self.mood + noise)
        return SimpleNamespace(depth=depth.astype(np.float32), unit='relative')


def write_robot_bag(
    path: Path, *, frames: int = 45, has: Sequence[str] = ('odometry', 'tf'),
    poses: Callable[[int], np.ndarray] = drive, delay: int = 0, body: str = 'base_link',
    claimed: Callable[[int], np.ndarray] | None = None,
    paint: Callable[[np.ndarray], np.ndarray] | None = None,
) -> RobotBag:
    """
    Write images and camera_info, and what the bag ``has``: depth, lidar, odometry, tf.

    ``poses`` gives T_camera2world of a frame's number, ``claimed`` what odometry says instead.
    ``delay`` [ns] is on the stamps of all but the images; ``paint`` makes images of depth.
    """
    store = get_typestore(Stores.ROS2_JAZZY)
    make = RobotMessages(store.types, body)
    bag = RobotBag(path)
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        topics: dict[str, Any] = {}

        def send(topic: str, message: Any, time: int) -> None:
            kind = message.__msgtype__
            if topic not in topics:
                topics[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(topics[topic], time, store.serialize_cdr(message, kind))

        if 'tf' in has:
            send('/tf_static', make.mounts(), START)
        for number in range(frames):
            time = START + number * STEP
            rgb, depth = photograph(poses(number), K, (HEIGHT, WIDTH))
            rgb = rgb if paint is None else paint(depth)
            bag.depths[rgb.tobytes()] = depth
            send('/front/image_raw', make.image(time, 'rgb8', rgb), time)
            send('/front/camera_info', make.info(time), time)
            if 'depth' in has:
                image = make.image(time + delay, '16UC1', (1000 * depth).astype('<u2'))
                send('/front/depth/image_raw', image, time)
            if 'lidar' in has:
                send('/points', make.cloud(time + delay, depth), time)
            if 'odometry' in has:
                pose = (claimed or poses)(number)
                if body == 'base_link':
                    pose = pose @ np.linalg.inv(T_CAMERA2BASE)
                send('/odom', make.odometry(time + delay, pose), time)
    return bag


@dataclass
class RobotMessages:
    """Makes messages of rosbags; ``body`` is whose poses odometry gives, ``lidar`` its frame."""

    types: Any
    body: str
    lidar: str = 'lidar'

    def head(self, time: int, frame: str) -> Any:
        stamp = self.types['builtin_interfaces/msg/Time'](time // 10**9, time % 10**9)
        return self.types['std_msgs/msg/Header'](stamp, frame)

    def image(self, time: int, encoding: str, pixels: np.ndarray) -> Any:
        data = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)
        return self.types['sensor_msgs/msg/Image'](
            self.head(time, 'front_optical'), HEIGHT, WIDTH, encoding, 0, len(data) // HEIGHT,
            data)

    def info(self, time: int) -> Any:
        return self.types['sensor_msgs/msg/CameraInfo'](
            self.head(time, 'front_optical'), HEIGHT, WIDTH, 'plumb_bob', np.zeros(5), K.ravel(),
            np.eye(3).ravel(), np.insert(K.ravel(), (3, 6, 9), 0), 0, 0,
            self.types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False))

    def cloud(self, time: int, depth: np.ndarray) -> Any:
        rows, columns = np.mgrid[2:HEIGHT:5, 2:WIDTH:3]
        z = depth[rows, columns].ravel()
        seen = np.stack([(columns.ravel() - K[0, 2]) / K[0, 0] * z,
                         (rows.ravel() - K[1, 2]) / K[1, 1] * z, z, np.ones(len(z))])
        T_camera2lidar = np.linalg.inv(T_LIDAR2BASE) @ T_CAMERA2BASE
        if self.lidar == 'front_optical':
            T_camera2lidar = np.eye(4)
        points = (T_camera2lidar @ seen)[:3].T
        # As real ones: some behind the camera, some that did not return; x, y, z and intensity.
        points = np.concatenate([points, points * [-1, 1, 1], np.full((7, 3), np.nan)])
        data = np.zeros((len(points), 4), '<f4')
        data[:, :3] = points
        field_of = self.types['sensor_msgs/msg/PointField']
        fields = [field_of(name, 4 * i, 7, 1) for i, name in enumerate(('x', 'y', 'z', 'i'))]
        return self.types['sensor_msgs/msg/PointCloud2'](
            self.head(time, self.lidar), 1, len(points), fields, False, 16, 16 * len(points),
            data.reshape(-1).view(np.uint8), False)

    def odometry(self, time: int, pose: np.ndarray) -> Any:
        def kind(name: str) -> Any:
            return self.types[f'geometry_msgs/msg/{name}']

        zero = kind('Vector3')(0.0, 0.0, 0.0)
        place = kind('Pose')(kind('Point')(*pose[:3, 3]), self.quaternion(pose[:3, :3]))
        return self.types['nav_msgs/msg/Odometry'](
            self.head(time, 'odom'), self.body, kind('PoseWithCovariance')(place, np.zeros(36)),
            kind('TwistWithCovariance')(kind('Twist')(zero, zero), np.zeros(36)))

    def mounts(self) -> Any:
        def stamped(child: str, T: np.ndarray) -> Any:
            place = self.types['geometry_msgs/msg/Vector3'](*T[:3, 3])
            moved = self.types['geometry_msgs/msg/Transform'](place, self.quaternion(T[:3, :3]))
            return self.types['geometry_msgs/msg/TransformStamped'](
                self.head(START, 'base_link'), child, moved)

        return self.types['tf2_msgs/msg/TFMessage'](
            [stamped('front_optical', T_CAMERA2BASE), stamped('lidar', T_LIDAR2BASE)])

    def quaternion(self, R: np.ndarray) -> Any:
        # The eigenvector of K for the largest eigenvalue (Bar-Itzhack).
        m = R.T
        values, vectors = np.linalg.eigh(np.array([
            [m[0, 0] - m[1, 1] - m[2, 2], 0, 0, 0],
            [m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], 0, 0],
            [m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], 0],
            [m[1, 2] - m[2, 1], m[2, 0] - m[0, 2], m[0, 1] - m[1, 0], np.trace(m)]]) / 3)
        q = vectors[:, np.argmax(values)]
        return self.types['geometry_msgs/msg/Quaternion'](*map(float, q))
