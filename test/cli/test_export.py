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

"""`sa4depth export` passes on what was asked for and says what came of it."""

import importlib
from pathlib import Path

import pytest
from sa4depth_ros.cli.main import main
from sa4depth_ros.model_card import ModelCard

pytest.importorskip('torch')
export = importlib.import_module('sa4depth_train.export')
motion_export = importlib.import_module('sa4depth_train.motion_export')
CARD = ModelCard(name='x', input_height=64, input_width=96)


@pytest.fixture
def asked(monkeypatch):
    """Stand in for the export itself, which test/train/test_export.py covers."""
    calls = []

    def stand_in(checkpoint: Path, output: Path, **options):
        calls.append((checkpoint, options))
        output.write_bytes(bytes(3_800_000))
        frames = 'frames of demo_room (SHA-256 1234)'
        return export.ExportReport(
            CARD, export.Parity(0.2, 0.015, 0.0151, 0.1), export.BOUNDS['int8'],
            {'int8': 57, 'fp32': 1}, {'int8': 3000, 'fp32': 20}, f'48 {frames}',
            f'12 other {frames}')
    monkeypatch.setattr(export, 'export_checkpoint', stand_in)
    monkeypatch.setattr('sa4depth_ros.networks.factory.holds_motion', lambda path: False)
    return calls


@pytest.fixture
def moved(monkeypatch):
    """Stand in for the export of motion, which test/train/test_motion_export.py covers."""
    calls = []

    def stand_in(checkpoint: Path, output: Path, **options):
        calls.append((checkpoint, options))
        files = {kind: output.with_suffix(f'.{kind}.onnx') for kind in ('features', 'align')}
        for path in files.values():
            path.write_bytes(bytes(400_000))
        return motion_export.MotionReport(files, {'a.b': 1e-6, 'align.T': 2e-6}, '12 frames')
    monkeypatch.setattr(motion_export, 'export_motion', stand_in)
    return calls


def test_what_was_measured_is_printed(asked, tmp_path, capsys) -> None:
    output = tmp_path / 'm.onnx'
    assert main(['export', '--checkpoint', 'c.safetensors', '--output', str(output),
                 '--precision', 'int8']) == 0
    out, err = capsys.readouterr()
    assert out == (
        f'{output}: 3.8 MB\n'
        'layers: 1 fp32, 57 int8; numbers stored: 20 fp32, 3000 int8\n'
        'calibrated for a gpu on 48 frames of demo_room (SHA-256 1234)\n'
        'compared with fp32 torch on 12 other frames of demo_room (SHA-256 1234):\n'
        '  largest relative depth error 0.2, mean 0.015, AbsRel 0.015\n'
        '  allowed: largest relative depth error 2, mean 0.06, AbsRel 0.05\n')
    assert 'int8 wants frames of your own camera: --bag' in err
    assert asked == [(Path('c.safetensors'), {
        'precision': 'int8', 'target': 'gpu', 'bag': None, 'image_topic': '', 'frames': 48})]


def test_with_a_bag_of_ones_own_there_is_no_warning(asked, tmp_path, capsys) -> None:
    assert main(['export', '--checkpoint', 'c.safetensors', '--output', str(tmp_path / 'm.onnx'),
                 '--precision', 'int8', '--target', 'cpu', '--bag', 'mine', '--image-topic', '/a',
                 '--frames', '9']) == 0
    assert capsys.readouterr().err == ''
    assert asked[0][1] == {'precision': 'int8', 'target': 'cpu', 'bag': Path('mine'),
                           'image_topic': '/a', 'frames': 9}
    assert export.CALIBRATION_FRAMES == 48


@pytest.mark.parametrize(('held', 'words', 'written'), [
    (True, [], True), (False, [], False), (True, ['--no-motion'], False),
    (False, ['--motion'], True)])
def test_motion_is_written_where_there_is_any(
    asked, moved, monkeypatch, tmp_path, capsys, held, words, written,
) -> None:
    monkeypatch.setattr('sa4depth_ros.networks.factory.holds_motion', lambda path: held)
    output = tmp_path / 'm.onnx'
    assert main(['export', '--checkpoint', 'c.safetensors', '--output', str(output),
                 '--points', '300', '--motion-size', '320x256', *words]) == 0
    out = capsys.readouterr().out
    assert len(asked) == 1
    assert out.endswith(
        f'{tmp_path}/m.features.onnx: 0.4 MB\n{tmp_path}/m.align.onnx: 0.4 MB\n'
        'compared with torch on 12 frames:\n  largest difference of motion 2e-06 (align.T)\n'
    ) is written
    expected = {'points': 300, 'iterations': 0, 'size': (256, 320), 'bag': None,
                'image_topic': ''}
    assert moved == ([(Path('c.safetensors'), expected)] if written else [])
