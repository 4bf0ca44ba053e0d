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

"""A rendered bag is written, read back with rosbags, and means what it says."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_train.worlds.lens import centred_lens
from sa4depth_train.worlds.recording_writer import (
    encoded_depth, quaternion, RecordedFrame, RecordingWriter, TYPES)
from sa4depth_train.worlds.render_recording import render_recording, RenderSettings

# By hand, with a lens that distorts.
CORRIDOR_SEED = 5
TINY = RenderSettings(frames=3, rate=10.0, width=96, height=72)


def read_back(path: Path) -> dict[str, list[Any]]:
    """All messages by topic."""
    from rosbags.highlevel import AnyReader
    found: dict[str, list[Any]] = {}
    with AnyReader([path]) as reader:
        for connection, stamp, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            found.setdefault(connection.topic, []).append((stamp, message))
    return found


@pytest.fixture(scope='module')
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two recordings of the same settings."""
    folder = tmp_path_factory.mktemp('rendered')
    for name in ('one', 'two'):
        render_recording(folder / name, TINY)
    return folder / 'one', folder / 'two'


def _pose(message: Any) -> np.ndarray:
    p, q = message.pose.pose.position, message.pose.pose.orientation
    x, y, z, w = q.x, q.y, q.z, q.w
    T = np.eye(4)
    T[:3, :3] = [[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                 [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                 [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]]
    T[:3, 3] = p.x, p.y, p.z
    return T


def test_every_topic_has_every_frame_at_one_stamp(recordings: tuple[Path, Path]) -> None:
    """One message a frame and topic, all with the frame's stamp, which is the record time."""
    found = read_back(recordings[0])
    assert found.keys() == TYPES.keys()
    wanted = [1_600_000_000 * 10 ** 9 + i * 10 ** 8 for i in range(3)]
    for topic, messages in found.items():
        stamps = [stamp for stamp, _ in messages]
        assert stamps == (wanted[:1] if topic == '/tf_static' else wanted)
        if topic != '/tf_static':
            assert [m.header.stamp.sec * 10 ** 9 + m.header.stamp.nanosec
                    for _, m in messages] == wanted


def test_same_seed_gives_the_same_messages(recordings: tuple[Path, Path]) -> None:
    """Images, depths and odometry are equal to the last byte."""
    one, two = (read_back(path) for path in recordings)
    for topic in ('/camera/image_raw/compressed', '/camera/depth/image_raw/compressedDepth'):
        for (_, a), (_, b) in zip(one[topic], two[topic]):
            assert bytes(a.data) == bytes(b.data)
    for (_, a), (_, b) in zip(one['/odom'], two['/odom']):
        assert (_pose(a) == _pose(b)).all()


def test_floor_is_flat_from_the_bag_alone(recordings: tuple[Path, Path]) -> None:
    """Depth, camera_info and ground truth of the bag put the floor at z = 0 within 3 mm."""
    found = read_back(recordings[0])
    for (_, image), (_, info), (_, truth), (_, color) in zip(*(found[topic] for topic in (
            '/camera/depth/image_raw/compressedDepth', '/camera/camera_info',
            '/ground_truth/odom', '/camera/image_raw/compressed'))):
        assert bytes(image.data[:12]) == bytes(12)
        depth = cv2.imdecode(image.data[12:], cv2.IMREAD_UNCHANGED)
        assert depth.dtype == np.uint16 and depth.shape == (info.height, info.width)
        assert cv2.imdecode(color.data, cv2.IMREAD_COLOR).shape[:2] == depth.shape
        v, u = np.mgrid[:info.height, :info.width]
        rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(info.k.reshape(3, 3)).T
        T = _pose(truth)
        points = rays * depth[..., None] / 1000 @ T[:3, :3].T + T[:3, 3]
        floor = points[..., 2] < 0.004
        assert floor.sum() > 500 and np.abs(points[floor][:, 2]).max() < 0.004
        assert truth.header.frame_id == 'world' and truth.child_frame_id == 'camera_optical'


def test_odometry_and_mount_reproduce_the_camera_motion(recordings: tuple[Path, Path]) -> None:
    """Pose odom * tf_static moves as the ground truth does, within the odometry's noise."""
    found = read_back(recordings[0])
    transform = found['/tf_static'][0][1].transforms[0]
    assert transform.header.frame_id == 'base_link'
    assert transform.child_frame_id == 'camera_optical'
    q, t = transform.transform.rotation, transform.transform.translation

    class Holder:
        pose = type('P', (), {'pose': type('Q', (), {'position': t, 'orientation': q})})

    mount = _pose(Holder)
    cameras = [_pose(m) @ mount for _, m in found['/odom']]
    truth = [_pose(m) for _, m in found['/ground_truth/odom']]
    moved = np.linalg.inv(cameras[0]) @ cameras[-1]
    wanted = np.linalg.inv(truth[0]) @ truth[-1]
    assert np.linalg.norm(wanted[:3, 3]) > 0.3
    assert np.abs(moved - wanted).max() < 0.08


@pytest.fixture(scope='module')
def corridor(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Record a corridor with a lens that distorts, carried by hand."""
    path = tmp_path_factory.mktemp('rendered') / 'corridor'
    settings = RenderSettings(seed=CORRIDOR_SEED, frames=4, rate=10.0, width=96, height=72,
                              world='corridor')
    render_recording(path, settings)
    return read_back(path)


def test_real_camera_is_described(corridor: dict[str, list[Any]]) -> None:
    """The camera_info has the distortion; depth, K, D and poses put the floor at z = 0."""
    floor = []
    for (_, image), (_, info), (_, truth) in zip(*(corridor[topic] for topic in (
            '/camera/depth/image_raw/compressedDepth', '/camera/camera_info',
            '/ground_truth/odom'))):
        assert info.distortion_model == 'plumb_bob' and info.d[0] != 0
        assert info.k[0] != info.p[0]
        assert info.p[0] / info.p[5] == pytest.approx(info.k[0] / info.k[4])
        depth = cv2.imdecode(image.data[12:], cv2.IMREAD_UNCHANGED) / 1000
        v, u = np.mgrid[:info.height, :info.width].astype(float)
        rays = cv2.undistortPoints(np.stack([u, v], -1).reshape(-1, 1, 2), info.k.reshape(3, 3),
                                   info.d).reshape(info.height, info.width, 2)
        T = _pose(truth)
        points = np.dstack([rays, np.ones_like(depth)]) * depth[..., None] @ T[:3, :3].T + T[:3, 3]
        height = points[..., 2][(depth > 0) & (depth < 6)]
        floor.append(height[height < 0.08])
    assert len(np.concatenate(floor)) > 300
    # Depth is that of the nearest pixel drawn, up to half a pixel off.
    assert np.concatenate(floor).min() > -0.06
    assert np.median(np.abs(np.concatenate(floor))) < 0.015


def test_free_odometry_follows_the_camera(corridor: dict[str, list[Any]]) -> None:
    """Of a hand, odometry has six degrees of freedom, its errors are small and admitted."""
    truth = [message for _, message in corridor['/ground_truth/odom']]
    odometry = [message for _, message in corridor['/odom']]
    optical = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    moved = optical.T @ np.linalg.inv(_pose(odometry[0])) @ _pose(odometry[-1]) @ optical
    wanted = np.linalg.inv(_pose(truth[0])) @ _pose(truth[-1])
    assert np.linalg.norm(wanted[:3, 3]) > 0.02
    assert np.abs(moved - wanted).max() < 0.02 and np.abs(moved - wanted).max() > 0
    assert odometry[-1].pose.covariance[14] > odometry[0].pose.covariance[14]
    assert abs(odometry[1].twist.twist.angular.x) > 0


def test_quaternion_of_every_pivot() -> None:
    """A rotation survives the trip through a quaternion, whatever its largest component."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        R = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        R *= np.sign(np.linalg.det(R))
        x, y, z, w = quaternion(R)
        pose = type('P', (), {'position': type('V', (), {'x': 0, 'y': 0, 'z': 0}),
                              'orientation': type('V', (), {'x': x, 'y': y, 'z': z, 'w': w})})
        again = _pose(type('M', (), {'pose': type('H', (), {'pose': pose})}))
        assert w >= 0 and np.allclose(again[:3, :3], R, atol=1e-9)


def test_depth_beyond_16_bits_or_undefined_is_invalid() -> None:
    """NaN, infinity and 70 m are 0; 1.2344 m is 1234 mm."""
    depth = np.array([[np.nan, np.inf, 70.0, 1.2344]], np.float32)
    image = cv2.imdecode(encoded_depth(depth)[12:], cv2.IMREAD_UNCHANGED)
    assert image.tolist() == [[0, 0, 0, 1234]]


@pytest.mark.parametrize('change', [{'frames': 1}, {'rate': 0.0}, {'width': 8}, {'hfov': 170.0},
                                    {'jpeg_quality': 0}, {'seed': -1}, {'world': 'castle'}])
def test_impossible_settings_are_refused(change: dict[str, Any]) -> None:
    """Each message names its option."""
    with pytest.raises(ConfigError, match='--'):
        RenderSettings(**change)


def test_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    """A bag is only ever new."""
    with pytest.raises(BagError, match='exists already'):
        RecordingWriter(tmp_path, centred_lens(4, 4, 1.0), np.eye(4))


def test_error_while_writing_leaves_no_index(tmp_path: Path) -> None:
    """An interrupted bag has no metadata.yaml that would make it look whole."""
    frame = RecordedFrame(1, np.zeros((4, 4, 3), np.uint8), np.ones((4, 4)), np.eye(4), np.eye(4),
                          np.zeros(6), np.zeros(6))

    def interrupted() -> None:
        with RecordingWriter(tmp_path / 'bag', centred_lens(4, 4, 1.0), np.eye(4)) as writer:
            writer.write(frame)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not (tmp_path / 'bag' / 'metadata.yaml').exists()
