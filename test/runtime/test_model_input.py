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

"""What a model is given: the probe image for the self-check in the layout of its card."""

from dataclasses import replace

import numpy as np
import pytest
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime import depth_estimator, model_input
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions, open_engine
from sa4depth_ros.runtime.model_input import make_probe, to_tensor

CARD = ModelCard('a', 48, 64, precision='fp16', output_name='depth')


def test_the_probe_fits_the_input_and_shows_something():
    probe = make_probe(CARD)
    assert (probe.tensor.shape, probe.tensor.dtype) == ((1, 48, 64, 3), np.uint8)
    assert (probe.output_name, probe.precision) == ('depth', 'fp16')
    assert probe.tensor.std() > 20


def test_the_probe_is_normalised_where_the_graph_does_not():
    mean, std = (0.2, 0.4, 0.1), (0.5, 0.25, 0.2)
    card = replace(CARD, input_layout='NCHW', input_dtype='float32', mean=mean, std=std)
    tensor = make_probe(card).tensor
    assert (tensor.shape, tensor.dtype) == ((1, 3, 48, 64), np.float32)
    assert tensor.flags.c_contiguous
    plain = make_probe(CARD).tensor[0] / 255
    np.testing.assert_allclose(tensor[0].transpose(1, 2, 0), (plain - mean) / std, atol=1e-5)


def test_the_estimator_tells_the_engine_how_to_make_it(metric_model, monkeypatch):
    seen = []

    def opened(model, backend, options):
        engine = open_engine(model, backend, options)
        seen.append(options.probe(engine.metadata))
        return engine
    monkeypatch.setattr(depth_estimator, 'open_engine', opened)
    DepthEstimator(metric_model(precision='int8'), backend='onnxruntime')
    assert seen[0].tensor.shape == (1, 48, 64, 3)
    assert seen[0].precision == 'int8'
    own = EngineOptions(probe=lambda metadata: 'mine')
    DepthEstimator(metric_model(), backend='onnxruntime', options=own)
    assert seen[1] == 'mine'


def test_a_missing_probe_image_is_a_reason_not_to_trust(monkeypatch, tmp_path):
    monkeypatch.setattr(model_input, 'PROBE_IMAGE', 'models/no_such.png')
    with pytest.raises(ModelError, match='self-check is missing'):
        make_probe(CARD)
    broken = tmp_path / 'broken.png'
    broken.write_bytes(b'no image')
    monkeypatch.setattr(model_input, 'share_path', lambda _: broken)
    with pytest.raises(ModelError, match='cannot be read'):
        make_probe(CARD)


def test_a_tensor_is_one_image_in_memory_order():
    image = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
    np.testing.assert_array_equal(to_tensor(image, CARD)[0], image)
