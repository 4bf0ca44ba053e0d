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

"""Where frames sit on a robot: a tree of fixed transforms, and the way between any two."""

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.rigid_motion import inverse, Matrix

Vector = NDArray[np.float64]

_SHORTEST, _LONGEST = 0.5, 2.0


class TransformTree:
    """Fixed transforms between named frames; a leading slash of a name does not count."""

    def __init__(self) -> None:
        self._steps: dict[str, dict[str, Matrix]] = {}
        self._parents: dict[str, str] = {}

    def add(self, parent: str, child: str, quaternion: Vector, position: Vector) -> None:
        """
        Take the pose of ``child`` in ``parent``: quaternion (x, y, z, w), position (3,) metres.

        A quaternion far from unit length, and what is not finite, is left out.
        """
        length = float(np.linalg.norm(quaternion))
        if not (_SHORTEST < length < _LONGEST and np.isfinite(position).all()):
            return
        T_child2parent: Matrix = pose_matrix(quaternion / length, position)
        parent, child = parent.lstrip('/'), child.lstrip('/')
        self._parents[child] = parent
        self._steps.setdefault(child, {})[parent] = T_child2parent
        self._steps.setdefault(parent, {})[child] = inverse(T_child2parent)

    @property
    def frames(self) -> tuple[str, ...]:
        """Name all frames that it knows."""
        return tuple(sorted(self._steps))

    def parent_of(self, child: str) -> str:
        """Name the frame that ``child`` was said to sit in; '' when it is not known."""
        return self._parents.get(child.lstrip('/'), '')

    def between(self, source: str, target: str) -> Matrix | None:
        """Give T_source2target (4, 4, metres), the identity for equal frames; None: no way."""
        source, target = source.lstrip('/'), target.lstrip('/')
        found, waiting = {source: np.eye(4)}, [source]
        while waiting and target not in found:
            frame = waiting.pop()
            for other, step in self._steps.get(frame, {}).items():
                if other not in found:
                    found[other] = step @ found[frame]
                    waiting.append(other)
        return found.get(target)


def pose_matrix(quaternion: Vector, position: Vector) -> Matrix:
    """Give the 4x4 of a unit quaternion (x, y, z, w) and a position (3,)."""
    x, y, z, w = quaternion
    T = np.eye(4)
    T[:3, :3] = [[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                 [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                 [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]]
    T[:3, 3] = position
    return T
