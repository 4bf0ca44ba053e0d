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

"""Depth in integer millimetres (REP 118)."""

import numpy as np
from numpy.typing import NDArray


def to_millimetres(depth: NDArray[np.float32]) -> NDArray[np.uint16]:
    """
    Give ``depth`` (h, w) in metres as (h, w) uint16 millimetres, rounded.

    0 where it is not finite, not positive or beyond 65.535 m.
    """
    millimetres = depth * np.float32(1000) + np.float32(0.5)
    valid = (millimetres >= 1) & (millimetres < 65536)
    return np.where(valid, millimetres, np.float32(0)).astype(np.uint16)
