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
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import INT8_TARGET_KEY
from sa4depth_ros.runtime.engines.base import as_maps, Remark
from sa4depth_ros.runtime.engines.onnx_session import OnnxSession

_DTYPES = {'tensor(uint8)': np.uint8, 'tensor(float)': np.float32, 'tensor(float16)': np.float16}

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
        self._session = OnnxSession(model, provider, threads=threads)
        self.metadata: Mapping[str, str] = self._session.metadata
        self.remarks: tuple[Remark, ...] = ()
        on_cpu = provider == 'CPUExecutionProvider'
        if on_cpu and not faithful and self.metadata.get(INT8_TARGET_KEY) == 'gpu':
            self._session = OnnxSession(
                model, provider, threads=threads, settings=_WITHOUT_ROUNDING)
            self.remarks = (_IN_FP32,)
        (self._input, self.input_shape), dtype = _image(self._session, model)
        self.input_dtype: np.dtype[Any] = np.dtype(dtype)
        self.max_batch = batch if self.input_shape[0] == -1 else self.input_shape[0]
        self.name = self._session.name

    def infer(self, tensor: NDArray[Any], output_name: str = '') -> NDArray[np.float32]:
        """Run the model on ``tensor`` (n, ...) and give one output as (n, h, w)."""
        outputs = list(self._session.outputs)
        if output_name and output_name not in outputs:
            raise ModelError(f"the model has no output '{output_name}', only {outputs}")
        result = self._session.run({self._input: tensor}, [output_name or outputs[0]])
        return as_maps(result[0], len(tensor), output_name)

    def close(self) -> None:
        """Free the session."""
        self._session.close()


def _image(session: OnnxSession, model: Path) -> tuple[tuple[str, tuple[int, ...]], type]:
    """Give name, shape and type of the one input."""
    types = session.input_types
    named = list(session.inputs.items())
    if len(named) != 1 or types[named[0][0]] not in _DTYPES or len(named[0][1]) != 4:
        found = ', '.join(f'{name}: {types[name]} {list(shape)}' for name, shape in named)
        raise ModelError(f'{model}: expected one 4-dimensional image input of type uint8 or '
                         f'float, found {found}')
    return named[0], _DTYPES[types[named[0][0]]]
