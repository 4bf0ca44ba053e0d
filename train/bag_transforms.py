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

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.transform_tree import TransformTree
from sa4depth_train.bag_reader import BagReader

_TYPES = ('tf2_msgs/msg/TFMessage', 'tf/msg/tfMessage')


class BagTransforms:
    """The tree of /tf_static; moving joints (/tf) are not part of it."""

    def __init__(self, reader: BagReader) -> None:
        """Read all messages of topics named tf_static."""
        topics = [topic for topic, kind in reader.types().items()
                  if kind in _TYPES and topic.rsplit('/', 1)[-1] == 'tf_static']
        self._tree = TransformTree()
        for topic in topics:
            for _, message in reader.messages(topic):
                for stamped in message.transforms:
                    self._add(stamped)
        self._path = reader.path

    def between(self, source: str, target: str) -> NDArray[np.float64]:
        """
        Give T_source2target (4, 4, metres), the identity for equal frames.

        Raises BagError naming the frames that are known when there is no way between the two.
        """
        found = self._tree.between(source, target)
        if found is None:
            known = ', '.join(self._tree.frames) or 'none'
            raise BagError(
                f"bag '{self._path}': expected the static transform between "
                f"'{source.lstrip('/')}' and '{target.lstrip('/')}' in /tf_static, which "
                f'connects: {known}. Record /tf_static along, or publish it with '
                'static_transform_publisher')
        return found

    def _add(self, stamped: Any) -> None:
        q, t = stamped.transform.rotation, stamped.transform.translation
        self._tree.add(str(stamped.header.frame_id), str(stamped.child_frame_id),
                       np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))
