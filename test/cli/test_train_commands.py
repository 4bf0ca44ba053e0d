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

"""The commands train, export and evaluate, as a user runs them."""

import json
from pathlib import Path
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip('torch')

TINY = """
name: tiny
epochs: 2
batch_size: 2
threads: 1
initial_weights: random
network: {input_height: 64, input_width: 96, decoder_channels: [8, 8, 8, 8, 8]}
"""


def _run(*args: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-m', 'sa4depth_ros.cli.main', *map(str, args)], cwd=cwd,
        capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope='module')
def bag(tmp_path_factory) -> Path:
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import get_typestore, Stores
    path = tmp_path_factory.mktemp('bags') / 'wall'
    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    rng = np.random.default_rng(0)
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        kinds = {'/cam/image_raw': 'sensor_msgs/msg/Image',
                 '/cam/camera_info': 'sensor_msgs/msg/CameraInfo',
                 '/cam/depth/image_raw': 'sensor_msgs/msg/Image'}
        topics = {topic: writer.add_connection(topic, kind, typestore=store)
                  for topic, kind in kinds.items()}
        for number in range(10):
            stamp = types['builtin_interfaces/msg/Time'](100 + number, 0)
            head = types['std_msgs/msg/Header'](stamp, 'cam')
            rgb = rng.integers(0, 255, (64, 96, 3), np.uint8)
            depth = np.linspace(1000, 3000, 64 * 96).astype('<u2')
            image = types['sensor_msgs/msg/Image']
            matrix = np.array([80.0, 0, 47.5, 0, 80, 31.5, 0, 0, 1])
            messages = (
                image(head, 64, 96, 'rgb8', 0, 288, rgb.reshape(-1)),
                types['sensor_msgs/msg/CameraInfo'](
                    head, 64, 96, 'plumb_bob', np.zeros(5), matrix, np.eye(3).ravel(),
                    np.insert(matrix, (3, 6, 9), 0), 0, 0,
                    types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)),
                image(head, 64, 96, '16UC1', 0, 192, depth.view(np.uint8)))
            for (topic, connection), message in zip(topics.items(), messages):
                data = store.serialize_cdr(message, kinds[topic])
                writer.write(connection, (100 + number) * 10**9, data)
    return path


@pytest.fixture(scope='module')
def config(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('config') / 'tiny_config.yaml'
    path.write_text(TINY, encoding='utf-8')
    return path


# Four processes that import torch: quick alone, slow on a crowded machine.
@pytest.mark.timeout(1200)
def test_from_bag_to_measured_model(bag, config, tmp_path) -> None:
    run = tmp_path / 'run'
    trained = _run('train', '--bag', bag, '--config', config, '--output', run)
    assert trained.returncode == 0, trained.stderr
    assert 'epoch 2  loss' in trained.stdout
    assert f'sa4depth export --checkpoint {run / "best.safetensors"}' in trained.stdout

    model = tmp_path / 'tiny.onnx'
    exported = _run('export', '--checkpoint', run / 'best.safetensors', '--output', model)
    assert exported.returncode == 0, exported.stderr
    assert 'compared with fp32 torch on 12 other frames of demo_room' in exported.stdout
    assert 'largest relative depth error' in exported.stdout
    assert exported.stderr == ''

    measured = _run('evaluate', '--model', model, '--bag', bag, '--from', '0.8',
                    '--output', tmp_path / 'report')
    assert measured.returncode == 0, measured.stderr
    report = json.loads((tmp_path / 'report' / 'metrics.json').read_text())
    assert report['bags'][0]['metrics']['frames'] == 2
    assert report['bags'][0]['bag'] == 'wall'
    assert (tmp_path / 'report' / 'wall.png').stat().st_size > 1000
    again = _run('train', '--bag', bag, '--config', config, '--output', run)
    assert again.returncode == 2
    assert 'already holds a run' in again.stderr


@pytest.mark.timeout(600)
def test_ctrl_c_saves_and_says_how_to_go_on(bag, config, tmp_path) -> None:
    run = tmp_path / 'run'
    process = subprocess.Popen(
        [sys.executable, '-m', 'sa4depth_ros.cli.main', 'train', '--bag', str(bag), '--config',
         str(config), '--output', str(run), '--set', 'epochs=2000'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(3000):
        if (run / 'metrics.json').exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 130, err
    assert f'sa4depth train --resume --output {run}' in out
    assert 'Traceback' not in err
    assert (run / 'state' / 'model.safetensors').exists()


@pytest.mark.parametrize(('arguments', 'message'), [
    (['train'], 'training needs --bag'),
    (['train', '--resume'], '--resume needs --output'),
    (['train', '--resume', '--output', 'none'], 'expected a run to resume'),
    (['train', '--resume', '--output', 'none', '--set', 'epochs=3'], 'leave out --bag'),
    (['train', '--bag', 'nowhere', '--config', 'CONFIG'], "expected a bag at 'nowhere'"),
    (['train', '--worlds', 'nowhere', '--config', 'CONFIG'],
     'expected a cache of rendered worlds'),
    (['train', '--bag', 'BAG', '--config', 'CONFIG', '--set', 'epoch=1'], 'unknown key'),
    (['train', '--bag', 'BAG', '--config', 'nowhere.yaml'], 'cannot read the config'),
    (['export', '--checkpoint', 'nowhere.safetensors', '--output', 'x.onnx'], 'there is none'),
    (['evaluate', '--model', 'nowhere.onnx', '--bag', 'BAG'], 'nowhere.onnx'),
    (['evaluate', '--model', 'x.onnx', '--bag', 'BAG', '--from', '1.5'], '--from must be in'),
], ids=lambda value: ' '.join(value) if isinstance(value, list) else '')
def test_mistakes_end_in_2_and_a_sentence(bag, config, tmp_path, arguments, message) -> None:
    names = {'BAG': str(bag), 'CONFIG': str(config)}
    result = _run(*(names.get(word, word) for word in arguments), cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert 'Traceback' not in result.stderr
    assert not list(tmp_path.glob('**/*.yaml'))
