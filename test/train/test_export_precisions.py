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

"""Half precision and integers are in the file, where they belong, and change depth little."""

import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto
import onnxruntime
import pytest
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.factory import build_network, load_checkpoint, save_checkpoint
from sa4depth_ros.resources import DEMO_RECORDING, share_path
from sa4depth_ros.runtime.engines import EngineOptions, open_engine
from sa4depth_train.calibration import sample_bag
from sa4depth_train.edge_images import edge_images
from sa4depth_train.export import export_checkpoint
from sa4depth_train.fp16 import to_fp16
from sa4depth_train.int8 import to_int8
from sa4depth_train.onnx_graph import layers_by_type, producers
from sa4depth_train.tracing import trace_network
import torch

CARD = ModelCard(name='tiny', input_height=64, input_width=96, min_depth=0.2, max_depth=20.0,
                 canonical_focal=100.0, licence='Apache-2.0', notes='A test.')
VARIANTS = {'fp16': ('fp16', 'gpu'), 'int8': ('int8', 'gpu'), 'int8 cpu': ('int8', 'cpu')}


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp('checkpoint') / 'tiny.safetensors'
    torch.manual_seed(1)
    network = build_network(DepthNetConfig(
        input_height=64, input_width=96, decoder_channels=(8, 8, 16, 16, 32)))
    torch.nn.init.normal_(network.head.weight, std=1.0)
    save_checkpoint(path, network, CARD)
    return path


@pytest.fixture(scope='module')
def traced(checkpoint):
    return trace_network(*load_checkpoint(checkpoint))


@pytest.fixture(scope='module')
def reports(checkpoint, traced, tmp_path_factory):
    """Export each variant once, from a graph that is traced once."""
    folder = tmp_path_factory.mktemp('exported')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('sa4depth_train.export.trace_network', lambda *_: traced)
        return {name: (folder / f'{name}.onnx', export_checkpoint(
            checkpoint, folder / f'{name}.onnx', precision=precision, target=target, frames=8))
            for name, (precision, target) in VARIANTS.items()}


def _run(path, images):
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    return session.run(None, {'image': images})[0]


def _types(model):
    """Give the element type of each tensor, read from the file by shape inference."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    types = {t.name: t.data_type for t in graph.initializer}
    return types | {v.name: v.type.tensor_type.elem_type
                    for v in (*graph.value_info, *graph.input, *graph.output)}


@pytest.mark.parametrize('name', VARIANTS)
def test_the_file_is_valid_and_says_what_it_is(reports, name) -> None:
    path, report = reports[name]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    (image,), (depth,) = model.graph.input, model.graph.output
    assert image.type.tensor_type.elem_type == TensorProto.UINT8
    assert depth.type.tensor_type.elem_type == TensorProto.FLOAT
    metadata = {p.key: p.value for p in model.metadata_props}
    card = ModelCard.from_metadata(metadata)
    assert card == report.card
    assert metadata.get('sa4depth_int8_target') == {
        'fp16': None, 'int8': 'gpu', 'int8 cpu': 'cpu'}[name]
    assert card.precision == VARIANTS[name][0]
    assert card.notes.startswith('A test. This file is ')
    assert str(report.parity) in card.notes
    assert 'demo_room (SHA-256 ' in card.notes
    assert ('calibrated on 8 frames' in card.notes) == (card.precision == 'int8')


@pytest.mark.parametrize('name', VARIANTS)
def test_only_the_head_stays_in_fp32(reports, name) -> None:
    path, report = reports[name]
    graph = onnx.load(path).graph
    precision = VARIANTS[name][0]
    assert report.layers == {precision: 57, 'fp32': 1}
    assert report.weights[precision] > 100 * report.weights['fp32'] / 2
    made = producers(graph)
    chain = [made['depth']]
    while chain[-1].op_type != 'Conv':
        chain.append(made[chain[-1].input[0]])
    types = _types(onnx.load(path))
    assert [node.op_type for node in chain] == ['Exp', 'Add', 'Mul', 'Sigmoid', 'Resize', 'Conv']
    assert {types[node.input[0]] for node in chain} == {TensorProto.FLOAT}
    assert types[chain[-1].input[1]] == TensorProto.FLOAT


def test_fp16_is_one_stretch_from_the_first_layer_to_the_head(reports) -> None:
    model = onnx.load(reports['fp16'][0])
    casts = [onnx.helper.get_node_attr_value(n, 'to') for n in model.graph.node
             if n.op_type == 'Cast']
    assert casts == [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.FLOAT]
    types = _types(model)
    convolutions = [n for n in model.graph.node if n.op_type == 'Conv']
    assert sum(types[n.output[0]] == TensorProto.FLOAT16 for n in convolutions) == 57


def test_int8_for_a_gpu_is_symmetric_and_only_before_layers(reports) -> None:
    graph = onnx.load(reports['int8'][0]).graph
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    pairs = [n for n in graph.node if n.op_type in ('QuantizeLinear', 'DequantizeLinear')]
    assert all(constants[n.input[2]].dtype == np.int8 and not constants[n.input[2]].any()
               for n in pairs)
    made = producers(graph)
    layers = [n for n in graph.node if n.op_type == 'Conv']
    kinds = [[made[i].op_type if i in made else 'constant' for i in n.input[:2]] for n in layers]
    assert kinds.count(['DequantizeLinear', 'DequantizeLinear']) == 57
    assert kinds.count(['Relu', 'constant']) == 1
    # TensorRT takes no quantised bias.
    assert all(i in constants for n in layers for i in n.input[2:])
    # An activation or sum follows its layer directly, so that both can be one kernel.
    for node in graph.node:
        if node.op_type in ('Clip', 'Relu'):
            assert made[node.input[0]].op_type == 'Conv'
        if node.op_type == 'Add' and node.input[1] not in constants:
            assert sorted(made[i].op_type for i in node.input) == ['Conv', 'DequantizeLinear']


def test_int8_weights_have_a_scale_for_each_channel(reports) -> None:
    graph = onnx.load(reports['int8'][0]).graph
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    scales = {n.output[0]: (constants[n.input[0]].shape[0], constants[n.input[1]].shape)
              for n in graph.node if n.op_type == 'DequantizeLinear' and n.input[0] in constants}
    assert len(scales) == 57
    assert all(shape == (channels,) for channels, shape in scales.values())


def test_int8_for_a_cpu_keeps_integers_between_convolutions(reports, tmp_path) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / 'optimised.onnx')
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(
        str(reports['int8 cpu'][0]), options, providers=['CPUExecutionProvider'])
    kinds = [n.op_type for n in onnx.load(tmp_path / 'optimised.onnx').graph.node]
    assert kinds.count('QLinearConv') == 57
    # The head, and nothing else.
    assert kinds.count('Conv') == 1
    assert not {'Clip', 'Relu', 'FusedConv'} & set(kinds)


@pytest.mark.parametrize('name', VARIANTS)
def test_several_images_at_once_give_the_same_as_one_by_one(reports, name) -> None:
    images = np.random.default_rng(3).integers(0, 256, (3, 64, 96, 3), dtype=np.uint8)
    together = _run(reports[name][0], images)
    alone = np.concatenate([_run(reports[name][0], image[None]) for image in images])
    assert together.shape == (3, 1, 64, 96)
    np.testing.assert_allclose(together, alone, rtol=2e-3 if name == 'fp16' else 1e-4)


@pytest.mark.parametrize('name', VARIANTS)
def test_depth_is_that_of_torch(reports, name) -> None:
    parity = reports[name][1].parity
    assert 1e-5 < parity.mean < parity.largest < reports[name][1].bounds.largest
    # Too good would mean that nothing was rounded at all.
    assert 1e-5 < parity.abs_rel < (0.002 if name == 'fp16' else 0.04)


def test_what_is_calibrated_on_is_not_what_is_compared_on() -> None:
    sample = sample_bag(share_path(DEMO_RECORDING), (64, 96), calibration=1000)
    assert len(sample.calibration) == 70
    assert len(sample.parity) == 12
    known = {image.tobytes() for image in sample.calibration}
    assert len(known) == 70
    assert not known & {image.tobytes() for image, _ in sample.parity}
    assert {geometry.inner for _, geometry in sample.parity} == {(5, 0, 85, 64)}


SCRIPT = """
from pathlib import Path
import sys
import onnx
from sa4depth_train.calibration import sample_bag
from sa4depth_train.edge_images import edge_images
from sa4depth_train.fp16 import to_fp16
from sa4depth_train.int8 import to_int8
from sa4depth_ros.resources import DEMO_RECORDING, share_path
from sa4depth_ros.runtime.engines import EngineOptions, open_engine
images = sample_bag(share_path(DEMO_RECORDING), (64, 96), calibration=4).calibration
for name in ('gpu', 'cpu', 'fp16'):
    source = onnx.load(sys.argv[1])
    model = to_fp16(source) if name == 'fp16' else to_int8(source, images, name)
    onnx.save_model(model, str(Path(sys.argv[2]) / name))
"""


def test_the_same_input_gives_the_same_file(traced, tmp_path) -> None:
    onnx.save_model(traced, str(tmp_path / 'traced.onnx'))
    files = []
    for seed in ('1', '2'):
        folder = tmp_path / seed
        folder.mkdir()
        subprocess.run(
            [sys.executable, '-c', SCRIPT, tmp_path / 'traced.onnx', folder], check=True,
            env=os.environ | {'PYTHONHASHSEED': seed, 'OMP_NUM_THREADS': '1'}, timeout=120)
        files.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert set(files[0]) == {'gpu', 'cpu', 'fp16'}
    assert files[0] == files[1]


def test_a_network_without_layers_is_not_quantised() -> None:
    image = onnx.helper.make_tensor_value_info('image', TensorProto.UINT8, [1, 4, 4, 3])
    depth = onnx.helper.make_tensor_value_info('depth', TensorProto.FLOAT, [1, 4, 4, 3])
    cast = onnx.helper.make_node('Cast', ['image'], ['depth'], name='cast', to=TensorProto.FLOAT)
    model = onnx.helper.make_model(onnx.helper.make_graph([cast], 'cast', [image], [depth]))
    with pytest.raises(ModelError, match='no layer that can be quantised'):
        to_int8(model, [np.zeros((4, 4, 3), np.uint8)])
    assert layers_by_type(to_fp16(model)) == {}


@pytest.mark.parametrize('name', VARIANTS)
def test_a_cpu_skips_the_rounding_of_a_file_for_tensorrt_alone(reports, name) -> None:
    path, _ = reports[name]
    images = np.stack(edge_images(64, 96)[:1])
    faithful, quick = (
        open_engine(path, 'onnxruntime', EngineOptions(threads=1, faithful=faithful))
        for faithful in (True, False))
    np.testing.assert_array_equal(faithful.infer(images), _run(path, images)[:, 0])
    changed = not np.array_equal(faithful.infer(images), quick.infer(images))
    assert changed == (name == 'int8')
    assert [r.text for r in quick.remarks if 'made for TensorRT' in r.text] == [
        r.text for r in quick.remarks]
    assert (bool(quick.remarks), faithful.remarks) == (changed, ())
