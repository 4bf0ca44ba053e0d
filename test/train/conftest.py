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

"""Small recordings of an invented room, in every storage and encoding that rosbags writes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rendered_pair import photograph
from rosbags import rosbag1, rosbag2
from rosbags.typesys import get_typestore, Stores
import torch
import walk_bag
from walk_bag import walk_poses, write_walk

START = 1_700_000_000_000_000_000
STEP = 100_000_000
WIDTH, HEIGHT = 96, 64
K = (80.0, 0.0, 47.0, 0.0, 82.0, 31.0, 0.0, 0.0, 1.0)


@dataclass
class Recording:
    """What was written: the path, and per frame colour (h, w, 3) RGB and depth in metres."""

    path: Path
    colors: list[np.ndarray] = field(default_factory=list)
    depths: list[np.ndarray] = field(default_factory=list)


def make_scene(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Make a floor, a wall and a box; brightness falls with depth, so depth can be learned."""
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None]
    depth = np.minimum(4.0, 60.0 / np.maximum(rows - 20, 1)) * np.ones((1, WIDTH), np.float32)
    left = 10 + 3 * (number % 20)
    depth[18:44, left:left + 22] = 1.25
    depth = (np.round(depth * 1000) / 1000).astype(np.float32)
    depth[:3, :5] = 0
    shade = np.where(depth > 0, 255 / (0.6 + depth), 20)
    color = np.stack([shade, 0.8 * shade, 255 - shade], axis=2)
    return np.clip(color, 0, 255).astype(np.uint8), depth


def _image(types: Any, header: Any, data: np.ndarray, encoding: str, pad: int = 0) -> Any:
    rows = data.reshape(data.shape[0], -1).view(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, pad)))
    return types['sensor_msgs/msg/Image'](
        header=header, height=data.shape[0], width=data.shape[1], encoding=encoding,
        is_bigendian=0, step=rows.shape[1], data=rows.reshape(-1))


def _compressed(types: Any, header: Any, text: str, data: np.ndarray, head: bytes = b'') -> Any:
    png = cv2.imencode('.png', data)[1].tobytes()
    return types['sensor_msgs/msg/CompressedImage'](
        header=header, format=text, data=np.frombuffer(head + png, np.uint8))


def _depth(types: Any, header: Any, depth: np.ndarray, kind: str) -> Any:
    millimetres = np.round(np.nan_to_num(depth) * 1000).astype(np.uint16)
    if kind == '16UC1':
        return _image(types, header, millimetres, '16UC1', pad=6)
    if kind == '32FC1':
        return _image(types, header, np.where(depth > 0, depth, np.nan), '32FC1')
    if kind == 'png':
        return _compressed(types, header, '16UC1; png compressed', millimetres)
    if kind == 'compressedDepth':
        return _compressed(types, header, '16UC1; compressedDepth png', millimetres, bytes(12))
    # As compressed_depth_image_transport: value = A / depth + B.
    a, b = np.float32(10000), np.float32(1 - 10000 / 20)
    values = np.where(depth > 0, a / np.maximum(depth, 0.1) + b, 0).astype(np.uint16)
    head = np.array([1], '<i4').tobytes() + np.array([a, b], '<f4').tobytes()
    return _compressed(types, header, '32FC1; compressedDepth', values, head)


def _info(store: Any, header: Any, ros1: bool, size: tuple[int, int], d: Any) -> Any:
    names = 'DKRP' if ros1 else 'dkrp'
    p = [*K[:3], 0, *K[3:6], 0, *K[6:], 0]
    values = [np.array(d, float), np.array(K), np.eye(3).ravel(), np.array(p, float)]
    types = store.types
    roi = types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    return types['sensor_msgs/msg/CameraInfo'](
        header=header, height=size[1], width=size[0], distortion_model='plumb_bob',
        binning_x=0, binning_y=0, roi=roi, **dict(zip(names, values)))


def _color(types: Any, header: Any, rgb: np.ndarray, kind: str) -> Any:
    if kind == 'compressed':
        return _compressed(types, header, 'rgb8; png compressed bgr8', rgb[..., ::-1])
    return _image(types, header, rgb[..., ::-1] if kind == 'bgr8' else rgb, kind)


def _writer(path: Path, storage: str) -> Any:
    if storage == 'ros1':
        return rosbag1.Writer(path)
    plugin = {'mcap': rosbag2.StoragePlugin.MCAP, 'sqlite3': rosbag2.StoragePlugin.SQLITE3}
    return rosbag2.Writer(path, version=9, storage_plugin=plugin[storage])


def _write(path: Path, *, storage: str = 'mcap', color: str = 'rgb8', depth: str = '16UC1',
           frames: int = 10, scale_depth: int = 1, depth_delay: int = 0,
           distortion: Any = (0.0,) * 5, extra: tuple[str, ...] = (),
           camera: str = '/camera', broken_frame: int | None = None,
           depth_from: int = 0) -> Recording:
    ros1 = storage == 'ros1'
    store = get_typestore(Stores.ROS1_NOETIC if ros1 else Stores.ROS2_JAZZY)
    recording = Recording(path)
    image_topic = f'{camera}/image_raw' + ('/compressed' if color == 'compressed' else '')
    depth_topic = f'{camera}/depth/image_raw'
    with _writer(path, storage) as writer:
        connections: dict[str, Any] = {}

        def send(topic: str, message: Any, time: int) -> None:
            kind = message.__msgtype__
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            serialize = store.serialize_ros1 if ros1 else store.serialize_cdr
            writer.write(connections[topic], time, serialize(message, kind))

        for number in range(frames):
            rgb, metres = make_scene(number)
            time = START + number * STEP
            heads = [_header(store, ros1, stamp) for stamp in (time, time + depth_delay)]
            small = metres[::scale_depth, ::scale_depth]
            if number == broken_frame:
                small = np.full_like(small, np.nan)
            recording.colors.append(rgb)
            recording.depths.append(small)
            send(image_topic, _color(store.types, heads[0], rgb, color), time)
            send(f'{camera}/camera_info',
                 _info(store, heads[0], ros1, (WIDTH, HEIGHT), distortion), time)
            if depth and number >= depth_from:
                send(depth_topic, _depth(store.types, heads[1], small, depth), time + depth_delay)
            for topic in extra:
                send(topic, _color(store.types, heads[0], rgb, 'rgb8'), time)
    return recording


def _header(store: Any, ros1: bool, stamp: int) -> Any:
    types = store.types
    time = types['builtin_interfaces/msg/Time'](stamp // 10**9, stamp % 10**9)
    head = types['std_msgs/msg/Header']
    return head(0, time, 'camera') if ros1 else head(time, 'camera')


@pytest.fixture(scope='session', autouse=True)
def _one_thread() -> None:
    # Tiny tensors: more threads only wait for each other, badly so on a busy machine.
    torch.set_num_threads(1)


@pytest.fixture
def write_bag(tmp_path: Path) -> Callable[..., Recording]:
    """Give a function that writes a small bag and tells what is in it."""

    def write(name: str = 'bag', **options: Any) -> Recording:
        suffix = '.bag' if options.get('storage') == 'ros1' else ''
        return _write(tmp_path / f'{name}{suffix}', **options)

    return write


@pytest.fixture(scope='session')
def room_bag(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Give one bag of 20 frames for tests that only read it."""
    return _write(tmp_path_factory.mktemp('room') / 'room', color='compressed',
                  depth='compressedDepth', frames=20)


@pytest.fixture(scope='session')
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record twelve frames of a walk through the textured room of rendered_pair."""
    poses = walk_poses(12)
    poses[:, 2, 3] -= 1.0
    pictures = [photograph(pose, walk_bag.K, (walk_bag.HEIGHT, walk_bag.WIDTH))
                for pose in poses]
    return write_walk(tmp_path_factory.mktemp('walk') / 'walk', frames=12, pictures=pictures)
