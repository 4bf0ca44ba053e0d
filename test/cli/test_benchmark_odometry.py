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

"""The benchmark of odometry: what it shows, how it counts, and the table it writes."""

from pathlib import Path

import numpy as np
import pytest
from sa4depth_ros.cli import benchmark
from sa4depth_ros.cli.main import main
from sa4depth_ros.nodes import benchmark_odometry
from sa4depth_ros.nodes.benchmark_odometry import DISTANCE, K, moving_views
from sa4depth_train.classical_motion import ClassicalFrame, ClassicalMotion


def test_views_move_as_they_say() -> None:
    """Each view is 2 cm to the side and 4 mm forward of the one before, by known depth."""
    views = moving_views(2)
    depth = np.full(views[0].shape[:2], DISTANCE, np.float32)
    first, second = (ClassicalFrame(view[..., 1], np.array(K).reshape(3, 3), depth)
                     for view in views)
    found = ClassicalMotion().projection(first, second)
    assert found is not None
    np.testing.assert_allclose(found[:3, 3], (-0.02, 0, -0.004), atol=1e-3)
    np.testing.assert_allclose(found[:3, :3], np.eye(3), atol=1e-3)


def test_what_is_not_engine_is_ours() -> None:
    parts = [{'preprocess': 0.002, 'features': 0.02, 'align': 0.015, 'other': 0.001}] * 4
    time = benchmark_odometry._step_time('x', [0.04, 0.04, 0.05, 0.04], parts, lost=1)
    assert time.outside == pytest.approx(0.005) and time.share == pytest.approx(0.125)
    assert time.total[0] == pytest.approx(0.04) and time.parts['align'] == pytest.approx(0.015)
    assert time.lost == 1


def test_rate_and_age_leave_out_the_start() -> None:
    ages = [(10 + 0.1 * number, 0.9 if number < 8 else 0.05) for number in range(41)]
    told = benchmark._rate_and_age(ages)
    assert told['Hz'] == pytest.approx(10)
    assert told['age median, ms'] == pytest.approx(50) == told['p95, ms']
    assert benchmark._rate_and_age([])['Hz'] == 0


def test_tables_go_into_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / 'page.md'
    page.write_text('a\n<!-- odometry: made by sa4depth benchmark -->\n<!-- end of odometry -->\n')
    row = {'640x480, first guess': 'constant_velocity', 'step, median ms': 41.5, 'steps lost': 0}
    monkeypatch.setattr(benchmark, '_odometry_rows', lambda *_: [row])
    assert main(['benchmark', '--parts', 'odometry', '--page', str(page)]) == 0
    assert '| constant_velocity | 41.50 | 0 |' in page.read_text()
