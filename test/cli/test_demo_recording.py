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

"""The shipped recording: small, complete, and geometrically exact through our own cloud."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from rosbags.highlevel import AnyReader
from sa4depth_ros.resources import DEMO_RECORDING, share_path
from sa4depth_ros.runtime.point_cloud import CloudBuilder

DEPTH, INFO = '/camera/depth/image_raw/compressedDepth', '/camera/camera_info'
TRUTH, COLOR = '/ground_truth/odom', '/camera/image_raw/compressed'
ROOM = np.array([6.4, 4.8, 2.6])


@pytest.fixture(scope='module')
def recording() -> dict[str, list[Any]]:
    """All messages by topic."""
    found: dict[str, list[Any]] = {}
    with AnyReader([share_path(DEMO_RECORDING)]) as reader:
        for connection, _, raw in reader.messages():
            found.setdefault(connection.topic, []).append(
                reader.deserialize(raw, connection.msgtype))
    return found


def test_recording_is_small_and_complete(recording: dict[str, list[Any]]) -> None:
    """At most 6 MB, and one message of every topic for each frame."""
    path = Path(share_path(DEMO_RECORDING))
    assert sum(file.stat().st_size for file in path.iterdir()) <= 6_000_000
    counts = {topic: len(messages) for topic, messages in recording.items()}
    assert counts.pop('/tf_static') == 1
    assert set(counts) == {DEPTH, INFO, TRUTH, COLOR, '/odom'} and set(counts.values()) == {88}


def _clouds(recording: dict[str, list[Any]], shift: float = 0.0) -> Iterator[NDArray[Any]]:
    """World points (h, w, 3) of every 20th frame by our CloudBuilder and the true pose."""
    for index in range(0, 88, 20):
        depth = cv2.imdecode(recording[DEPTH][index].data[12:], cv2.IMREAD_UNCHANGED) / 1000.0
        depth[depth == 0] = np.nan
        K = recording[INFO][index].k.reshape(3, 3).copy()
        K[:2, 2] += shift
        rgb = cv2.imdecode(recording[COLOR][index].data, cv2.IMREAD_COLOR)
        data = np.empty(depth.size * 16, np.uint8)
        CloudBuilder().fill(data, depth.astype(np.float32), K, rgb)
        points = data.view(np.float32).reshape(*depth.shape, 4)[..., :3].astype(float)
        R, t = _pose(recording[TRUTH][index])
        yield points @ R.T + t


def test_cloud_of_true_depth_fills_the_room_exactly(recording: dict[str, list[Any]]) -> None:
    """The floor is at z = 0 and nothing within the walls leaves them, to 2 mm."""
    for points in _clouds(recording):
        floor = np.abs(points[..., 2]) < 0.004
        assert floor.sum() > 10_000
        assert np.median(np.abs(points[..., 2][floor])) < 0.001
        # Beyond the south wall (y < 0) lies the garden, seen through the window.
        inside = points[points[..., 1] > 0.0]
        assert (inside < ROOM + 0.002).all() and (inside > -0.002).all()


def test_half_a_pixel_would_be_seen(recording: dict[str, list[Any]]) -> None:
    """With K off by half a pixel the floor is no longer flat: the check above can fail."""
    exact = next(_clouds(recording))
    shifted = next(_clouds(recording, shift=0.5))
    floor = np.abs(exact[..., 2]) < 0.004
    assert np.median(np.abs(shifted[..., 2][floor])) > 0.002


def _pose(message: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    p, q = message.pose.pose.position, message.pose.pose.orientation
    axis, w = np.array([q.x, q.y, q.z]), q.w
    cross = np.array([[0, -q.z, q.y], [q.z, 0, -q.x], [-q.y, q.x, 0]])
    R = (w * w - axis @ axis) * np.eye(3) + 2 * np.outer(axis, axis) + 2 * w * cross
    return R, np.array([p.x, p.y, p.z])
