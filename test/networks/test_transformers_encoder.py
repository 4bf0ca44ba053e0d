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

"""Backbones of transformers as encoders, from tiny models in local folders."""

from dataclasses import dataclass, field
import json
import shutil
import sys

from backbones import KINDS, SIZES, tiny_classifier
import numpy as np
import onnx
import onnxruntime
import pytest
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.encoders import build_encoder, resolve_encoders
from sa4depth_ros.networks.factory import load_depth_net, save_checkpoint
from sa4depth_ros.networks.pose_net import PoseNet, PoseNetConfig
from sa4depth_ros.resources import DEMO_RECORDING, share_path
from sa4depth_train.calibration import sample_bag
from sa4depth_train.export import export_checkpoint
from sa4depth_train.fp16 import to_fp16
from sa4depth_train.int8 import to_int8
from safetensors.torch import load_file, save_file
import torch
import transformers

CARD = ModelCard(name='small', input_height=64, input_width=96, min_depth=0.2, max_depth=20.0,
                 canonical_focal=280.0, training_data='none')


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    """Write each kind as the hub has it: a classifier, its config, its preprocessor."""
    result = tmp_path_factory.mktemp('models')
    torch.manual_seed(0)
    for kind in KINDS:
        tiny_classifier(kind).save_pretrained(result / kind)
    (result / 'swin' / 'preprocessor_config.json').write_text(
        '{"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6]}')
    return result


@pytest.fixture
def copied(models, tmp_path):
    """Give the folder of a ResNet that a test may spoil, and its weights file."""
    folder = shutil.copytree(models / 'resnet', tmp_path / 'resnet')
    return folder, folder / 'model.safetensors'


def _depth_config(folder) -> DepthNetConfig:
    return DepthNetConfig(encoder=f'hf:{folder}', input_height=64, input_width=96,
                          decoder_channels=(8, 8, 8, 16, 16))


@pytest.mark.parametrize('kind', KINDS)
def test_maps_and_weights_are_those_of_the_model(models, kind) -> None:
    encoder = build_encoder(f'hf:{models / kind}').eval()
    assert encoder.strides == (4, 8, 16, 32)
    encoder.load_pretrained()
    image = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    names = ['stage1', 'stage2', 'stage3', 'stage4']
    reference, _ = type(encoder.model).from_pretrained(
        models / kind, out_features=names, output_loading_info=True)
    with torch.inference_mode():
        maps, expected = encoder(image), reference.eval()(image).feature_maps
    for found, wanted, channels, stride in zip(
            maps, expected, encoder.channels, encoder.strides, strict=True):
        assert found.shape == (2, channels, 64 // stride, 96 // stride)
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_mean_and_std_are_those_of_the_model(models) -> None:
    swin, resnet = (build_encoder(f'hf:{models / kind}') for kind in ('swin', 'resnet'))
    assert (swin.mean, swin.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert (resnet.mean, resnet.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize('kind', KINDS)
def test_two_stacked_images_start_as_one(models, kind) -> None:
    one, two = (build_encoder(f'hf:{models / kind}', images=n).eval() for n in (1, 2))
    one.load_pretrained()
    two.load_pretrained()
    assert two.strides == (32,)
    image = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(two(torch.cat((image, image), dim=1))[-1], one(image)[-1],
                                   rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('kind', KINDS)
def test_distributed_training_gets_each_gradient(models, kind) -> None:
    depth = DepthNet(_depth_config(models / kind))
    pose = PoseNet(PoseNetConfig(encoder=f'hf:{models / kind}', channels=8))
    image = torch.rand(2, 3, 64, 96)
    (depth(image).mean() + pose(image, image.flip(3)).mean()).backward()
    silent = [name for network in (depth, pose) for name, value in network.named_parameters()
              if value.requires_grad and value.grad is None]
    assert silent == []


@pytest.mark.parametrize('kind', KINDS)
def test_a_checkpoint_needs_no_folder_and_exports(models, kind, tmp_path, monkeypatch) -> None:
    torch.manual_seed(0)
    folder = shutil.copytree(models / kind, tmp_path / 'model')
    network = DepthNet(_depth_config(folder)).eval()
    torch.nn.init.normal_(network.head.weight, std=3.0)
    path = tmp_path / 'net.safetensors'
    save_checkpoint(path, network, CARD)
    shutil.rmtree(folder)
    monkeypatch.setattr(transformers.AutoConfig, 'from_pretrained', None)
    loaded, _ = load_depth_net(path)
    image = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        depth = network(image)
        assert torch.equal(loaded.eval()(image), depth)
    assert depth.shape == (1, 1, 64, 96)
    assert depth.max() / depth.min() > 1.2
    assert export_checkpoint(path, tmp_path / 'net.onnx').parity.largest < 1e-3
    _check_precisions(tmp_path / 'net.onnx')


def _check_precisions(path) -> None:
    frames = sample_bag(share_path(DEMO_RECORDING), (64, 96), calibration=8)
    model, test = onnx.load(path), np.stack([image for image, _ in frames.parity])
    expected = _run(model, test)
    for changed, most in ((to_fp16(model), 0.005), (to_int8(model, frames.calibration), 0.05),
                          (to_int8(model, frames.calibration, 'cpu'), 0.05)):
        onnx.checker.check_model(changed, full_check=True)
        error = np.abs(_run(changed, test) / expected - 1)
        assert 1e-5 < error.mean() < most


def _run(model, images):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider'])
    return session.run(None, {'image': images})[0]


def test_keys_that_do_not_fit_are_named(copied) -> None:
    folder, file = copied
    weights = load_file(file)
    last = 'resnet.encoder.stages.3.layers.0.layer.1.convolution.weight'
    del weights['resnet.embedder.embedder.normalization.bias']
    weights['resnet.encoder.stages.4.layers.0.weight'] = torch.zeros(1)
    weights[last] = torch.zeros(5, 32, 3, 3)
    save_file(weights, file, metadata={'format': 'pt'})
    encoder = build_encoder(f'hf:{folder}')
    with pytest.raises(ModelError) as error:
        encoder.load_pretrained()
    message = str(error.value)
    # Some releases of transformers put the model's own prefix before the key.
    assert 'embedder.embedder.normalization.bias. Unexpected keys: ' in message
    assert 'resnet.encoder.stages.4.layers.0.weight.' in message
    assert 'convolution.weight (5, 32, 3, 3) instead of (32, 32, 3, 3)' in message
    assert 'classifier' not in message


@pytest.mark.parametrize('spoil', ['remove', 'rubbish'])
def test_weights_that_cannot_be_read_are_explained(copied, spoil) -> None:
    folder, file = copied
    file.unlink()
    if spoil == 'rubbish':
        file.write_bytes(b'no weights at all')
    with pytest.raises(ModelError, match='gives no weights that transformers can read'):
        build_encoder(f'hf:{folder}').load_pretrained()


def test_without_the_hub_a_local_folder_is_proposed(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    for name in ('someone/resnet-999', './no/such/folder'):
        with pytest.raises(ConfigError, match=r'hub could not be reached.*hf:path/to/folder'):
            build_encoder(f'hf:{name}')
    with pytest.raises(ConfigError, match=r'the folder .* gives no config\.json'):
        build_encoder(f'hf:{tmp_path}')


def test_a_model_without_a_pyramid_is_refused(tmp_path) -> None:
    config = transformers.Dinov2Config(hidden_size=16, num_hidden_layers=2, patch_size=16,
                                       num_attention_heads=2, image_size=64)
    config.save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r'strides 16, but a decoder needs 4, 8, 16, 32'):
        DepthNet(_depth_config(tmp_path))


def test_an_impossible_config_is_refused() -> None:
    for config, message in (('{"model_type": "vgg"}', "model type 'vgg'"),
                            ('{"model_type": "resnet"}', 'gives maps at strides 32'),
                            ('{"layers": 3}', 'encoder_config must be empty or'),
                            ('{', 'encoder_config must be empty or')):
        with pytest.raises(ConfigError, match=message):
            build_encoder('hf:x', config=config)


def test_a_missing_package_is_explained(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(ConfigError, match='pip install transformers'):
        build_encoder('hf:x')


@dataclass(frozen=True)
class _Run:
    network: DepthNetConfig = field(default_factory=DepthNetConfig)
    pose: PoseNetConfig = field(default_factory=PoseNetConfig)
    name: str = 'x'


def test_resolving_fills_in_what_a_run_needs(models) -> None:
    assert resolve_encoders(_Run()) == _Run()
    encoder = f'hf:{models / "resnet"}'
    run = resolve_encoders(_Run(_depth_config(models / 'resnet'), PoseNetConfig(encoder=encoder)))
    assert run.network.encoder_config == run.pose.encoder_config
    values = json.loads(run.pose.encoder_config)
    assert values['out_features'] == ['stage1', 'stage2', 'stage3', 'stage4']
    assert values['hidden_sizes'] == SIZES['hidden_sizes']
    assert 'id2label' not in values
    assert resolve_encoders(run) is run
    assert DepthNet(run.network).config == run.network
