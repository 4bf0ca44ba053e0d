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
from sa4depth_ros.errors import DeviceError, ModelError
from sa4depth_ros.runtime.engines import BACKENDS, EngineOptions, onnx_session, open_engine
from sa4depth_ros.runtime.engines.base import as_maps
from sa4depth_ros.runtime.engines.onnx_engine import OnnxEngine


def test_onnx_runtime_runs_the_model(metric_model):
    engine = open_engine(metric_model(), 'onnxruntime', EngineOptions(threads=1))
    image = np.full((1, *engine.input_shape[1:]), 255, engine.input_dtype)
    image[0, 3, 5, 0] = 0
    depth = engine.infer(image)
    assert depth.shape == (1, 48, 64)
    assert depth[0, 3, 5] == 1
    assert depth[0, 0, 0] == pytest.approx(10)
    assert (engine.name, engine.max_batch, engine.remarks) == ('onnxruntime CPU', 1, ())


def test_auto_takes_the_cpu_where_there_is_nothing_better(metric_model, monkeypatch):
    monkeypatch.setattr(onnx_session, 'available_providers', lambda: ['CPUExecutionProvider'])
    assert open_engine(metric_model()).name == 'onnxruntime CPU'


def test_what_is_only_absent_is_no_fault(metric_model):
    remarks = open_engine(metric_model()).remarks
    assert [remark.text.partition(':')[0] for remark in remarks] == [
        'tensorrt', 'onnxruntime-cuda']
    assert not any(remark.is_fault for remark in remarks)


def test_auto_says_that_cuda_did_not_start(metric_model, monkeypatch):
    """A GPU build on a machine whose GPU does not work still runs, and tells."""
    monkeypatch.setattr(onnx_session, 'available_providers',
                        lambda: ['CUDAExecutionProvider', 'CPUExecutionProvider'])
    lines = []
    engine = open_engine(metric_model(), options=EngineOptions(report=lines.append))
    assert engine.name == 'onnxruntime CPU'
    assert engine.remarks[-1].is_fault
    assert 'could not start CUDAExecutionProvider' in engine.remarks[-1].text
    assert lines[-1] == 'the model runs on onnxruntime CPU'


class BrokenSession:
    """Fails as ONNX Runtime does when a kernel ends in error."""

    def run(self, names, feed):
        raise onnx_session.native.Fail('CUDA failure 700: an illegal memory access')


@pytest.mark.parametrize(('provider', 'kind'), [
    ('CUDAExecutionProvider', DeviceError), ('CPUExecutionProvider', ModelError)])
def test_only_a_device_can_be_lost(metric_model, provider, kind):
    engine = OnnxEngine(metric_model(), 'CPUExecutionProvider')
    engine._session._on_device = provider != 'CPUExecutionProvider'
    with pytest.raises(ModelError) as caught:
        engine.infer(np.zeros((1, 4, 4, 3), np.uint8))
    # A wrong tensor is nobody's loss.
    assert type(caught.value) is ModelError
    engine._session._session = BrokenSession()
    with pytest.raises(ModelError, match='illegal memory access') as caught:
        engine.infer(np.zeros((1, 4, 4, 3), np.uint8))
    assert type(caught.value) is kind


@pytest.mark.parametrize(('backend', 'text'), [
    ('vulkan', 'choose one of ' + ', '.join(BACKENDS)),
    ('tensorrt', 'needs|found neither|no NVIDIA|driver'),
    ('torch', '.safetensors checkpoint|needs the Python package torch'),
    ('onnxruntime-cuda', 'not CUDAExecutionProvider'),
])
def test_backend_that_cannot_be_is_refused(metric_model, monkeypatch, backend, text):
    monkeypatch.setattr(onnx_session, 'available_providers', lambda: ['CPUExecutionProvider'])
    with pytest.raises(ModelError, match=text):
        open_engine(metric_model(), backend)


def test_checkpoint_needs_export_or_torch(tmp_path):
    with pytest.raises(ModelError, match='sa4depth export'):
        open_engine(tmp_path / 'best.safetensors')


def test_missing_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(ModelError, match='there is none'):
        open_engine(tmp_path / 'no.onnx')
    (tmp_path / 'bad.onnx').write_bytes(b'\x00 this is no model')
    with pytest.raises(ModelError, match=r'cannot load .*bad\.onnx'):
        open_engine(tmp_path / 'bad.onnx')


def test_wrong_tensor_is_a_model_error(metric_model):
    engine = open_engine(metric_model(), 'onnxruntime')
    with pytest.raises(ModelError, match='failed on one frame'):
        engine.infer(np.zeros((1, 3, 5, 3), np.uint8))
    with pytest.raises(ModelError, match=r"no output 'mask'"):
        engine.infer(np.zeros(engine.input_shape, np.uint8), 'mask')


def test_output_that_is_no_map_is_refused():
    assert as_maps(np.zeros((2, 1, 4, 6)), 2, '').shape == (2, 4, 6)
    with pytest.raises(ModelError, match=r'\(1, 2, 4, 6\)'):
        as_maps(np.zeros((1, 2, 4, 6)), 1, 'depth')
