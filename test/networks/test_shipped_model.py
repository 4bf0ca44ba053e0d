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

import numpy as np
import pytest
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions

K = (260.0, 0, 159.5, 0, 260.0, 119.5, 0, 0, 1)


@pytest.fixture(scope='module')
def onnx():
    return DepthEstimator(
        share_path(DEFAULT_MODEL), backend='onnxruntime', options=EngineOptions(threads=1))


@pytest.fixture(scope='module')
def checkpoint():
    path = share_path(DEFAULT_MODEL).with_suffix('.safetensors')
    return DepthEstimator(path, backend='torch', options=EngineOptions(threads=1))


def test_checkpoint_and_onnx_are_the_same_network(onnx, checkpoint):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)
    camera = CameraModel.from_calibration(width=320, height=240, K=K)
    first, second = (e.estimate(image, camera) for e in (onnx, checkpoint))
    np.testing.assert_allclose(first.depth, second.depth, rtol=1e-3)
    assert first.unit == second.unit == 'm'


def test_card_says_what_a_user_must_know(onnx, checkpoint):
    assert onnx.card == checkpoint.card
    recordings = {'hololens_walk', 'icsl_corridor', 'tum_fr1_rpy', 'tum_fr3_cabinet'}
    assert recordings < set(onnx.card.metrics)
    assert all(name in onnx.card.training_data for name in onnx.card.metrics)
    assert 'command: sa4depth train' in onnx.card.training_data
    assert 'kitti' not in onnx.card.training_data
    assert 'rendered' in onnx.card.notes
    assert onnx.card.licence.startswith('Apache-2.0')
