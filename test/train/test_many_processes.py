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

"""Training in two processes, started as users start them: `accelerate launch`."""

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest
from rendered_cache import write_cache
from safetensors.torch import load_file
import torch

CONFIG = """
name: tiny
epochs: 2
batch_size: 2
threads: 1
initial_weights: random
network: {input_height: 32, input_width: 64, decoder_channels: [8, 8, 8, 8, 8]}
optimizer: {freeze_encoder_norm: false}
data: {workers: 1}
"""
LAUNCH = (sys.executable, '-m', 'accelerate.commands.launch')
TWO = ('--multi_gpu', '--num_processes', '2', '--num_machines', '1', '--mixed_precision', 'no',
       '--dynamo_backend', 'no', '--main_process_port', '0')
WATCHED = str(Path(__file__).with_name('watched_training.py'))

# Two processes that import torch, and their launcher: quick alone, slow on a crowded machine.
pytestmark = pytest.mark.timeout(900)


def launch(
    *command: object, folder: Path, check: bool = True, **env: object,
) -> subprocess.CompletedProcess[str]:
    """Run a command below `accelerate launch`, on the CPU, with one thread each."""
    own = {'ACCELERATE_USE_CPU': '1', 'OMP_NUM_THREADS': '1', 'WATCH_FOLDER': str(folder)}
    result = subprocess.run(
        [*LAUNCH, *map(str, command)], capture_output=True, text=True, timeout=800, check=False,
        env={**os.environ, **own, **{name: str(value) for name, value in env.items()}})
    assert not check or result.returncode == 0, result.stderr
    return result


@pytest.fixture(scope='module')
def config(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('config') / 'tiny.yaml'
    path.write_text(CONFIG, encoding='utf-8')
    return path


@pytest.fixture(scope='module')
def whole(room_bag, config, tmp_path_factory) -> tuple[Path, str]:
    """Give the folder of a finished run of two processes and what it printed."""
    folder = tmp_path_factory.mktemp('whole')
    result = launch(*TWO, WATCHED, 'train', '--bag', room_bag.path, '--config', config,
                    '--output', folder / 'run', folder=folder)
    return folder, result.stdout


def test_both_processes_finish_with_the_same_weights_in_one_folder(whole) -> None:
    folder, printed = whole
    hashes = [(folder / f'rank_{rank}').read_text() for rank in (0, 1)]
    assert hashes[0] == hashes[1]
    assert sorted(path.name for path in (folder / 'run').iterdir()) == [
        'best.safetensors', 'last.safetensors', 'metrics.json', 'run.yaml', 'state',
        'tensorboard']
    assert len(list((folder / 'run' / 'tensorboard').iterdir())) == 1
    assert (folder / 'run' / 'state' / 'random_states_1.pkl').exists()
    epochs = json.loads((folder / 'run' / 'metrics.json').read_text())['epochs']
    assert [entry['epoch'] for entry in epochs] == [1, 2]
    # Only one process talks.
    assert printed.count('epoch 1  loss') == printed.count('best checkpoint: ') == 1


def test_two_that_stop_and_go_on_are_the_same_run(whole, room_bag, config, tmp_path) -> None:
    run = tmp_path / 'run'
    stopped = launch(*TWO, WATCHED, 'train', '--bag', room_bag.path, '--config', config,
                     '--output', run, folder=tmp_path, check=False, STOP_AT=6)
    assert stopped.returncode != 0
    assert f'sa4depth train --resume --output {run}' in stopped.stdout
    assert len(json.loads((run / 'metrics.json').read_text())['epochs']) == 1
    launch(*TWO, WATCHED, 'train', '--resume', '--output', run, folder=tmp_path)
    weights, expected = (load_file(path / 'run' / 'last.safetensors')
                         for path in (tmp_path, whole[0]))
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert (run / 'metrics.json').read_text() == (
        whole[0] / 'run' / 'metrics.json').read_text()


def test_two_processes_learn_from_images_alone(walk, config, tmp_path) -> None:
    result = launch(
        *TWO, WATCHED, 'train', '--bag', walk, '--config', config, '--output', tmp_path / 'run',
        *(word for key in ('recipe=sa4depth', 'triplets.min_parallax=0', 'triplets.max_flow=0.5',
                           'motion.refinement.points=64', 'network.input_height=64',
                           'network.input_width=96', 'data.holdout=0.3')
          for word in ('--set', key)), folder=tmp_path)
    hashes = [(tmp_path / f'rank_{rank}').read_text() for rank in (0, 1)]
    assert hashes[0] == hashes[1]
    assert result.stdout.count('train walk: ') == 1
    epochs = json.loads((tmp_path / 'run' / 'metrics.json').read_text())['epochs']
    assert [0 <= entry['losses']['refined'] <= 1 for entry in epochs] == [True, True]


def test_two_processes_learn_from_depth_and_video(walk, config, tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds')
    launch(*TWO, WATCHED, 'train', '--bag', walk, '--worlds', cache, '--config', config,
           '--output', tmp_path / 'run',
           *(word for key in ('recipe=mixed', 'data.samples_per_epoch=8', 'data.triplet_bags=all',
                              'data.triplet_share=0.5', 'motion.refinement.enabled=false',
                              'triplets.min_parallax=0', 'triplets.max_flow=0.5',
                              'network.input_height=64', 'network.input_width=96')
             for word in ('--set', key)), folder=tmp_path)
    hashes = [(tmp_path / f'rank_{rank}').read_text() for rank in (0, 1)]
    assert hashes[0] == hashes[1]
    epochs = json.loads((tmp_path / 'run' / 'metrics.json').read_text())['epochs']
    assert all({'silog', 'photometric'} <= entry['losses'].keys() for entry in epochs)


def test_no_number_in_one_process_ends_both_with_its_samples(room_bag, config, tmp_path) -> None:
    result = launch(*TWO, WATCHED, 'train', '--bag', room_bag.path, '--config', config,
                    '--output', tmp_path / 'run', folder=tmp_path, check=False, BREAK_AT=2)
    assert result.returncode != 0
    lines = [line for line in result.stderr.splitlines() if 'became nan' in line]
    assert lines[0].startswith(
        'sa4depth: error: the loss became nan in epoch 1, step 2 in process 1, on: room frame ')
    assert lines[0].count('room frame ') == 2
    assert not (tmp_path / 'run' / 'state').exists()


def test_a_launcher_that_starts_one_instead_of_two_is_an_error(config, tmp_path) -> None:
    result = launch('--cpu', '--num_processes', '2', '-m', 'sa4depth_ros.cli.main', 'train',
                    '--bag', 'none', '--config', config, folder=tmp_path, check=False)
    assert result.returncode != 0
    assert 'expected several processes, got one' in result.stderr
    assert 'accelerate launch --multi_gpu --num_processes 2' in result.stderr


def test_too_few_samples_for_all_is_said(room_bag, config, tmp_path) -> None:
    result = launch(*TWO, '-m', 'sa4depth_ros.cli.main', 'train', '--bag', room_bag.path,
                    '--config', config, '--output', tmp_path / 'run', '--set', 'batch_size=9',
                    folder=tmp_path, check=False)
    assert result.returncode != 0
    assert '16 training samples are too few for 18 at once' in result.stderr
