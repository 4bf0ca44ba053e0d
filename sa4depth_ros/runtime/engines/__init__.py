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

"""Inference backends, one file each, imported only when chosen."""

from pathlib import Path

from sa4depth_ros.errors import ModelError
from sa4depth_ros.runtime.engines.base import Engine

__all__ = ['BACKENDS', 'Engine', 'open_engine']

_PROVIDERS = {
    'onnxruntime': 'CPUExecutionProvider',
    'onnxruntime-cuda': 'CUDAExecutionProvider',
    'onnxruntime-tensorrt': 'TensorrtExecutionProvider',
}
BACKENDS = ('auto', *_PROVIDERS, 'tensorrt', 'torch')


def open_engine(model: Path, backend: str = 'auto', *, threads: int = 0) -> Engine:
    """
    Load ``model`` with ``backend`` (one of BACKENDS); 'auto' is the fastest that starts.

    ``threads`` is the number of CPU threads in one inference, 0 for the backend's choice.
    Raises ModelError when the backend is missing here or does not take the model.
    """
    if backend not in BACKENDS:
        raise ModelError(f"backend '{backend}' is unknown; choose one of {', '.join(BACKENDS)}")
    if backend == 'tensorrt':
        raise ModelError('the native TensorRT backend is not in this release; use backend '
                         'onnxruntime-tensorrt, or auto')
    if backend == 'torch':
        return _open_torch(model, threads)
    if model.suffix == '.safetensors':
        raise ModelError(f"'{model}' is a training checkpoint; turn it into an ONNX file with "
                         '`sa4depth export`, or choose backend torch')
    return _open_onnx(model, backend, threads)


def _open_torch(model: Path, threads: int) -> Engine:
    try:
        from sa4depth_ros.runtime.engines.torch_engine import TorchEngine
    except ModuleNotFoundError as error:
        raise ModelError(f'backend torch needs the Python package {error.name}') from error
    return TorchEngine(model, threads=threads)


def _open_onnx(model: Path, backend: str, threads: int) -> Engine:
    try:
        from sa4depth_ros.runtime.engines.onnx_engine import available_providers, OnnxEngine
    except ModuleNotFoundError as error:
        raise ModelError(f'backend {backend} needs the Python package {error.name}; on a robot: '
                         'rosdep install, elsewhere: pip install onnxruntime') from error
    if backend != 'auto':
        return OnnxEngine(model, _PROVIDERS[backend], threads=threads)
    remark = ''
    if _PROVIDERS['onnxruntime-cuda'] in available_providers():
        try:
            return OnnxEngine(model, _PROVIDERS['onnxruntime-cuda'], threads=threads)
        except ModelError:
            # A GPU build on a machine without a working GPU: the CPU still serves.
            remark = ' (CUDA did not start)'
    engine = OnnxEngine(model, _PROVIDERS['onnxruntime'], threads=threads)
    engine.name += remark
    return engine
