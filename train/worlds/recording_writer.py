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

"""A rosbag2 recording in the layout that all readers of this project know."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from sa4depth_ros.errors import BagError
from sa4depth_train.worlds.lens import Lens

IMAGE_TOPIC = '/camera/image_raw/compressed'
INFO_TOPIC = '/camera/camera_info'
DEPTH_TOPIC = '/camera/depth/image_raw/compressedDepth'
TRUTH_TOPIC = '/ground_truth/odom'
ODOM_TOPIC = '/odom'
MOUNT_TOPIC = '/tf_static'
TYPES = {
    IMAGE_TOPIC: 'sensor_msgs/msg/CompressedImage',
    INFO_TOPIC: 'sensor_msgs/msg/CameraInfo',
    DEPTH_TOPIC: 'sensor_msgs/msg/CompressedImage',
    TRUTH_TOPIC: 'nav_msgs/msg/Odometry',
    ODOM_TOPIC: 'nav_msgs/msg/Odometry',
    MOUNT_TOPIC: 'tf2_msgs/msg/TFMessage',
}
MAX_MILLIMETRES = 65535


@dataclass(frozen=True, eq=False)
class RecordedFrame:
    """
    One frame: stamp [ns]; colour uint8 RGB (h, w, 3); z-depth [m] (h, w), 0 invalid.

    T_world_camera (4, 4) exact; T_odom_base (4, 4), velocity (6,) in base_link and deviation
    (6,) of the odometry: x, y, z, then the angles about them.
    """

    stamp: int
    color: np.ndarray
    depth: np.ndarray
    T_world_camera: np.ndarray
    T_odom_base: np.ndarray
    velocity: np.ndarray
    deviation: np.ndarray


class RecordingWriter:
    """Writes frames into a new rosbag2 (mcap); a context manager that closes the bag."""

    def __init__(self, path: Path, lens: Lens, T_base_camera: np.ndarray, *,
                 jpeg_quality: int = 92, notes: dict[str, str] | None = None) -> None:
        """
        Create the bag for raw pictures of a lens mounted at T_base_camera (4, 4).

        Raises BagError when the path exists or cannot be written.
        """
        from rosbags.rosbag2 import StoragePlugin, Writer
        from rosbags.typesys import get_typestore, Stores
        if path.exists():
            raise BagError(f'{path} exists already; remove it or choose another --output.')
        self._store = get_typestore(Stores.ROS2_JAZZY)
        self._types = self._store.types
        self._lens, self._T_base_camera, self._quality = lens, T_base_camera, jpeg_quality
        self._writer = Writer(path, version=8, storage_plugin=StoragePlugin.MCAP)
        for key, text in (notes or {}).items():
            self._writer.set_custom_data(key, text)
        try:
            self._writer.open()
        except OSError as error:
            raise BagError(f'Cannot write a recording to {path}: {error}.') from error
        self._topics = {topic: self._writer.add_connection(topic, kind, typestore=self._store)
                        for topic, kind in TYPES.items()}
        self._mounted = False

    def write(self, frame: RecordedFrame) -> None:
        """Append all messages of one frame, with its stamp as their record time."""
        header = self._header(frame.stamp, 'camera_optical')
        if not self._mounted:
            self._put(MOUNT_TOPIC, frame.stamp, self._mount(frame.stamp))
            self._mounted = True
        self._put(INFO_TOPIC, frame.stamp, self._camera_info(header, frame.color.shape))
        self._put(IMAGE_TOPIC, frame.stamp, self._image(
            header, 'rgb8; jpeg compressed bgr8', encoded_color(frame.color, self._quality)))
        self._put(DEPTH_TOPIC, frame.stamp, self._image(
            header, '16UC1; compressedDepth png', encoded_depth(frame.depth)))
        self._put(TRUTH_TOPIC, frame.stamp, self._odometry(
            self._header(frame.stamp, 'world'), 'camera_optical', frame.T_world_camera,
            np.zeros(6), np.zeros(6)))
        self._put(ODOM_TOPIC, frame.stamp, self._odometry(
            self._header(frame.stamp, 'odom'), 'base_link', frame.T_odom_base,
            frame.velocity, frame.deviation))

    def __enter__(self) -> 'RecordingWriter':
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Write the index, or leave an unfinished file after an error."""
        self._writer.__exit__(kind, error, trace)

    def _put(self, topic: str, stamp: int, message: Any) -> None:
        self._writer.write(self._topics[topic], stamp,
                           self._store.serialize_cdr(message, TYPES[topic]))

    def _header(self, stamp: int, frame_id: str) -> Any:
        time = self._types['builtin_interfaces/msg/Time'](*divmod(stamp, 1_000_000_000))
        return self._types['std_msgs/msg/Header'](time, frame_id)

    def _image(self, header: Any, encoding: str, data: np.ndarray) -> Any:
        return self._types['sensor_msgs/msg/CompressedImage'](header, encoding, data)

    def _camera_info(self, header: Any, shape: tuple[int, ...]) -> Any:
        lens = self._lens
        P = np.concatenate([lens.K, np.zeros((3, 1))], 1)
        roi = self._types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
        return self._types['sensor_msgs/msg/CameraInfo'](
            header, shape[0], shape[1], 'plumb_bob', np.array(lens.D), lens.K_raw.ravel(),
            np.eye(3).ravel(), P.ravel(), 0, 0, roi)

    def _odometry(self, header: Any, child: str, T: np.ndarray, velocity: np.ndarray,
                  deviation: np.ndarray) -> Any:
        make = self._types
        covariance = np.diag(deviation ** 2)
        position, orientation = self._pose(T, 'Point')
        pose = make['geometry_msgs/msg/Pose'](position, orientation)
        vector = make['geometry_msgs/msg/Vector3']
        twist = make['geometry_msgs/msg/Twist'](vector(*map(float, velocity[:3])),
                                                vector(*map(float, velocity[3:])))
        return make['nav_msgs/msg/Odometry'](
            header, child,
            make['geometry_msgs/msg/PoseWithCovariance'](pose, covariance.ravel()),
            make['geometry_msgs/msg/TwistWithCovariance'](twist, np.zeros(36)))

    def _mount(self, stamp: int) -> Any:
        translation, rotation = self._pose(self._T_base_camera, 'Vector3')
        transform = self._types['geometry_msgs/msg/Transform'](translation, rotation)
        stamped = self._types['geometry_msgs/msg/TransformStamped'](
            self._header(stamp, 'base_link'), 'camera_optical', transform)
        return self._types['tf2_msgs/msg/TFMessage']([stamped])

    def _pose(self, T: np.ndarray, point: str) -> tuple[Any, Any]:
        return (self._types[f'geometry_msgs/msg/{point}'](*map(float, T[:3, 3])),
                self._types['geometry_msgs/msg/Quaternion'](*quaternion(T[:3, :3])))


def encoded_color(color: np.ndarray, quality: int) -> np.ndarray:
    """Compress RGB (h, w, 3) to JPEG bytes, uint8 (n,)."""
    return cv2.imencode('.jpg', color[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].ravel()


def encoded_depth(depth: np.ndarray) -> np.ndarray:
    """Compress z-depth in metres to 12 zero bytes and a 16-bit PNG of mm, uint8 (n,)."""
    millimetres = np.rint(depth.astype(np.float64) * 1000.0)
    millimetres[(millimetres > MAX_MILLIMETRES) | ~np.isfinite(millimetres)] = 0
    image = cv2.imencode('.png', millimetres.astype(np.uint16),
                         [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].ravel()
    return np.concatenate([np.zeros(12, np.uint8), image])


def quaternion(R: np.ndarray) -> tuple[float, float, float, float]:
    """Convert a rotation (3, 3) to (x, y, z, w), w >= 0 (Shepperd's choice of the pivot)."""
    x, y, z = (R[i, i] for i in range(3))
    options = np.array([1 + x - y - z, 1 - x + y - z, 1 - x - y + z, 1 + x + y + z])
    pivot = int(options.argmax())
    rows = (
        (options[0], R[1, 0] + R[0, 1], R[0, 2] + R[2, 0], R[2, 1] - R[1, 2]),
        (R[1, 0] + R[0, 1], options[1], R[2, 1] + R[1, 2], R[0, 2] - R[2, 0]),
        (R[0, 2] + R[2, 0], R[2, 1] + R[1, 2], options[2], R[1, 0] - R[0, 1]),
        (R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1], options[3]),
    )
    q = np.array(rows[pivot]) / (2.0 * np.sqrt(options[pivot]))
    q = -q if q[3] < 0 else q
    return float(q[0]), float(q[1]), float(q[2]), float(q[3])
