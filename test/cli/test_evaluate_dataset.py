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

"""`sa4depth evaluate --dataset` on small folders in the official layouts."""

import json
from pathlib import Path

from made_benchmarks import DAY, DRIVE, Raw, write_make3d, write_odometry
import numpy as np
import pytest
from sa4depth_ros.cli.evaluate_dataset import DATASETS, ODOMETRY
from sa4depth_ros.cli.main import main
from sa4depth_ros.resources import DEFAULT_MODEL, share_path

torch = pytest.importorskip('torch')

MODEL = str(share_path(DEFAULT_MODEL))
K = np.array([[60.0, 0, 47.0], [0, 60.0, 31.0], [0, 0, 1]])


@pytest.fixture(scope='module')
def raw(tmp_path_factory) -> Raw:
    raw = Raw(tmp_path_factory.mktemp('kitti'), K, (96, 64))
    raw.write_calibration()
    rng = np.random.default_rng(0)
    u, v = (grid.reshape(-1).astype(float) for grid in np.meshgrid(
        np.arange(5, 90, 3), np.arange(30, 60, 2)))
    for number in (0, 1):
        image = rng.integers(0, 255, (64, 96, 3), np.uint8)
        raw.write_frame(number, image, raw.points_at(u, v, rng.uniform(4, 40, len(u))))
    (raw.root / 'list.txt').write_text(
        f'{DAY}/{DRIVE} 0 l\n{DAY}/{DRIVE} 1 l\n', encoding='utf-8')
    return raw


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory) -> Path:
    from sa4depth_ros.model_card import ModelCard
    from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
    from sa4depth_ros.networks.factory import save_checkpoint
    from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
    torch.manual_seed(0)
    depth = DepthNet(DepthNetConfig(input_height=64, input_width=96,
                                    decoder_channels=(8, 8, 8, 8, 8)))
    path = tmp_path_factory.mktemp('models') / 'full.safetensors'
    save_checkpoint(path, depth, ModelCard('tiny', 64, 96, output='relative_depth'),
                    MotionNet(MotionConfig()))
    return path


def evaluate(*arguments: object) -> int:
    return main(['evaluate', '--threads', '1', *map(str, arguments)])


def test_kitti_with_the_shipped_model(raw, tmp_path, capsys) -> None:
    assert evaluate('--model', MODEL, '--dataset', 'kitti_eigen', '--root', raw.root, '--split',
                    raw.root / 'list.txt', '--output', tmp_path) == 0
    out = capsys.readouterr().out
    assert 'rmse_log' in out and 'the official test set has 697' in out
    report = json.loads((tmp_path / 'metrics.json').read_text(encoding='utf-8'))
    assert report['dataset'] == 'kitti_eigen' and report['crop'] == 'garg'
    assert report['unit'] == 'm' and not report['median_scaling']
    assert report['metrics']['frames'] == 2 and report['metrics']['coverage'] == 1
    page = (tmp_path / 'index.html').read_text(encoding='utf-8')
    assert page.count('<img src="data:image/png;base64,') >= 3 and 'kitti_eigen' in page


def test_rules_can_be_changed_and_are_written_down(raw, tmp_path) -> None:
    assert evaluate('--model', MODEL, '--dataset', 'kitti_eigen', '--root', raw.root, '--split',
                    raw.root / 'list.txt', '--output', tmp_path, '--crop', 'none', '--max-depth',
                    50, '--median-scaling', 'on', '--flip', '--frames', '1:2') == 0
    report = json.loads((tmp_path / 'metrics.json').read_text(encoding='utf-8'))
    assert (report['crop'], report['max_depth'], report['flip']) == ('none', 50, True)
    assert report['median_scaling'] and report['frames'] == '1:2'
    assert report['metrics']['frames'] == 1


def test_a_benchmark_without_cameras(tmp_path) -> None:
    rng = np.random.default_rng(0)
    write_make3d(tmp_path, 'a', rng.integers(0, 255, (227, 170, 3), np.uint8),
                 rng.uniform(1, 60, (55, 305)))
    assert evaluate('--model', MODEL, '--dataset', 'make3d', '--root', tmp_path, '--output',
                    tmp_path / 'out') == 0
    report = json.loads((tmp_path / 'out' / 'metrics.json').read_text(encoding='utf-8'))
    assert report['metrics']['frames'] == 1 and report['metrics']['rmse_log10'] > 0


def test_odometry_with_a_checkpoint(checkpoint, tmp_path, capsys) -> None:
    rng = np.random.default_rng(0)
    poses = np.tile(np.eye(4), (4, 1, 1))
    # 60 m a frame, around a bend: two frames make a segment of 100 m.
    poses[:, :3, 3] = (0, 0, 0), (0, 0, 60), (20, 0, 115), (70, 0, 150)
    images = [rng.integers(0, 255, (64, 96, 3), np.uint8) for _ in poses]
    write_odometry(tmp_path, '04', images, poses, K)
    command = ['--dataset', ODOMETRY, '--root', tmp_path, '--output', tmp_path / 'out']
    assert evaluate('--model', checkpoint, *command, '--sequence', '04') == 0
    assert 'kitti_odometry_04 refined' in capsys.readouterr().out
    report = json.loads((tmp_path / 'out' / 'metrics.json').read_text(encoding='utf-8'))
    sequence, = report['sequences']
    assert sequence['posenet']['segments'] == 1 and sequence['posenet']['t_err'] > 0
    assert (tmp_path / 'out' / 'kitti_odometry_04_trajectory.png').exists()
    assert evaluate('--model', checkpoint, *command) == 2
    assert 'sequences/09/image_2' in capsys.readouterr().err
    assert evaluate('--model', MODEL, *command) == 2
    assert 'needs a .safetensors checkpoint' in capsys.readouterr().err


@pytest.mark.parametrize(('arguments', 'message'), [
    ((), 'got neither'),
    (('--bag', 'a', '--dataset', 'make3d'), 'got both'),
    (('--bag', 'a', '--flip'), '--flip is for --dataset'),
    (('--dataset', 'make3d'), 'needs --root'),
    (('--dataset', 'make3d', '--root', 'a', '--depth-topic', '/d'), '--depth-topic is for --bag'),
    (('--dataset', 'make3d', '--root', 'a', '--sequence', '09'), '--sequence is for'),
    (('--dataset', ODOMETRY, '--root', 'a', '--max-depth', '5'), '--max-depth is for depth'),
    (('--dataset', 'nyuv2', '--root', 'a'), 'cs.nyu.edu'),
])
def test_a_wrong_command_line_says_what_is_expected(arguments, message, tmp_path, capsys,
                                                    monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert evaluate('--model', MODEL, *arguments) == 2
    assert message in capsys.readouterr().err


def test_names_folders_and_the_page_of_protocols_are_the_same() -> None:
    from sa4depth_train.protocols.catalog import GUIDES, ODOMETRY as OF_CATALOG
    assert tuple(GUIDES) == DATASETS and OF_CATALOG == ODOMETRY
    page = (Path(__file__).resolve().parents[2] / 'docs' / 'protocols.md').read_text(
        encoding='utf-8')
    for name, guide in GUIDES.items():
        assert f'`{name}`' in page
        assert all(line in page for line in guide.layout.splitlines())
