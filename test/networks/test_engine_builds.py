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

"""TensorRT's own parser and builder take every network in every precision, without a GPU."""

from backbones import KINDS, tiny_classifier
import onnx
import pytest
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.factory import (
    build_network, DeployedDepth, load_checkpoint, save_checkpoint)
from sa4depth_ros.networks.feature_net import FeatureNet, FeatureNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_ros.networks.pose_refinement import PoseRefinement, RefinementConfig
from sa4depth_ros.networks.upproj_decoder import UPSAMPLINGS
from sa4depth_ros.resources import DEFAULT_MODEL, DEMO_RECORDING, share_path
from sa4depth_ros.runtime.engines.tensorrt_builder import build_engine
from sa4depth_ros.runtime.engines.tensorrt_library import load_library
from sa4depth_train.calibration import sample_bag
from sa4depth_train.fp16 import to_fp16
from sa4depth_train.int8 import to_int8
from sa4depth_train.motion_tracing import trace_alignment
from sa4depth_train.onnx_graph import layers_by_type
from sa4depth_train.tracing import trace_network
import torch

HEIGHT, WIDTH = 64, 96
CARD = ModelCard(name='tiny', input_height=HEIGHT, input_width=WIDTH)
# The shipped one is an efficientnet_lite0.
NETWORKS = ('shipped', *KINDS)
PRECISIONS = ('fp32', 'fp16', 'int8')
# GPU generation and largest batch; RTX 30xx, and RTX 50xx with its own code.
BUILDS = (((8, 6), 1), ((12, 0), 1), ((8, 6), 3), ((12, 0), 3))


@pytest.fixture(scope='module')
def graph_of(tmp_path_factory):
    """Give the fp32 graph of a network, each made once."""
    folder = tmp_path_factory.mktemp('networks')
    graphs = {'shipped': onnx.load(share_path(DEFAULT_MODEL))}

    def get(name):
        if name not in graphs:
            graphs[name] = _traced(name, folder / name)
        return graphs[name]
    return get


def _traced(name, folder):
    torch.manual_seed(0)
    tiny_classifier(name).save_pretrained(folder)
    network = build_network(DepthNetConfig(
        encoder=f'hf:{folder}', input_height=HEIGHT, input_width=WIDTH,
        decoder_channels=(8, 8, 8, 16, 16)))
    checkpoint = folder.with_suffix('.safetensors')
    save_checkpoint(checkpoint, network, CARD)
    return trace_network(*load_checkpoint(checkpoint))


def _in_precision(model, precision):
    if precision == 'fp16':
        return to_fp16(model)
    return _int8(model) if precision == 'int8' else model


def _int8(model, target='gpu'):
    height, width = (side.dim_value for side in
                     model.graph.input[0].type.tensor_type.shape.dim[1:3])
    sample = sample_bag(share_path(DEMO_RECORDING), (height, width), calibration=2)
    return to_int8(model, sample.calibration, target)


@pytest.mark.parametrize('precision', PRECISIONS)
@pytest.mark.parametrize('name', NETWORKS)
def test_tensorrt_builds_it(graph_of, tmp_path, name, precision) -> None:
    model = _in_precision(graph_of(name), precision)
    layers = layers_by_type(model)
    assert layers[precision] > 0.8 * sum(layers.values())
    path = tmp_path / 'model.onnx'
    onnx.save_model(model, str(path))
    library = load_library()
    # The large one is built in all ways, of the small ones each precision in two.
    builds = BUILDS if name == 'shipped' else (BUILDS[0], BUILDS[3])
    plans = [build_engine(library, path, batch=batch, compute_capability=target)
             for target, batch in builds]
    assert min(len(plan) for plan in plans) > 100_000
    assert len({plan[:4] for plan in plans}) == 1


@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
@pytest.mark.parametrize('upsampling', UPSAMPLINGS)
def test_tensorrt_builds_every_upsampling(tmp_path, upsampling, precision) -> None:
    network = build_network(DepthNetConfig(
        input_height=HEIGHT, input_width=WIDTH, decoder='upproj', upsampling=upsampling,
        decoder_channels=(4, 8, 8, 16, 16)))
    model = _in_precision(trace_network(DeployedDepth(network.eval()), CARD), precision)
    assert layers_by_type(model)[precision] > 0.8 * sum(layers_by_type(model).values())
    path = tmp_path / 'model.onnx'
    onnx.save_model(model, str(path))
    assert len(build_engine(load_library(), path, compute_capability=(8, 6))) > 100_000


def test_int8_for_a_cpu_is_refused_not_misread(graph_of, tmp_path) -> None:
    path = tmp_path / 'model.onnx'
    onnx.save_model(_int8(graph_of('shipped'), 'cpu'), str(path))
    with pytest.raises(ModelError, match='QuantizeLinear.*[Nn]on-zero zero point'):
        build_engine(load_library(), path, compute_capability=(8, 6))


@pytest.mark.parametrize('kind', ['features', 'pose'])
def test_tensorrt_builds_networks_of_motion(small_motion, kind) -> None:
    plan = build_engine(load_library(), small_motion[2].files[kind], compute_capability=(8, 6))
    assert len(plan) > 100_000


def test_tensorrt_builds_the_alignment(tmp_path) -> None:
    """One iteration on two levels: on the others the graph repeats itself."""
    torch.manual_seed(0)
    config = RefinementConfig(points=64, iterations=1)
    motion = MotionNet(MotionConfig(PoseNetConfig(channels=8), FeatureNetConfig(8, 8), config))
    motion.refinement = PoseRefinement(config, FeatureNet.strides[:2])
    path = tmp_path / 'align.onnx'
    onnx.save_model(trace_alignment(motion, (HEIGHT, WIDTH)), str(path))
    plan = build_engine(load_library(), path, compute_capability=(8, 6))
    # The elimination inside of the elimination inside of ... would be ten times that.
    assert 100_000 < len(plan) < 20_000_000
