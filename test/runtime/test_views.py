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

import numpy as np
import pytest
from sa4depth_ros.runtime.colorize import color_limits, colorize
from sa4depth_ros.runtime.depth_encoding import to_millimetres


def test_millimetres_round_and_mark_invalid():
    depth = np.array([[1.2344, 1.2346, 65.535, 65.536, 0.0004, -1.0, np.nan, np.inf, -np.inf]],
                     np.float32)
    assert to_millimetres(depth).tolist() == [[1234, 1235, 65535, 0, 0, 0, 0, 0, 0]]
    assert to_millimetres(depth).dtype == np.uint16


def test_color_runs_from_warm_to_cold_and_invalid_is_black():
    depth = np.array([[0.5, 1.0, 2.0, 10.0, np.inf, np.nan, -np.inf]], np.float32)
    rgb = colorize(depth, 1.0, 10.0).astype(int)[0]
    assert rgb[0].tolist() == rgb[1].tolist()
    assert rgb[1][0] > rgb[1][2]
    assert rgb[3][2] > rgb[3][1]
    assert rgb[3].tolist() == rgb[4].tolist()
    assert rgb[5].tolist() == rgb[6].tolist() == [0, 0, 0]


def test_color_limits_leave_out_invalid_and_extreme_depths() -> None:
    """One range for all pictures; without valid depth there still is one."""
    depth = np.linspace(1, 5, 1000, dtype=np.float32).reshape(20, 50)
    depth[0, :3] = np.nan, np.inf, -np.inf
    near, far = color_limits([depth, depth])
    assert near == pytest.approx(1.05, abs=0.03) and far == pytest.approx(4.92, abs=0.03)
    near, far = color_limits([np.full((4, 4), np.nan, np.float32)])
    assert 0 < near < far
