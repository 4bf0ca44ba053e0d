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

"""ONNX Runtime: the default backend on a CPU, with CUDA and TensorRT providers at choice."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native
from sa4depth_ros.errors import BackendMissingError, DeviceError, ModelError
from sa4depth_ros.model_card import INT8_TARGET_KEY
from sa4depth_ros.runtime.engines.base import as_maps, Remark

# ONNX Runtime's exceptions share no base but Exception.
_ERRORS = tuple(value for value in vars(native).values()
                if isinstance(value, type) and issubclass(value, Exception))
_DTYPES = {'tensor(uint8)': np.uint8, 'tensor(float)': np.float32, 'tensor(float16)': np.float16}

_ALL_ROUNDING: Mapping[str, str] = {}
_WITHOUT_ROUNDING = {
    'session.disable_quant_qdq': '1', 'session.enable_quant_qdq_cleanup': '1'}
_IN_FP32 = Remark('this int8 model is made for TensorRT, the CPU runs it in fp32; one that is '
                  'exported with --target cpu is faster there', False)


class OnnxEngine:
    """A model in ONNX Runtime on one execution provider, with the CPU behind it."""

    def __init__(
        self, model: Path, provider: str, *, threads: int = 0, batch: int = 1,
        faithful: bool = False,
    ) -> None:
        """
        Load ``model`` on ``provider`` (ONNX Runtime's name, e.g. 'CUDAExecutionProvider').

        ``threads`` is the number of CPU threads inside one inference, 0 for one per core;
        ``batch`` the most images in one inference, if the model allows it. An int8 graph made for
        TensorRT runs on the CPU in fp32, where rounding costs more than it saves, unless
        ``faithful``. Raises ModelError when the provider does not take the model,
        BackendMissingError when it is not there.
        """
        self._session = _session(model, provider, threads)
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.remarks: tuple[Remark, ...] = ()
        self._on_device = provider != 'CPUExecutionProvider'
        if not (self._on_device or faithful) and self.metadata.get(INT8_TARGET_KEY) == 'gpu':
            self._session = _session(model, provider, threads, _WITHOUT_ROUNDING)
            self.remarks = (_IN_FP32,)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _DTYPES or len(inputs[0].shape) != 4:
            found = ', '.join(f'{i.name}: {i.type} {i.shape}' for i in inputs)
            raise ModelError(f'{model}: expected one 4-dimensional image input of type uint8 or '
                             f'float, found {found}')
        self._input = inputs[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.input_shape = tuple(s if isinstance(s, int) else -1 for s in inputs[0].shape)
        self.input_dtype: np.dtype[Any] = np.dtype(_DTYPES[inputs[0].type])
        self.max_batch = batch if self.input_shape[0] == -1 else self.input_shape[0]
        self.name = f'onnxruntime {provider.removesuffix("ExecutionProvider")}'

    def infer(self, tensor: NDArray[Any], output_name: str = '') -> NDArray[np.float32]:
        """Run the model on ``tensor`` (n, ...) and give one output as (n, h, w)."""
        if output_name and output_name not in self._outputs:
            raise ModelError(f"the model has no output '{output_name}', only {self._outputs}")
        try:
            result = self._session.run([output_name or self._outputs[0]], {self._input: tensor})
        except _ERRORS as error:
            # A GPU that fails once has lost its context; a wrong tensor is nobody's loss.
            lost = self._on_device and not isinstance(error, native.InvalidArgument)
            kind = DeviceError if lost else ModelError
            raise kind(f'{self.name} failed on one frame: {error}') from error
        return as_maps(result[0], len(tensor), output_name)

    def close(self) -> None:
        """Free the session."""
        del self._session


def available_providers() -> list[str]:
    """Name the execution providers that this ONNX Runtime build offers."""
    return list(onnxruntime.get_available_providers())


def _session(
    model: Path, provider: str, threads: int, settings: Mapping[str, str] = _ALL_ROUNDING,
) -> onnxruntime.InferenceSession:
    if not model.is_file():
        raise ModelError(f"expected a model file at '{model}', but there is none")
    if provider not in available_providers():
        raise BackendMissingError(
            f'this ONNX Runtime offers {", ".join(available_providers())}, not {provider}; '
            'install the build for your device (e.g. onnxruntime-gpu) or choose another backend')
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Waiting threads must leave the cores to the rest of the robot.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    for name, value in settings.items():
        options.add_session_config_entry(name, value)
    providers = list(dict.fromkeys([provider, 'CPUExecutionProvider']))
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=providers)
    except _ERRORS as error:
        raise ModelError(f"ONNX Runtime cannot load '{model}': {error}") from error
    # A provider whose libraries are missing is dropped by ONNX Runtime with a mere warning.
    if provider not in session.get_providers():
        raise ModelError(f"ONNX Runtime could not start {provider} for '{model}', only "
                         f'{session.get_providers()}; check its driver and libraries')
    return session
