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

"""Which topics of a bag hold the image, its calibration and its depth."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sa4depth_ros.errors import BagError

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
ODOMETRY = 'nav_msgs/msg/Odometry'
POSE = 'geometry_msgs/msg/PoseStamped'
POINT_CLOUD = 'sensor_msgs/msg/PointCloud2'
_DEPTH_ENCODINGS = ('16UC1', '32FC1', 'mono16')
_TRANSPORTS = ('/compressedDepth', '/compressed', '/image_rect_raw', '/image_rect_color',
               '/image_rect', '/image_raw', '/image_color', '/image')


@dataclass(frozen=True)
class Topics:
    """Names of the topics in use; ``depth`` is None in a bag without depth."""

    image: str
    camera_info: str
    depth: str | None


def find_topics(
    types: dict[str, str], first_message: Callable[[str], Any],
    *, image: str = '', camera_info: str = '', depth: str = '', need_depth: bool = True,
) -> Topics:
    """
    Choose the topics from ``types`` (topic -> message type), named ones first.

    ``first_message`` gives the first message of a topic, to tell depth from colour. Raises
    BagError naming what is there when nothing or more than one topic fits; with ``need_depth``
    False, several depth topics are as good as none.
    """
    pictures = sorted(t for t, kind in types.items() if kind in (IMAGE, COMPRESSED))
    depths = [t for t in pictures if _is_depth(t, first_message(t))]
    colors = [t for t in pictures if t not in depths]
    infos = sorted(t for t, kind in types.items() if kind == CAMERA_INFO)
    image = _pick(types, image, colors, 'image', 'image_topic', (IMAGE, COMPRESSED))
    near = [t for t in infos if t.rsplit('/', 1)[0] == _camera(image)]
    camera_info = _pick(types, camera_info, near or infos, 'CameraInfo', 'camera_info_topic',
                        (CAMERA_INFO,))
    undecided = not need_depth and len({_base(topic) for topic in depths}) > 1
    if not depth and (not depths or undecided):
        return Topics(image, camera_info, None)
    depth = _pick(types, depth, depths, 'depth', 'depth_topic', (IMAGE, COMPRESSED))
    return Topics(image, camera_info, depth)


def find_odom(
    types: dict[str, str], first_message: Callable[[str], Any], camera_frame: str,
    named: str = '',
) -> str | None:
    """
    Choose the topic with poses: ``named``, else of Odometry, else of PoseStamped.

    Of several Odometry topics the one with poses of ``camera_frame`` is taken. None when there
    is no topic; BagError when several are left or ``named`` does not fit.
    """
    for kind in (ODOMETRY, POSE):
        found = sorted(topic for topic, what in types.items() if what == kind)
        if len(found) > 1:
            of_camera = [topic for topic in found if
                         getattr(first_message(topic), 'child_frame_id', None) == camera_frame]
            found = of_camera or found
        if found or named:
            return _pick(types, named, found, 'odometry', 'odom_topic', (ODOMETRY, POSE))
    return None


def find_cloud(types: dict[str, str], named: str = '') -> str | None:
    """Choose the topic of lidar points: ``named``, else the only one; BagError, see find_odom."""
    found = sorted(topic for topic, kind in types.items() if kind == POINT_CLOUD)
    if not found and not named:
        return None
    return _pick(types, named, found, 'lidar', 'lidar_topic', (POINT_CLOUD,))


def _is_depth(topic: str, message: Any) -> bool:
    if message is None:
        return topic.endswith('/compressedDepth')
    encoding = str(getattr(message, 'encoding', '') or getattr(message, 'format', ''))
    return encoding.startswith(_DEPTH_ENCODINGS) or 'compressedDepth' in encoding


def _camera(topic: str) -> str:
    """Namespace of a camera: /cam/image_raw/compressed -> /cam."""
    for ending in _TRANSPORTS:
        topic = topic.removesuffix(ending)
    return topic


def _pick(types: dict[str, str], named: str, found: list[str], what: str, key: str,
          kinds: tuple[str, ...]) -> str:
    if named:
        if types.get(named) not in kinds:
            there = f'is a {types[named]}' if named in types else 'is not in the bag'
            raise BagError(f"the {what} topic '{named}' {there}; the bag has {_list(types)}")
        return named
    if not found:
        raise BagError(f'the bag has no {what} topic ({" or ".join(kinds)}); it has '
                       f'{_list(types)}')
    # The same picture recorded raw and compressed: either will do, raw loses nothing.
    bases = {_base(topic) for topic in found}
    if len(bases) > 1:
        option = key.replace('_', '-')
        raise BagError(f'the bag has several {what} topics: {", ".join(found)}. Choose one: '
                       f'--set data.{key}=NAME in training, --{option} NAME elsewhere')
    return min(found, key=len)


def _base(topic: str) -> str:
    return topic.removesuffix('/compressedDepth').removesuffix('/compressed')


def _list(types: dict[str, str]) -> str:
    return ', '.join(f'{topic} ({kind})' for topic, kind in sorted(types.items())) or 'no topics'
