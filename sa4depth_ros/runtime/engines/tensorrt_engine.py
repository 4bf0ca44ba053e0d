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

"""Runs a serialised TensorRT engine with CUDA, without torch."""

from collections.abc import Mapping
from dataclasses import dataclass
import math
import threading
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import DeviceError, ModelError
from sa4depth_ros.runtime.engines.base import as_maps, Remark
from sa4depth_ros.runtime.engines.options import Report, silent
from sa4depth_ros.runtime.engines.tensorrt_cuda import CudaStream, device_info
from sa4depth_ros.runtime.engines.tensorrt_library import (
    Library, Listener, released, sizes)

if TYPE_CHECKING:
    import tensorrt as trt

# Names of trt.DataType -> types of NumPy.
_DTYPES = {'FLOAT': np.float32, 'HALF': np.float16, 'UINT8': np.uint8}
# How TensorRT words what is the device's fault, not that of the engine.
_DEVICE_FAULTS = ('cuda runtime', 'cuda driver', 'cuda error', 'cudaerror', 'out of memory',
                  'outofmemory')


@dataclass(frozen=True, eq=False)
class _Tensor:
    """An input or output of the engine and its memory on both sides, for the greatest batch."""

    name: str
    dtype: 'np.dtype[Any]'
    pinned: NDArray[np.uint8]
    address: int

    def part(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Give the pinned bytes of an array of ``shape``."""
        return self.pinned[:math.prod(shape) * self.dtype.itemsize]

    def view(self, shape: tuple[int, ...]) -> NDArray[Any]:
        """Give the same bytes as that array."""
        return self.part(shape).view(self.dtype).reshape(shape)


class TensorrtEngine:
    """An Engine on the first GPU; see ``base.Engine``."""

    def __init__(
        self, serialized: bytes, library: Library, *, metadata: Mapping[str, str],
        cuda_graph: bool = False, report: Report = silent,
    ) -> None:
        """
        Load what ``build_engine`` gave, on the device that it was built for.

        ``metadata`` is that of the model. ``cuda_graph`` records the work of a frame once for
        each number of images and replays it, which costs scratch memory for each; where that
        fails, ``report`` says so. Raises ModelError when the engine is damaged or not for this
        device or version, DeviceError when CUDA fails, BackendMissingError without a GPU.
        """
        self.name = f'{library.flavour} {library.version} on {device_info().name}'
        self.metadata = metadata
        self.remarks: tuple[Remark, ...] = ()
        self._library = library
        self._report = report
        self._lock = threading.Lock()
        # TensorRT for RTX records graphs itself.
        self._strategies = getattr(library.module, 'CudaGraphStrategy', None)
        self._replay = cuda_graph
        self._contexts: dict[int, trt.IExecutionContext] = {}
        self._graphs: dict[tuple[int, str], Any] = {}
        self._outputs: dict[str, _Tensor] = {}
        self._stream = CudaStream()
        self._closed = False
        try:
            with released(), library.messages.listen(report) as heard:
                self._load(serialized, heard)
                self._allocate(heard)
        except BaseException:
            self.close()
            raise

    def infer(self, tensor: NDArray[Any], output_name: str = '') -> NDArray[np.float32]:
        """Run the model on ``tensor`` (n, ...) and give one output as (n, h, w)."""
        with (self._lock, released(),
              self._library.messages.listen(self._report) as heard):
            self._check(tensor, output_name)
            return self._infer(tensor, output_name, heard)

    def close(self) -> None:
        """Free the engine and all its memory; a second call does nothing."""
        with self._lock:
            self._closed = True
            self._stream.close()

    def _infer(
        self, tensor: NDArray[Any], output_name: str, heard: Listener,
    ) -> NDArray[np.float32]:
        self._stream.activate()
        output = self._outputs[output_name or next(iter(self._outputs))]
        context = self._context(len(tensor), heard)
        self._input.view(tensor.shape)[:] = tensor
        self._run(context, tensor.shape, output, heard)
        result = output.view(sizes(context.get_tensor_shape(output.name)))
        # The next frame overwrites the buffer, so the maps must be a copy of it.
        return as_maps(result, len(tensor), output.name).copy()

    def _load(self, serialized: bytes, heard: Listener) -> None:
        self._stream.activate()
        self._stream.at_close(self._drop)
        try:
            runtime: trt.Runtime = self._library.module.Runtime(self._library.logger)
        except (TypeError, RuntimeError) as error:
            # A null pointer in C++.
            raise DeviceError(f'{self.name} does not start: {heard.why(str(error))}') from error
        self._runtime = runtime
        self._engine = runtime.deserialize_cuda_engine(serialized)
        if self._engine is None:
            why = heard.why('TensorRT gave no reason')
            raise _fault(why)(f'{self.name} cannot load the engine:\n  {why}\nIt must be built '
                              'anew on this device and with this version: sa4depth build-engine')

    def _drop(self) -> None:
        """Let go of TensorRT's objects, the dependent ones first."""
        self._contexts.clear()
        self._graphs.clear()
        self.__dict__.pop('_engine', None)
        self.__dict__.pop('_runtime', None)

    def _allocate(self, heard: Listener) -> None:
        engine = self._engine
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        inputs = [n for n in names if engine.get_tensor_mode(n).name == 'INPUT']
        if len(inputs) != 1 or len(names) < 2:
            raise ModelError(f'expected an engine with one input and an output, found {names}, '
                             f'of which {inputs} are inputs')
        self.input_shape = greatest = sizes(engine.get_tensor_shape(inputs[0]))
        if -1 in greatest:
            greatest = sizes(engine.get_tensor_profile_shape(inputs[0], 0)[2])
        self.max_batch = greatest[0]
        self._input = self._tensor(inputs[0], greatest)
        self.input_dtype = self._input.dtype
        context = self._new_context(heard)
        self._set_shape(context, greatest)
        for name in names:
            if name != inputs[0]:
                self._outputs[name] = self._tensor(name, sizes(context.get_tensor_shape(name)))
        self._contexts[self.max_batch] = context
        self._set_addresses(context)

    def _tensor(self, name: str, shape: tuple[int, ...]) -> _Tensor:
        kind = self._engine.get_tensor_dtype(name).name
        if kind not in _DTYPES or min(shape, default=1) < 1:
            raise ModelError(f"tensor '{name}' of the engine is {kind} {shape} (-1 is free); "
                             f'expected one of {", ".join(_DTYPES)} with fixed sizes')
        dtype = np.dtype(_DTYPES[kind])
        size = math.prod(shape) * dtype.itemsize
        return _Tensor(name, dtype, self._stream.allocate_host(size),
                       self._stream.allocate(size))

    def _check(self, tensor: NDArray[Any], output_name: str) -> None:
        if self._closed:
            raise ModelError(f'{self.name} is closed')
        if output_name and output_name not in self._outputs:
            raise ModelError(f"the model has no output '{output_name}', only "
                             f'{list(self._outputs)}')
        shape = (f'1..{self.max_batch}', *self.input_shape[1:])
        if (tensor.shape[1:] != self.input_shape[1:] or not 1 <= len(tensor) <= self.max_batch
                or tensor.dtype != self.input_dtype):
            raise ModelError(f'{self.name}: expected an input of {self.input_dtype} {shape}, got '
                             f'{tensor.dtype} {tensor.shape}')

    def _context(self, count: int, heard: Listener) -> 'trt.IExecutionContext':
        """Give the context for ``count`` images, which is one for all but for graphs of ours."""
        if not self._records_graphs():
            ((_, context),) = self._contexts.items()
            self._contexts = {count: context}
        elif count not in self._contexts:
            # A graph holds for the shapes and scratch memory that its context had.
            self._contexts[count] = self._new_context(heard)
            self._set_addresses(self._contexts[count])
        context = self._contexts[count]
        if sizes(context.get_tensor_shape(self._input.name))[0] != count:
            self._set_shape(context, (count, *self.input_shape[1:]))
        return context

    def _records_graphs(self) -> bool:
        return self._replay and self._strategies is None

    def _new_context(self, heard: Listener) -> 'trt.IExecutionContext':
        engine: Any = self._engine
        if self._replay and self._strategies is not None:
            config = engine.create_runtime_config()
            config.cuda_graph_strategy = self._strategies.WHOLE_GRAPH_CAPTURE
            context = engine.create_execution_context(config)
        else:
            context = engine.create_execution_context()
        if context is None:
            why = heard.why('TensorRT gave no reason')
            raise DeviceError(f'{self.name} cannot start the engine, most likely for want of GPU '
                              f'memory:\n  {why}\nUse a smaller batch or workspace_mb, close '
                              'other programs')
        return context

    def _set_shape(self, context: 'trt.IExecutionContext', shape: tuple[int, ...]) -> None:
        if not context.set_input_shape(self._input.name, shape):
            raise ModelError(f'{self.name} does not take an input of shape {shape}')

    def _set_addresses(self, context: 'trt.IExecutionContext') -> None:
        for tensor in (self._input, *self._outputs.values()):
            if not context.set_tensor_address(tensor.name, tensor.address):
                raise ModelError(f"{self.name} does not take memory for '{tensor.name}'")

    def _run(
        self, context: 'trt.IExecutionContext', shape: tuple[int, ...], output: _Tensor,
        heard: Listener,
    ) -> None:
        result = output.part(sizes(context.get_tensor_shape(output.name)))

        def enqueue() -> None:
            self._stream.upload(self._input.address, self._input.part(shape))
            if not context.execute_async_v3(self._stream.handle):
                why = heard.why('TensorRT gave no reason')
                raise DeviceError(f'{self.name} failed on one frame:\n  {why}')
            self._stream.download(result, output.address)

        key = (shape[0], output.name)
        graph = self._graphs.get(key)
        if graph is None:
            enqueue()
        else:
            self._stream.launch(graph)
        self._stream.synchronize()
        if self._records_graphs() and key not in self._graphs:
            # After a run, as the first one loads kernels, which cannot be recorded.
            self._graphs[key] = self._captured(enqueue)

    def _captured(self, enqueue: Any) -> Any:
        try:
            return self._stream.capture(enqueue)
        except DeviceError as error:
            self._report(f'no CUDA graph, each frame is enqueued anew: {error}')
            return None


def _fault(why: str) -> type[ModelError]:
    lower = why.lower()
    return DeviceError if any(words in lower for words in _DEVICE_FAULTS) else ModelError
