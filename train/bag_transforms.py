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

"""Where the sensors of a robot sit, from the static transforms of a bag."""

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_poses import pose_matrix
from sa4depth_train.bag_reader import BagReader

Matrix = NDArray[np.float64]

_TYPES = ('tf2_msgs/msg/TFMessage', 'tf/msg/tfMessage')


class BagTransforms:
    """The tree of /tf_static; moving joints (/tf) are not part of it."""

    def __init__(self, reader: BagReader) -> None:
        """Read all messages of topics named tf_static."""
        topics = [topic for topic, kind in reader.types().items()
                  if kind in _TYPES and topic.rsplit('/', 1)[-1] == 'tf_static']
        self._steps: dict[str, dict[str, Matrix]] = {}
        for topic in topics:
            for _, message in reader.messages(topic):
                for transform in message.transforms:
                    self._add(transform)
        self._path = reader.path

    def between(self, source: str, target: str) -> Matrix:
        """
        Give T_source2target (4, 4, metres), the identity for equal frames.

        Raises BagError naming the frames that are known when there is no way between the two.
        """
        source, target = source.lstrip('/'), target.lstrip('/')
        found, waiting = {source: np.eye(4)}, [source]
        while waiting and target not in found:
            frame = waiting.pop()
            for other, step in self._steps.get(frame, {}).items():
                if other not in found:
                    found[other] = step @ found[frame]
                    waiting.append(other)
        if target not in found:
            known = ', '.join(sorted(self._steps)) or 'none'
            raise BagError(
                f"bag '{self._path}': expected the static transform between '{source}' and "
                f"'{target}' in /tf_static, which connects: {known}. Record /tf_static along, or "
                'publish it with static_transform_publisher')
        return found[target]

    def _add(self, message: object) -> None:
        transform = message.transform  # type: ignore[attr-defined]
        q, t = transform.rotation, transform.translation
        quaternion = np.array([q.x, q.y, q.z, q.w])
        length = np.linalg.norm(quaternion)
        if not 0.5 < length < 2:
            return
        T_child2parent = pose_matrix(quaternion / length, np.array([t.x, t.y, t.z]))
        child = str(message.child_frame_id).lstrip('/')  # type: ignore[attr-defined]
        parent = str(message.header.frame_id).lstrip('/')  # type: ignore[attr-defined]
        self._steps.setdefault(child, {})[parent] = T_child2parent
        self._steps.setdefault(parent, {})[child] = np.linalg.inv(T_child2parent)
