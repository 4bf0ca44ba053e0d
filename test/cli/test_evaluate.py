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

"""`sa4depth evaluate` on checkpoints with motion networks and without, as a user runs it."""

import json

import pytest
from sa4depth_ros.cli.main import main
from walk_bag import write_walk

torch = pytest.importorskip('torch')


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    return write_walk(tmp_path_factory.mktemp('bags') / 'walk', frames=10)


@pytest.fixture(scope='module')
def checkpoints(tmp_path_factory):
    """Give the paths of a checkpoint with motion networks and of one of depth alone."""
    from sa4depth_ros.model_card import ModelCard
    from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
    from sa4depth_ros.networks.factory import save_checkpoint
    from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
    torch.manual_seed(0)
    depth = DepthNet(DepthNetConfig(input_height=64, input_width=96,
                                    decoder_channels=(8, 8, 8, 8, 8)))
    folder = tmp_path_factory.mktemp('models')
    card = ModelCard('tiny', 64, 96, output='relative_depth')
    save_checkpoint(folder / 'full.safetensors', depth, card, MotionNet(MotionConfig()))
    save_checkpoint(folder / 'depth.safetensors', depth, card)
    return folder / 'full.safetensors', folder / 'depth.safetensors'


def test_depth_and_motion_in_one_report(bag, checkpoints, tmp_path, capsys) -> None:
    assert main(['evaluate', '--model', str(checkpoints[0]), '--bag', str(bag), '--from', '0.5',
                 '--threads', '1', '--output', str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert 'walk posenet' in out and 'walk refined' in out and 'scaled_abs_rel' in out
    report = json.loads((tmp_path / 'metrics.json').read_text(encoding='utf-8'))
    part, = report['bags']
    assert part['metrics']['frames'] == part['motion']['figures']['frames'] == 5
    assert part['motion']['refined']['ate_sim3'] >= 0
    assert report['from'] == 0.5
    assert (tmp_path / 'index.html').stat().st_size > 10_000
    assert (tmp_path / 'walk_trajectory.png').exists()


def test_a_checkpoint_of_depth_alone_says_what_is_missing(
        bag, checkpoints, tmp_path, capsys) -> None:
    assert main(['evaluate', '--model', str(checkpoints[1]), '--bag', str(bag), '--from', '0.5',
                 '--threads', '1', '--output', str(tmp_path)]) == 0
    assert 'walk: The model is depth alone' in capsys.readouterr().out
    assert not (tmp_path / 'walk_trajectory.png').exists()


def test_frames_by_number_are_measured_alone(bag, checkpoints, tmp_path, capsys) -> None:
    command = ['evaluate', '--model', str(checkpoints[0]), '--bag', str(bag), '--threads', '1',
               '--output', str(tmp_path)]
    assert main([*command, '--frames', '2:5']) == 0
    report = json.loads((tmp_path / 'metrics.json').read_text(encoding='utf-8'))
    part, = report['bags']
    assert part['first_frame'] == 2 and report['frames'] == '2:5'
    assert part['metrics']['frames'] == part['motion']['figures']['frames'] == 3
    assert main([*command, '--frames', '2:11']) == 2
    assert 'has 10 frames' in capsys.readouterr().err
    for wrong in (['--frames', '5'], ['--frames=-3:5'], ['--frames', '2:5', '--from', '0.5']):
        assert main([*command, *wrong]) == 2
        assert '--frames must be A:B' in capsys.readouterr().err


def test_a_topic_that_is_not_there_is_named(bag, checkpoints, tmp_path, capsys) -> None:
    assert main(['evaluate', '--model', str(checkpoints[0]), '--bag', str(bag),
                 '--odom-topic', '/wheels', '--output', str(tmp_path)]) == 2
    assert '/wheels' in capsys.readouterr().err
