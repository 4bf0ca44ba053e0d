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

"""A model file in ONNX Runtime: arrays in, arrays out, and its errors as ours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native
from sa4depth_ros.errors import BackendMissingError, DeviceError, ModelError

# ONNX Runtime's exceptions share no base but Exception.
_ERRORS = tuple(value for value in vars(native).values()
                if isinstance(value, type) and issubclass(value, Exception))


class OnnxSession:
    """
    One loaded graph on one execution provider, with the CPU behind it.

    ``inputs`` and ``outputs`` hold the shape of each by its name, -1 where a size is free;
    ``input_types`` are ONNX Runtime's names of types ('tensor(uint8)'); ``metadata`` is what the
    file says of itself.
    """

    def __init__(
        self, model: Path, provider: str, *, threads: int = 0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """
        Load ``model`` on ``provider`` (ONNX Runtime's name, e.g. 'CUDAExecutionProvider').

        ``threads`` is the number of CPU threads inside one inference, 0 for one per core;
        ``settings`` are session entries of ONNX Runtime. Raises ModelError when the provider
        does not take the model, BackendMissingError when it is not there.
        """
        self._session = _open(model, provider, threads, settings or {})
        self._on_device = provider != 'CPUExecutionProvider'
        self.name = f'onnxruntime {provider.removesuffix("ExecutionProvider")}'
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.inputs = {value.name: _shape(value) for value in self._session.get_inputs()}
        self.outputs = {value.name: _shape(value) for value in self._session.get_outputs()}
        self.input_types = {value.name: value.type for value in self._session.get_inputs()}

    def run(
        self, feed: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None,
    ) -> list[NDArray[Any]]:
        """
        Run the graph on contiguous arrays and give ``outputs``, default all in their order.

        Raises ModelError, and DeviceError when the device itself fails.
        """
        try:
            result: list[NDArray[Any]] = self._session.run(outputs, feed)
        except _ERRORS as error:
            # A GPU that fails once has lost its context; a wrong tensor is nobody's loss.
            lost = self._on_device and not isinstance(error, native.InvalidArgument)
            kind = DeviceError if lost else ModelError
            raise kind(f'{self.name} failed on one frame: {error}') from error
        return result

    def close(self) -> None:
        """Free the graph; nothing runs afterwards."""
        del self._session


def available_providers() -> list[str]:
    """Name the execution providers that this ONNX Runtime build offers."""
    return list(onnxruntime.get_available_providers())


def _open(
    model: Path, provider: str, threads: int, settings: Mapping[str, str],
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


def _shape(value: onnxruntime.NodeArg) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else -1 for size in value.shape)
