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

"""
A stand-in for the module tensorrt: it builds and runs by ONNX Runtime on the emulated GPU.

Every name here is one of the real TensorRT (test_tensorrt_emulator.py), and the calls are
checked: shapes within the profile, addresses set and large enough, a strongly typed network.
"""

import ctypes
from enum import Enum, IntEnum
import hashlib
import json
from types import SimpleNamespace
from typing import Any

from cuda_emulator import CudaEmulator
from cuda_parts import MisuseError
import numpy as np
from tensorrt_emulator_builder import (
    Builder, ErrorCode, free_as_minus_one, IBuilderConfig, INetworkDefinition,
    IOptimizationProfile, ITensor, ITimingCache, MAGIC, MemoryPoolType,
    NetworkDefinitionCreationFlag, OnnxParser, ParserError, session_of)

DTYPES = {'tensor(uint8)': ('UINT8', np.uint8), 'tensor(float)': ('FLOAT', np.float32),
          'tensor(float16)': ('HALF', np.float16), 'tensor(int64)': ('INT64', np.int64)}


class TensorIOMode(Enum):

    INPUT = 1
    OUTPUT = 2


class DataType(Enum):

    FLOAT = 0
    HALF = 1
    INT64 = 2
    UINT8 = 3


class ILogger:

    class Severity(IntEnum):

        ERROR = 1
        WARNING = 2


class IProgressMonitor:

    pass


class Dims(tuple):

    __slots__ = ()


class CudaGraphStrategy(Enum):

    DISABLED = 0
    WHOLE_GRAPH_CAPTURE = 1


class ComputeCapability(Enum):
    SM75 = 75
    SM86 = 86


class IRuntimeConfig:

    cuda_graph_strategy = CudaGraphStrategy.DISABLED


class IExecutionContext:

    def __init__(self, engine: 'ICudaEngine', config: IRuntimeConfig | None = None) -> None:
        self._engine = engine
        self._config = config or IRuntimeConfig()
        self._shape: tuple[int, ...] = engine.get_tensor_shape(engine.image)
        self._addresses: dict[str, int] = {}

    def get_runtime_config(self) -> IRuntimeConfig:
        return self._config

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        least, _, most = self._engine.get_tensor_profile_shape(name, 0)
        if not all(a <= b <= c for a, b, c in zip(least, shape, most)):
            return False
        self._shape = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> Dims:
        shape = self._engine.get_tensor_shape(name)
        free = self._shape[0] if name != self._engine.image else None
        return Dims(self._shape if free is None else (free if s == -1 else s for s in shape))

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        engine, shape, addresses = self._engine, self._shape, dict(self._addresses)
        if set(addresses) != set(engine.names) or -1 in shape:
            raise MisuseError(f'set: {addresses.keys()} and shape {shape}')
        cuda = engine.cuda
        cuda.require_context('execute_async_v3')
        cuda.calls.append('execute_async_v3')
        if cuda.fault('execute_async_v3') != 0:
            engine.logger.log(ILogger.Severity.ERROR, 'Cuda Runtime (an emulated fault)')
            return False
        cuda.enqueue(stream, lambda: engine.run(shape, addresses))
        return True


class ICudaEngine:

    def __init__(self, plan: bytes, cuda: CudaEmulator, logger: ILogger) -> None:
        head, _, content = plan.partition(b'\n')
        self.cuda, self.logger = cuda, logger
        self._head: dict[str, Any] = json.loads(head)
        self._session = session_of(content)
        self._tensors = {t.name: t for t in (
            *self._session.get_inputs(), *self._session.get_outputs())}
        self.names = list(self._tensors)
        self.image = self.names[0]

    @property
    def num_io_tensors(self) -> int:
        return len(self.names)

    def get_tensor_name(self, index: int) -> str:
        return self.names[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name == self.image else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> DataType:
        return DataType[DTYPES[self._tensors[name].type][0]]

    def get_tensor_shape(self, name: str) -> Dims:
        return Dims(free_as_minus_one(self._tensors[name].shape))

    def get_tensor_profile_shape(self, name: str, index: int) -> list[Dims]:
        assert index == 0
        return [Dims(shape) for shape in self._head['profile'][name]]

    def create_runtime_config(self) -> IRuntimeConfig:
        return IRuntimeConfig()

    def create_execution_context(
        self, runtime_config: IRuntimeConfig | None = None,
    ) -> IExecutionContext | None:
        self.cuda.require_context('create_execution_context')
        self.cuda.calls.append('create_execution_context')
        if self.cuda.fault('create_execution_context') != 0:
            self.logger.log(ILogger.Severity.ERROR, 'Cuda Runtime (out of memory)')
            return None
        return IExecutionContext(self, runtime_config)

    def run(self, shape: tuple[int, ...], addresses: dict[str, int]) -> None:
        """Run the model from and to the memory of the emulated GPU."""
        dtype = np.dtype(DTYPES[self._tensors[self.image].type][1])
        size = int(np.prod(shape)) * dtype.itemsize
        raw = ctypes.string_at(self.cuda.at(addresses[self.image], size, 'device'), size)
        image = np.frombuffer(raw, dtype).reshape(shape)
        names = self.names[1:]
        for name, array in zip(names, self._session.run(names, {self.image: image})):
            found = np.ascontiguousarray(array + array.dtype.type(self._head['bias']))
            target = self.cuda.at(addresses[name], found.nbytes, 'device')
            ctypes.memmove(target, found.ctypes.data, found.nbytes)


class Runtime:

    cuda: CudaEmulator

    def __init__(self, logger: ILogger) -> None:
        self._logger = logger

    def deserialize_cuda_engine(self, serialized: bytes) -> ICudaEngine | None:
        self.cuda.require_context('deserialize_cuda_engine')
        digest, plan = serialized[len(MAGIC):len(MAGIC) + 32], serialized[len(MAGIC) + 32:]
        if not serialized.startswith(MAGIC) or hashlib.sha256(plan).digest() != digest:
            self._logger.log(ILogger.Severity.ERROR, 'Serialization assertion failed')
            return None
        return ICudaEngine(plan, self.cuda, self._logger)


CLASSES = (Builder, DataType, Dims, ErrorCode, IBuilderConfig, ICudaEngine, IExecutionContext,
           ILogger, INetworkDefinition, IOptimizationProfile, IProgressMonitor, IRuntimeConfig,
           ITensor, ITimingCache, MemoryPoolType, NetworkDefinitionCreationFlag, OnnxParser,
           ParserError, Runtime, TensorIOMode)
# What TensorRT for RTX has besides.
RTX_CLASSES = (ComputeCapability, CudaGraphStrategy)


def tensorrt_emulator(
    cuda: CudaEmulator, bias: float = 0.0, rtx: bool = False,
) -> SimpleNamespace:
    """Give the module ``tensorrt``, or ``tensorrt_rtx``, of a machine with the GPU ``cuda``."""
    classes = {c.__name__: c for c in (*CLASSES, *(RTX_CLASSES if rtx else ()))}
    classes['Runtime'] = type('Runtime', (Runtime,), {'cuda': cuda})
    classes['Builder'] = type('Builder', (Builder,), {'bias': bias})
    return SimpleNamespace(__version__='10.3.0', **classes)
