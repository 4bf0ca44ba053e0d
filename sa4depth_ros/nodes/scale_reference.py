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

"""Which topic tells metres, as the parameters say."""

from dataclasses import dataclass

from rclpy.node import Node
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.nodes.scale_topic import message_type

NONE = 'none'
_OWN = ('depth/image', 'depth/image_raw')


@dataclass(frozen=True)
class ScaleReference:
    """
    What depth is compared with: ``kind``, full name of the ``topic``, seconds of ``tolerance``.

    Metres from ``min_depth`` to ``max_depth`` of it count.
    """

    kind: str
    topic: str
    tolerance: float
    min_depth: float
    max_depth: float


def scale_reference(
    node: Node, parameters: DepthParameters, camera: str,
) -> ScaleReference:
    """
    Give the reference of ``camera``; ConfigError saying what to set when there is none.

    ``{camera}`` in the topic stands for the name of the camera.
    """
    kind = parameters.scale_reference
    if kind == NONE:
        raise ConfigError('no reference is set: expected the parameter scale_reference to be '
                          'depth, lidar or odometry, and scale_reference_topic its topic')
    given = parameters.scale_reference_topic.replace('{camera}', camera)
    if not given:
        raise ConfigError(f"the reference '{kind}' has no topic: set the parameter "
                          f'scale_reference_topic{_candidates(node, kind)}')
    topic = _resolved(node, given)
    if topic in {_resolved(node, f'{camera}/{name}'.lstrip('/')) for name in _OWN}:
        raise ConfigError(f"expected the depth of another sensor, got '{topic}', which this node "
                          'itself publishes (scale_reference_topic)')
    return ScaleReference(kind, topic, parameters.scale_time_tolerance, parameters.min_depth,
                          parameters.max_depth)


def _resolved(node: Node, name: str) -> str:
    try:
        return str(node.resolve_topic_name(name))
    except Exception as error:
        # rclpy has a class of its own for each way in which a name can be wrong.
        raise ConfigError(f"'{name}' is no name of a topic (scale_reference_topic): "
                          f'{error}') from error


def _candidates(node: Node, kind: str) -> str:
    wanted = message_type(kind, '')
    name = f"{wanted.__module__.split('.')[0]}/msg/{wanted.__name__}"
    found = [topic for topic, types in node.get_topic_names_and_types() if name in types]
    return f"; of type {name} there are {', '.join(sorted(found)) or 'none at the moment'}"
