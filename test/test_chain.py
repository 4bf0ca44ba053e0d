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

"""The promise of the package: recording, training, ONNX, node and pictures, no manual step."""

import json

from sa4depth_ros.cli.main import main

SETTINGS = (
    'network.input_height=96', 'network.input_width=128', 'network.min_depth=0.5',
    'network.decoder_channels=[8, 8, 16, 16, 32]', 'initial_weights=random', 'epochs=5',
    'batch_size=4', 'optimizer.ema=0', 'optimizer.lr=0.005', 'data.holdout=0.25')


def test_bag_to_train_to_onnx_to_node(tmp_path):
    bag, run, model, out = (tmp_path / name for name in ('room', 'run', 'room.onnx', 'demo'))
    assert main(['render-bag', '--output', str(bag), '--frames', '16', '--size', '160x120',
                 '--rate', '8']) == 0

    config = tmp_path / 'config.yaml'
    config.write_text('name: chain\n')
    changes = [word for setting in SETTINGS for word in ('--set', setting)]
    assert main(['train', '--bag', str(bag), '--config', str(config), '--output', str(run),
                 *changes]) == 0
    history = json.loads((run / 'metrics.json').read_text())['epochs']
    assert history[-1]['loss'] < 0.8 * history[0]['loss']

    assert main(['export', '--checkpoint', str(run / 'best.safetensors'),
                 '--output', str(model)]) == 0
    assert main(['demo', '--bag', str(bag), '--model', str(model), '--duration', '4',
                 '--output', str(out)]) == 0
    summary = json.loads((out / 'summary.json').read_text())
    assert summary['model'].startswith('chain')
    assert summary['unit'] == 'm'
    assert summary['received_depth'] >= 8
    assert summary['latency_median_ms'] > 0
    assert {'cloud.ply', 'depth_00.png'} <= set(summary['files'])
