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

"""Cards written into model files: nothing else changes, and nothing is lost on failure."""

import hashlib

import numpy as np
import onnx
from onnx_models import HEIGHT, save_grey_model, WIDTH
import pytest
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import ModelCard, ScaleRecord
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net, save_checkpoint
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_train.model_file import default_output, write_card

RECORD = ScaleRecord(2.5, 2.4, 2.6, 'lidar', '/points', 'walk', used=40, refused={'overlap': 2})


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def model(tmp_path):
    path = save_grey_model(tmp_path / 'grey.onnx')
    stored = onnx.load(path)
    stored.metadata_props.add(key='other', value='kept')
    onnx.save(stored, path)
    return path


def test_an_onnx_file_gets_its_card_and_keeps_the_rest(model, tmp_path) -> None:
    before, output = digest(model), default_output(model)
    assert output == tmp_path / 'grey_calibrated.onnx'
    estimator = DepthEstimator(model, backend='onnxruntime')
    card = estimator.card.with_scale(RECORD)
    write_card(model, card, output)
    assert digest(model) == before
    assert output.stat().st_mode == model.stat().st_mode
    first, second = onnx.load(model), onnx.load(output)
    assert second.graph == first.graph
    assert {p.key: p.value for p in second.metadata_props}['other'] == 'kept'
    calibrated = DepthEstimator(output, backend='onnxruntime')
    assert calibrated.card == card
    assert (card.scale, card.calibrated, card.calibration) == (2.5, True, RECORD)
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    np.testing.assert_allclose(calibrated.estimate(image, None).depth,
                               2.5 * estimator.estimate(image, None).depth, rtol=1e-6)
    # In place, too.
    write_card(model, card, model)
    assert DepthEstimator(model, backend='onnxruntime').card == card


def test_a_checkpoint_keeps_its_weights_bit_for_bit(tmp_path) -> None:
    network = DepthNet(DepthNetConfig(input_height=64, input_width=96,
                                      decoder_channels=(8, 8, 8, 8, 8)))
    path, output = tmp_path / 'net.safetensors', tmp_path / 'out.safetensors'
    save_checkpoint(path, network, ModelCard('net', 64, 96), MotionNet(MotionConfig()))
    card = ModelCard('net', 64, 96).with_scale(RECORD, 'front')
    write_card(path, card, output)
    old, new = path.read_bytes(), output.read_bytes()
    assert (old[8 + int.from_bytes(old[:8], 'little'):]
            == new[8 + int.from_bytes(new[:8], 'little'):])
    loaded, its_card = load_depth_net(output)
    assert its_card == card
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(loaded.state_dict()[name], value)
    assert default_output(path) == tmp_path / 'net_calibrated.safetensors'


def test_a_yaml_card_is_rewritten_beside_its_model(model) -> None:
    beside = model.with_suffix('.yaml')
    card = ModelCard('foreign', HEIGHT, WIDTH, output='relative_depth')
    card.to_yaml(beside)
    before = digest(model)
    assert default_output(model) == beside
    write_card(model, card.with_scale(RECORD), beside)
    assert digest(model) == before
    found = DepthEstimator(model, backend='onnxruntime').card
    assert (found.unit, found.calibration) == ('m', RECORD)
    with pytest.raises(ModelError, match='would hide the card'):
        write_card(model, card, model)
    assert digest(model) == before


def test_what_cannot_be_written_leaves_all_as_it_was(model, tmp_path, monkeypatch) -> None:
    before, card = digest(model), ModelCard('grey', HEIGHT, WIDTH)

    def fail(*_):
        raise OSError('No space left on device')

    for output, message in (
            (tmp_path / 'x.txt', r'named \*.onnx or \*.yaml'),
            (tmp_path / 'x.safetensors', r'named \*.onnx or \*.yaml'),
            (tmp_path / 'other.yaml', r"expected '.*grey.yaml'")):
        with pytest.raises(ModelError, match=message):
            write_card(model, card, output)
    monkeypatch.setattr('pathlib.Path.replace', fail)
    with pytest.raises(ModelError, match='cannot write .*No space left'):
        write_card(model, card, model)
    assert digest(model) == before
    assert [path.name for path in tmp_path.iterdir()] == ['grey.onnx']


def test_weights_in_other_files_stay_with_them(model, tmp_path) -> None:
    stored = onnx.load(model)
    onnx.save(stored, model, save_as_external_data=True, size_threshold=0, location='grey.bin')
    stored = onnx.load(model)
    card = ModelCard('grey', HEIGHT, WIDTH).with_scale(RECORD)
    with pytest.raises(ModelError, match='weights in files beside it'):
        write_card(model, card, tmp_path / 'elsewhere' / 'grey.onnx')
    write_card(model, card, tmp_path / 'new.onnx')
    new = onnx.load(tmp_path / 'new.onnx')
    assert new.graph.initializer == stored.graph.initializer
    assert ModelCard.from_metadata({p.key: p.value for p in new.metadata_props}) == card
