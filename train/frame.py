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

"""A frame as training uses it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Frame:
    """
    A rectified frame.

    ``rgb`` (h, w, 3) uint8, ``depth`` (h, w) float32 metres with 0 where unknown, ``K`` (3x3)
    of these pixels, ``seen`` (h, w) bool where the lens shows something (None: everywhere),
    ``name`` for messages, ``rendered``: a picture of an invented world. Frames from the cache
    are read-only.
    """

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    K: NDArray[np.float64]
    seen: NDArray[np.bool_] | None
    name: str
    rendered: bool = False
