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

"""Which topics the camera's image and calibration come from."""

from rclpy.node import Node

COMPRESSED = '/compressed'
COMPRESSED_DEPTH = '/compressedDepth'


def image_topic(node: Node, transport: str, prefix: str = '') -> str:
    """
    Give the full name of the image topic to subscribe to, ``<prefix>image`` before remapping.

    As in image_transport: 'compressed' reads ``<image>/compressed``, whichever of the two
    names is remapped, and with the suffix written or not.
    """
    return _input_topic(node, f'{prefix}image', transport, COMPRESSED)


def depth_topic(node: Node, transport: str, prefix: str = '') -> str:
    """Give the full name of the depth topic to subscribe to, as ``image_topic`` does."""
    return _input_topic(node, f'{prefix}depth/image', transport, COMPRESSED_DEPTH)


def _input_topic(node: Node, name: str, transport: str, suffix: str) -> str:
    base = node.resolve_topic_name(name)
    if transport == 'raw':
        return base
    if _is_remapped(node, name + suffix):
        return node.resolve_topic_name(name + suffix)
    return base if base.endswith(suffix) else base + suffix


def camera_info_topic(node: Node, image: str, prefix: str = '') -> str:
    """Give the remapped <prefix>camera_info, or else the sibling of ``image`` (a full name)."""
    name = f'{prefix}camera_info'
    if _is_remapped(node, name):
        return node.resolve_topic_name(name)
    return info_sibling(image)


def info_sibling(image: str) -> str:
    """Give the camera_info topic beside an image topic, as image_transport names it."""
    base = image.removesuffix(COMPRESSED).removesuffix(COMPRESSED_DEPTH)
    return base.rpartition('/')[0] + '/camera_info'


def input_hint(node: Node, topic: str, depth: bool = False) -> str:
    """Say why nothing may come from ``topic``: ' (reason; advice)', or nothing."""
    count = node.count_publishers(topic)
    if count:
        return f' ({count} publishers, but no message; check its QoS and type)'
    suffix = COMPRESSED_DEPTH if depth else COMPRESSED
    if topic.endswith(suffix):
        other, transport = topic.removesuffix(suffix), 'raw'
    else:
        other, transport = topic + suffix, suffix[1:]
    if node.count_publishers(other):
        parameter = 'depth_transport' if depth else 'image_transport'
        return (f" (no publisher, but '{other}' has one; set the parameter "
                f'{parameter} to {transport})')
    return ' (no publisher; check the name and the remapping)'


def _is_remapped(node: Node, name: str) -> bool:
    expanded = node.resolve_topic_name(name, only_expand=True)
    return bool(node.resolve_topic_name(name) != expanded)
