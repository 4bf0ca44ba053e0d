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

from functools import partial
from pathlib import Path

from sa4depth_ros.errors import BackendMissingError, ModelError
from sa4depth_ros.runtime.engines.auto_engine import AutoEngine
from sa4depth_ros.runtime.engines.base import Engine, Remark
from sa4depth_ros.runtime.engines.options import BuildStep, EngineOptions, Probe

__all__ = ['BACKENDS', 'BuildStep', 'Engine', 'EngineOptions', 'Probe', 'Remark', 'open_engine']

_PROVIDERS = {
    'onnxruntime': 'CPUExecutionProvider',
    'onnxruntime-cuda': 'CUDAExecutionProvider',
    'onnxruntime-tensorrt': 'TensorrtExecutionProvider',
}
# What `auto` tries, best first.
_AUTO = ('tensorrt', 'onnxruntime-cuda', 'onnxruntime')
BACKENDS = ('auto', 'tensorrt', *_PROVIDERS, 'torch')


def open_engine(
    model: Path, backend: str = 'auto', options: EngineOptions = EngineOptions(),  # noqa: B008
) -> Engine:
    """
    Load ``model`` with ``backend`` (one of BACKENDS); 'auto' is the fastest that starts.

    'auto' also goes on with the next backend when the device fails later. Raises ModelError:
    BackendMissingError when the backend is not on this machine, else it does not take the model.
    """
    if backend not in BACKENDS:
        raise ModelError(f"backend '{backend}' is unknown; choose one of {', '.join(BACKENDS)}")
    if backend == 'torch':
        return _open_torch(model, options)
    if model.suffix == '.safetensors':
        raise ModelError(f"'{model}' is a training checkpoint; turn it into an ONNX file with "
                         '`sa4depth export`, or choose backend torch')
    if not model.is_file():
        raise ModelError(f"expected a model file at '{model}', but there is none")
    if backend != 'auto':
        return _open(model, backend, options)
    candidates = [(name, partial(_open, model, name, options)) for name in _AUTO]
    return AutoEngine(candidates, options.report)


def _open(model: Path, backend: str, options: EngineOptions) -> Engine:
    if backend == 'tensorrt':
        return _open_tensorrt(model, options)
    try:
        from sa4depth_ros.runtime.engines.onnx_engine import OnnxEngine
    except ModuleNotFoundError as error:
        raise BackendMissingError(
            f'backend {backend} needs the Python package {error.name}; on a robot: rosdep '
            'install, elsewhere: pip install onnxruntime') from error
    return OnnxEngine(model, _PROVIDERS[backend], threads=options.threads, batch=options.batch,
                      faithful=options.faithful)


def _open_tensorrt(model: Path, options: EngineOptions) -> Engine:
    try:
        from sa4depth_ros.runtime.engines.tensorrt_backend import open_tensorrt
    except ModuleNotFoundError as error:
        raise BackendMissingError(
            f'backend tensorrt needs the Python package {error.name}; on a robot: rosdep '
            "install, elsewhere: pip install 'sa4depth_ros[tensorrt]'") from error
    return open_tensorrt(model, options)


def _open_torch(model: Path, options: EngineOptions) -> Engine:
    try:
        from sa4depth_ros.runtime.engines.torch_engine import TorchEngine
    except ModuleNotFoundError as error:
        raise BackendMissingError(
            f'backend torch needs the Python package {error.name}') from error
    return TorchEngine(model, threads=options.threads, batch=options.batch)
