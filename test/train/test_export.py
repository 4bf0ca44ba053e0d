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

"""The exported model is the trained one, and says what it is."""

import numpy as np
import onnx
import pytest
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.factory import build_network, save_checkpoint
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions
from sa4depth_train.edge_images import edge_images
from sa4depth_train.export import export_checkpoint
from sa4depth_train.parity import Parity
import torch

CARD = ModelCard(name='tiny', input_height=64, input_width=96, min_depth=0.2, max_depth=20.0,
                 canonical_focal=100.0, training_data='none at all', licence='Apache-2.0',
                 metrics={'room': {'abs_rel': 0.25}})


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    torch.manual_seed(1)
    network = build_network(DepthNetConfig(
        input_height=64, input_width=96, decoder_channels=(8, 8, 16, 16, 32)))
    # Weights of a fresh head give nearly one depth everywhere, which would compare too easily.
    torch.nn.init.normal_(network.head.weight, std=1.0)
    checkpoint, exported = folder / 'tiny.safetensors', folder / 'tiny.onnx'
    save_checkpoint(checkpoint, network, CARD)
    return checkpoint, exported, export_checkpoint(checkpoint, exported)


def test_the_error_is_small_and_the_file_is_alone(models) -> None:
    _, exported, report = models
    parity = report.parity
    assert 0 < parity.mean <= parity.largest < 1e-4
    assert 0 < parity.abs_rel < 1e-5
    assert 0 < parity.edge < 1e-4
    assert (report.calibrated_on, report.compared_on[:28]) == ('', '12 other frames of demo_room')
    assert report.layers == {'fp32': 58}
    assert {path.name for path in exported.parent.iterdir()} == {'tiny.safetensors', 'tiny.onnx'}


def test_the_file_describes_itself(models) -> None:
    model = onnx.load(models[1])
    onnx.checker.check_model(model)
    assert [o.version for o in model.opset_import if o.domain == ''] == [18]
    (image,), (depth,) = model.graph.input, model.graph.output
    assert (image.name, depth.name) == ('image', 'depth')
    shapes = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
              for v in (image, depth)]
    assert shapes == [['batch', 64, 96, 3], ['batch', 1, 64, 96]]
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert depth.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert ModelCard.from_metadata({p.key: p.value for p in model.metadata_props}) == CARD


def test_the_file_tells_nothing_about_this_machine(models) -> None:
    data = models[1].read_bytes()
    assert b'site-packages' not in data
    assert b'stack_trace' not in data


def test_torch_and_onnx_agree_through_the_runtime(models) -> None:
    checkpoint, exported, _ = models
    image = np.kron(edge_images(32, 48)[0], np.ones((4, 4, 1), np.uint8))
    camera = CameraModel.from_calibration(
        width=192, height=128, K=(150, 0, 96, 0, 150, 64, 0, 0, 1))
    torch_depth, onnx_depth = (
        DepthEstimator(path, backend=backend, options=EngineOptions(threads=1))
        .estimate(image, camera).depth
        for path, backend in ((checkpoint, 'torch'), (exported, 'onnxruntime')))
    assert np.ptp(onnx_depth) > 0.1
    np.testing.assert_allclose(torch_depth, onnx_depth, rtol=1e-4)


def test_metres_follow_the_focal_length(models) -> None:
    image = edge_images(64, 96)[0]
    estimator = DepthEstimator(models[1], options=EngineOptions(threads=1))
    near, far = (estimator.estimate(image, CameraModel.from_calibration(
        width=96, height=64, K=(f, 0, 48, 0, f, 32, 0, 0, 1))) for f in (50.0, 100.0))
    np.testing.assert_allclose(far.depth, 2 * near.depth, rtol=1e-5)
    assert (near.unit, estimator.estimate(image, None).unit) == ('m', 'relative')


@pytest.fixture
def traced(models, monkeypatch):
    """Take the graph that is there already: tracing takes seconds."""
    monkeypatch.setattr(
        'sa4depth_train.export.trace_network', lambda *_: onnx.load(models[1]))


def test_a_model_that_differs_is_not_left_behind(models, traced, tmp_path) -> None:
    output = tmp_path / 'model.onnx'
    strict = Parity(largest=0.0, mean=1.0, abs_rel=1.0, edge=1.0)
    with pytest.raises(ModelError, match=(
            r'differ .* on demo_room .*: largest relative depth error .* \(bound 0\); no file')):
        export_checkpoint(models[0], output, bounds=strict)
    assert not list(tmp_path.iterdir())


def test_a_network_that_gives_no_numbers_is_not_exported(traced, tmp_path) -> None:
    network = build_network(DepthNetConfig(
        input_height=64, input_width=96, decoder_channels=(8, 8, 16, 16, 32)))
    torch.nn.init.constant_(network.head.bias, float('nan'))
    save_checkpoint(tmp_path / 'nan.safetensors', network, CARD)
    with pytest.raises(ModelError, match=r'mean relative depth error nan \(bound'):
        export_checkpoint(tmp_path / 'nan.safetensors', tmp_path / 'nan.onnx')
    assert not (tmp_path / 'nan.onnx').exists()


def test_the_output_must_be_an_onnx_file(models, tmp_path) -> None:
    with pytest.raises(ModelError, match=r'named \*\.onnx'):
        export_checkpoint(models[0], tmp_path / 'model.pt')


@pytest.mark.parametrize(('option', 'message'), [
    ({'precision': 'int4'}, "expected a precision of fp32, fp16, int8, got 'int4'"),
    ({'precision': 'int8', 'target': 'dla'}, "expected a target of gpu, cpu, got 'dla'"),
    ({'precision': 'int8', 'frames': 0}, 'at least one frame to calibrate on, got 0')])
def test_impossible_options_are_refused(models, tmp_path, option, message) -> None:
    with pytest.raises(ConfigError, match=message):
        export_checkpoint(models[0], tmp_path / 'model.onnx', **option)
    assert not list(tmp_path.iterdir())
