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

"""`sa4depth demo --odometry` and the benchmark of odometry, with the shipped model."""

import json
from pathlib import Path

import cv2
import pytest
from sa4depth_ros.cli.main import main
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sa4depth_ros.runtime.tum_file import read_tum


MODEL = share_path(DEFAULT_MODEL)


def test_demo_records_the_path_and_measures_it(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file as evo reads it for our path and one for the truth, a picture, and the error."""
    assert main(['demo', '--odometry', '--model', str(MODEL), '--output', str(tmp_path)]) == 0
    summary = json.loads((tmp_path / 'summary.json').read_text())
    stamps, poses = read_tum(tmp_path / 'trajectory.tum')
    true_stamps, truth = read_tum(tmp_path / 'ground_truth.tum')
    assert len(poses) == summary['odometry_poses'] >= 3
    assert stamps == true_stamps
    # Those of the recording, not of the day it is played on.
    assert 1_600_000_000 <= stamps[0] * 1e-9 < stamps[-1] * 1e-9 < 1_600_000_020
    assert summary['ate_scaled_m'] > 0 and summary['odometry_losses'] >= 0
    assert cv2.imread(str(tmp_path / 'trajectory.png')).std() > 5
    assert not (tmp_path / 'stamps.txt').exists()
    printed = capsys.readouterr().out
    assert 'ATE' in printed and 'trajectory.tum' in printed


def test_a_step_is_timed_part_by_part(tmp_path: Path) -> None:
    path = tmp_path / 'figures.json'
    assert main(['benchmark', '--parts', 'odometry', '--motion', str(MODEL), '--repeats', '3',
                 '--json', str(path)]) == 0
    rows = json.loads(path.read_text())['odometry']
    assert [row['640x480, first guess'] for row in rows] == ['constant_velocity', 'posenet']
    for row in rows:
        assert 0 < row['features, ms'] < row['step, median ms'] <= row['p95']
        assert 0 < row['outside the engines, ms'] < row['step, median ms']
        assert 0 < row['share'] < 1
    assert rows[0]['guess, ms'] == 0 < rows[1]['guess, ms']
