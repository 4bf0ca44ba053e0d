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

import json

import pytest
from sa4depth_ros.cli import benchmark
from sa4depth_ros.cli.main import main


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """Give the model that the benchmark itself makes; it needs no shipped file."""
    return benchmark._slow_model(tmp_path_factory.mktemp('model') / 'slow.onnx')


def test_own_part_of_a_frame(model, tmp_path, capsys):
    path = tmp_path / 'figures.json'
    assert main(['benchmark', '--parts', 'frame', '--model', str(model), '--repeats', '3',
                 '--json', str(path)]) == 0
    rows = json.loads(path.read_text())['frame']
    assert [row['640x480 input'] for row in rows] == [
        'rgb8', 'bgr8', 'bgr8, distorted lens', 'jpeg']
    assert all(0 < row['depth, median ms'] <= row['p95'] for row in rows)
    assert 'with cloud' in capsys.readouterr().out


def test_node_process_is_measured_from_outside(model, tmp_path):
    """The node starts, answers and sends depth back, each frame later than its engine."""
    path = tmp_path / 'figures.json'
    assert main(['benchmark', '--parts', 'age', '--model', str(model), '--duration', '6',
                 '--json', str(path)]) == 0
    last = json.loads(path.read_text())['age'][-1]
    assert last['span'] == 'all'
    assert last['frames'] >= 3
    assert 0 < last['engine, ms'] < last['age p99, ms']


def test_node_that_cannot_start_is_reported_with_its_words(tmp_path, capsys):
    missing = tmp_path / 'missing.onnx'
    assert main(['benchmark', '--parts', 'start', '--model', str(missing)]) == 2
    error = capsys.readouterr().err
    assert 'exit code' in error
    assert 'missing.onnx' in error


@pytest.mark.parametrize('option', [['--repeats', '0'], ['--duration', '0']])
def test_impossible_amounts_are_refused(option, capsys):
    assert main(['benchmark', *option]) == 2
    assert 'must be positive' in capsys.readouterr().err
