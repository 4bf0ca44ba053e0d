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

"""Poses by odometry: between messages, near them, from the right topic and frame."""

import logging
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.bag_poses import BagPoses
from sa4depth_train.bag_topics import find_odom, ODOMETRY, POSE
from sa4depth_train.data_config import DataConfig
from walk_bag import walk_poses, write_walk

MS = 1_000_000


class FakeReader:
    """Gives messages of a topic '/odom'."""

    path = 'a.bag'

    def __init__(self, messages: list[Any]) -> None:
        self._messages = messages

    def messages(self, topic: str | None) -> list[tuple[int, Any]]:
        return [(0, message) for message in self._messages] if topic == '/odom' else []


def _odometry(milliseconds: int, x: float, yaw: float, *, sign: float = 1.0,
              child: str = 'camera', wrapped: bool = True) -> Any:
    half = yaw / 2
    pose = SimpleNamespace(
        position=SimpleNamespace(x=x, y=0.0, z=-1.0),
        orientation=SimpleNamespace(x=0.0, y=sign * np.sin(half), z=0.0, w=sign * np.cos(half)))
    stamp = SimpleNamespace(sec=milliseconds // 1000, nanosec=milliseconds % 1000 * MS)
    header = SimpleNamespace(stamp=stamp)
    if not wrapped:
        return SimpleNamespace(header=header, pose=pose)
    return SimpleNamespace(header=header, pose=SimpleNamespace(pose=pose), child_frame_id=child)


def _poses(messages: list[Any]) -> BagPoses:
    return BagPoses(FakeReader(messages), lambda: '/odom', 30 * MS, 'camera')


@pytest.mark.parametrize('sign', [1.0, -1.0])
@pytest.mark.parametrize('wrapped', [True, False])
def test_poses_between_messages_are_interpolated(sign, wrapped) -> None:
    # Out of order, and the same rotation written with either sign.
    poses = _poses([_odometry(1040, 2.0, 0.5, sign=sign, wrapped=wrapped),
                    _odometry(1000, 1.0, 0.1, wrapped=wrapped)])
    T = poses.at(1010 * MS)
    np.testing.assert_allclose(T[:3, 3], [1.25, 0, -1])
    np.testing.assert_allclose(T[:3, :3], cv2.Rodrigues(np.array([0, 0.2, 0.0]))[0], atol=1e-12)
    np.testing.assert_allclose(poses.at(1040 * MS)[0, 3], 2.0)
    assert T.dtype == np.float64


def test_poses_far_from_all_messages_are_unknown() -> None:
    poses = _poses([_odometry(1000, 1.0, 0.0), _odometry(2000, 2.0, 0.0)])
    assert poses.at(969 * MS) is None
    np.testing.assert_allclose(poses.at(971 * MS)[0, 3], 1.0)
    assert poses.at(1500 * MS) is None
    np.testing.assert_allclose(poses.at(2030 * MS)[0, 3], 2.0)
    assert _poses([]).at(0) is None
    assert BagPoses(FakeReader([_odometry(0, 1.0, 0.0)]), lambda: None, MS, 'camera').at(0) is None


def test_messages_that_hold_no_pose_are_skipped() -> None:
    empty = _odometry(1000, 9.0, 0.0)
    empty.pose.pose.orientation.w = 0.0
    lost = _odometry(1001, float('nan'), 0.0)
    assert _poses([empty, lost]).at(1000 * MS) is None


def test_poses_of_another_frame_are_a_warning_that_names_both(caplog) -> None:
    with caplog.at_level(logging.WARNING):
        _poses([_odometry(1000, 1.0, 0.0)]).at(0)
        assert not caplog.records
        poses = _poses([_odometry(1000, 1.0, 0.0, child='base_link')])
        assert poses.at(1000 * MS) is not None
        poses.at(1000 * MS)
    assert len(caplog.records) == 1
    assert "'base_link'" in caplog.text
    assert "'camera'" in caplog.text


def test_a_bag_gives_the_poses_that_were_written(tmp_path) -> None:
    index = BagIndex(write_walk(tmp_path / 'walk', frames=5), DataConfig())
    for frame, T in zip(index.frames, walk_poses(5)):
        np.testing.assert_allclose(frame.pose, T, atol=1e-12)
    bare = BagIndex(write_walk(tmp_path / 'bare', frames=2, odometry=False), DataConfig())
    assert bare.frames[0].pose is None
    named = BagIndex(tmp_path / 'walk', DataConfig(odom_topic='/nope'))
    with pytest.raises(BagError, match="odometry topic '/nope' is not in the bag"):
        _ = named.frames[0].pose


def test_the_topic_of_the_camera_is_found_among_several() -> None:
    children = {'/odom': 'base_link', '/truth': 'camera'}

    def first(topic: str) -> Any:
        return SimpleNamespace(child_frame_id=children[topic])

    types = dict.fromkeys(children, ODOMETRY) | {'/goal': POSE}
    assert find_odom(types, first, 'camera') == '/truth'
    assert find_odom(types, first, 'camera', '/goal') == '/goal'
    assert find_odom({'/goal': POSE}, first, 'camera') == '/goal'
    assert find_odom({'/imu': 'sensor_msgs/msg/Imu'}, first, 'camera') is None
    with pytest.raises(BagError, match=r'several odometry topics: /odom, /truth.*data.odom_topic'):
        find_odom(types, first, 'lidar')
