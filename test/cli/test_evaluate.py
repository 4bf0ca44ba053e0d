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

import numpy as np
import pytest
from rendered_cache import write_cache
from sa4depth_ros.cli.main import main
from walk_bag import write_walk

torch = pytest.importorskip('torch')


class TwoMetres:
    """Says that everything is 2 m away."""

    depth, unit = np.full((64, 96), 2, np.float32), 'm'

    def estimate(self, rgb, camera):
        assert (rgb.shape, camera.K[0, 0]) == ((64, 96, 3), 80.0)
        self.image = rgb
        return self

    def color(self):
        return self.image


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


def test_worlds_are_measured_beside_a_bag(bag, checkpoints, tmp_path, capsys) -> None:
    cache = write_cache(tmp_path / 'worlds', worlds=2, frames=3, unseen=1)
    assert main(['evaluate', '--model', str(checkpoints[1]), '--bag', str(bag), '--worlds',
                 str(cache), '--threads', '1', '--output', str(tmp_path / 'out')]) == 0
    assert '1 worlds with surfaces that are for testing only, 2 others' in capsys.readouterr().out
    report = json.loads((tmp_path / 'out' / 'metrics.json').read_text(encoding='utf-8'))
    walk, worlds = report['bags']
    assert (walk['bag'], worlds['bag']) == ('walk', 'worlds')
    assert worlds['metrics']['frames'] == 9
    assert (tmp_path / 'out' / 'worlds.png').exists()


def test_depth_of_worlds_is_exact(tmp_path) -> None:
    """In world n depth is n + 1 metres, so one that says 2 m errs by 1, 0 and 1/3."""
    from sa4depth_train.data_config import DataConfig
    from sa4depth_train.excerpt import Excerpt
    from sa4depth_train.rendered_evaluation import measure_worlds

    cache, config = write_cache(tmp_path / 'worlds', worlds=3, frames=2), DataConfig()
    result = measure_worlds(cache, config, Excerpt(), TwoMetres()).depth
    assert result.metrics['abs_rel'] == pytest.approx((1 + 0 + 1 / 3) / 3)
    assert [picture.name for picture in result.pictures] == [f'frame {n}' for n in range(6)]
    # Farther than the limit is not counted, nor is what the excerpt leaves out.
    near = measure_worlds(cache, DataConfig(max_depth=2.5), Excerpt(), TwoMetres()).depth
    assert near.metrics['frames'] == 4
    last = measure_worlds(cache, config, Excerpt(frames=(4, 6)), TwoMetres()).depth
    assert last.metrics['abs_rel'] == pytest.approx(1 / 3)
    assert last.first_frame == 4


@pytest.mark.parametrize(('source', 'said'), [
    (['--worlds', '{tmp}/none'], 'make one with: sa4depth render-worlds'),
    ([], 'expected either --bag or --worlds'),
    (['--worlds', '{tmp}', '--dataset', 'nyuv2'], 'got both'),
    (['--worlds', '{tmp}', '--root', '{tmp}'], '--root is for --dataset')])
def test_a_wrong_source_says_what_to_do(checkpoints, tmp_path, capsys, source, said) -> None:
    words = [word.format(tmp=tmp_path) for word in source]
    assert main(['evaluate', '--model', str(checkpoints[1]), *words]) == 2
    assert said in capsys.readouterr().err
