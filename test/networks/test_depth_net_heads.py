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

"""Depth networks with the other heads: checkpoints, ONNX, TensorRT, the way to the robot."""

import numpy as np
import onnx
import onnxruntime
import pytest
from sa4depth_ros.networks.depth_net import DepthNet
from sa4depth_ros.networks.factory import build_network, load_depth_net, save_checkpoint
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions
from sa4depth_ros.runtime.engines.tensorrt_builder import build_engine
from sa4depth_ros.runtime.engines.tensorrt_library import load_library
from sa4depth_train.edge_images import edge_images
from sa4depth_train.export import export_checkpoint
from sa4depth_train.fp16 import to_fp16
from small_heads import CARD, HEADS, small_config
import torch

NAMES = tuple(HEADS)


def _network(name) -> DepthNet:
    torch.manual_seed(0)
    network = build_network(small_config(name)).eval()
    with torch.no_grad():
        # Fresh weights give nearly one depth everywhere, which would compare too easily.
        for key, weight in network.head.named_parameters():
            if weight.ndim > 1 and 'relative' not in key:
                weight.mul_(3.0)
    return network


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """Give checkpoint, ONNX file and report of a head, each made once."""
    folder, made = tmp_path_factory.mktemp('heads'), {}

    def get(name):
        if name not in made:
            checkpoint, file = folder / f'{name}.safetensors', folder / f'{name}.onnx'
            save_checkpoint(checkpoint, _network(name), CARD)
            made[name] = checkpoint, file, export_checkpoint(checkpoint, file)
        return made[name]
    return get


@pytest.mark.parametrize('name', NAMES)
def test_a_checkpoint_brings_the_head_back(exported, name) -> None:
    loaded, _ = load_depth_net(exported(name)[0])
    network = _network(name)
    assert loaded.config == network.config
    image = torch.rand(2, 3, 64, 96)
    with torch.inference_mode():
        depth = network(image)
        assert torch.equal(loaded.eval()(image), depth)
    assert depth.shape == (2, 1, 64, 96)
    assert 0.5 <= depth.min() < depth.max() <= 8.0


@pytest.mark.parametrize('name', NAMES)
def test_onnx_gives_the_depth_of_torch(exported, name) -> None:
    parity = exported(name)[2].parity
    assert 0 < parity.mean <= parity.largest < 1e-4
    assert parity.edge < 1e-4


@pytest.mark.parametrize('name', NAMES)
def test_half_precision_is_near(exported, name) -> None:
    model = onnx.load(exported(name)[1])
    images = np.stack(edge_images(64, 96))
    found, expected = (onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=['CPUExecutionProvider']).run(
            None, {'image': images})[0] for graph in (to_fp16(model), model))
    error = np.abs(found / expected - 1)
    assert 1e-6 < error.mean() < 0.005


@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
@pytest.mark.parametrize('name', NAMES)
def test_tensorrt_builds_it(exported, tmp_path, name, precision) -> None:
    model = onnx.load(exported(name)[1])
    path = tmp_path / 'model.onnx'
    onnx.save_model(to_fp16(model) if precision == 'fp16' else model, str(path))
    assert len(build_engine(load_library(), path, compute_capability=(8, 6))) > 100_000


@pytest.mark.parametrize('name', NAMES)
def test_a_robot_gets_the_same_metres(exported, name) -> None:
    checkpoint, file, _ = exported(name)
    image = np.kron(edge_images(32, 48)[0], np.ones((4, 4, 1), np.uint8))
    camera = CameraModel.from_calibration(
        width=192, height=128, K=(150, 0, 96, 0, 150, 64, 0, 0, 1))
    torchs, found = (DepthEstimator(path, backend=backend, options=EngineOptions(threads=1))
                     .estimate(image, camera)
                     for path, backend in ((checkpoint, 'torch'), (file, 'onnxruntime')))
    assert (found.unit, found.depth.shape) == ('m', (128, 192))
    np.testing.assert_allclose(found.depth, torchs.depth, rtol=1e-4)


def test_the_default_network_has_the_names_and_sizes_that_it_always_had() -> None:
    network = build_network(small_config('sigmoid'))
    head = {name: tuple(value.shape) for name, value in network.state_dict().items()
            if name.startswith('head')}
    assert head == {'head.weight': (1, 8, 3, 3), 'head.bias': (1,)}
    assert network.predict(torch.rand(1, 3, 64, 96)).centres is None
