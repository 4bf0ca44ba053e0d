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

"""`sa4depth calibrate` as a user runs it: a real model, a bag, and the file that comes out."""

import hashlib
import json

import numpy as np
import pytest
from sa4depth_ros.cli.main import main
from sa4depth_ros.model_card import ModelCard

pytest.importorskip('torch')
pytest.importorskip('onnx')

GREYS_PER_METRE = 40
SLOPE = 0.01
# The model says 0.01 units a grey level where the picture has 40 levels a metre.
PLANTED = 1 / (GREYS_PER_METRE * SLOPE)


def paint(depth):
    grey = np.clip(np.round(GREYS_PER_METRE * depth), 0, 250).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    from robot_bag import write_robot_bag
    folder = tmp_path_factory.mktemp('bags')
    return write_robot_bag(folder / 'robot', frames=12, has=('depth', 'lidar', 'tf'),
                           paint=paint).path


@pytest.fixture
def model(tmp_path):
    from onnx_models import save_grey_model
    return save_grey_model(tmp_path / 'grey.onnx', offset=0.0, slope=SLOPE)


def calibrate(model, bag, *options):
    return main(['calibrate', '--model', str(model), '--bag', str(bag), '--threads', '1',
                 '--backend', 'onnxruntime', *map(str, options)])


def card_of(path):
    import onnx
    return ModelCard.from_metadata({p.key: p.value for p in onnx.load(path).metadata_props})


def test_a_calibrated_model_is_metric(model, bag, tmp_path, capsys) -> None:
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator
    from sa4depth_train.data_config import DataConfig
    from sa4depth_train.evaluation import evaluate_bag
    assert calibrate(model, bag, '--json', tmp_path / 'result.json') == 0
    out = capsys.readouterr().out
    output = tmp_path / 'grey_calibrated.onnx'
    assert 'depth /front/depth/image_raw' in out
    assert f'model:={output}' in out
    card = card_of(output)
    assert card.scale == pytest.approx(PLANTED, rel=0.02)
    assert card.calibrated
    assert card.calibration.frame_id == 'front_optical'
    values = json.loads((tmp_path / 'result.json').read_text(encoding='utf-8'))
    assert values['record']['scale'] == card.scale
    assert values['estimate']['used'] == 12
    metrics = evaluate_bag(DepthEstimator(output, backend='onnxruntime'), bag,
                           DataConfig()).metrics
    assert metrics['median_scale'] == pytest.approx(1, abs=0.03)
    # Once more: what is left is nothing, and the whole factor stays.
    assert calibrate(output, bag, '--output', output) == 0
    assert card_of(output).scale == pytest.approx(card.scale, rel=1e-3)


def test_one_camera_alone(model, bag, tmp_path, capsys) -> None:
    output = tmp_path / 'out.onnx'
    assert calibrate(model, bag, '--camera', 'front', '--reference', 'lidar',
                     '--output', output) == 0
    assert "written for camera 'front'" in capsys.readouterr().out
    card = card_of(output)
    assert card.cameras['front'].scale == pytest.approx(PLANTED, rel=0.02)
    assert (card.scale, card.calibrated) == (1, False)


def test_a_distance_by_tape(model, bag, tmp_path, capsys) -> None:
    from rendered_pair import photograph
    from robot_bag import drive, HEIGHT, K, WIDTH
    metres = photograph(drive(3), K, (HEIGHT, WIDTH))[1][70, 90]
    assert calibrate(model, bag, '--distance', metres, '--frame', 3, '--pixel', 90, 70,
                     '--along-axis') == 0
    assert 'One or two places' in capsys.readouterr().out
    assert card_of(tmp_path / 'grey_calibrated.onnx').scale == pytest.approx(PLANTED, rel=0.03)


def test_a_dry_run_writes_nothing(model, bag, tmp_path, capsys) -> None:
    before = hashlib.sha256(model.read_bytes()).hexdigest()
    assert calibrate(model, bag, '--dry-run') == 0
    assert 'nothing was written' in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ['grey.onnx']
    assert hashlib.sha256(model.read_bytes()).hexdigest() == before


@pytest.mark.parametrize(('options', 'message'), [
    (('--reference', 'odometry'), 'no messages of nav_msgs/Odometry'),
    (('--reference', 'sonar'), 'expected a reference of depth, lidar, odometry, distance'),
    (('--distance', '2', '--frame', '0'), 'got 1 distances, 1 frames, 0 pixels and 0 boxes'),
    (('--motion', 'networks'), 'expected a .safetensors checkpoint'),
    (('--max-spread', '0'), '--max-spread must be above 0'),
    (('--output', 'model.txt'), r'expected an output named *.onnx or *.yaml'),
    (('--max-depth', '0.2'), '12 x overlap'),
])
def test_refusals_are_one_message_and_no_file(
        model, bag, tmp_path, capsys, options, message) -> None:
    assert calibrate(model, bag, *options) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['grey.onnx']


def test_motion_networks_of_a_checkpoint(tmp_path, capsys) -> None:
    from robot_bag import write_robot_bag
    from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
    from sa4depth_ros.networks.factory import save_checkpoint
    from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
    import torch
    torch.manual_seed(0)
    network = DepthNet(DepthNetConfig(input_height=64, input_width=96,
                                      decoder_channels=(8, 8, 8, 8, 8)))
    path = tmp_path / 'net.safetensors'
    card = ModelCard('net', 64, 96, output='relative_depth')
    save_checkpoint(path, network, card, MotionNet(MotionConfig()))
    bag = write_robot_bag(tmp_path / 'bag', frames=5).path
    # Four pairs of frames are too few, however they come out of networks without training.
    assert main(['calibrate', '--model', str(path), '--bag', str(bag), '--threads', '1',
                 '--motion', 'networks']) == 2
    assert 'expected at least 5 usable measurements' in capsys.readouterr().err
