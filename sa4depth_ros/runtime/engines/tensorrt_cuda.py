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

"""The CUDA driver: a GPU, its memory, one stream of work; every result is checked."""

from collections.abc import Callable
import ctypes
from dataclasses import dataclass
import importlib
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BackendMissingError, DeviceError

# The driver API, not the runtime API: cuda.bindings.driver opens the libcuda of the system, on
# a Jetson as on a desktop, while cuda.bindings.runtime brings a CUDA runtime of its own.
_BINDINGS = 'cuda.bindings'
# Bindings before this hold Python's lock while they wait for the GPU, and the node with it.
_OLDEST_BINDINGS = (12, 9, 1)
_INSTALL = ("install CUDA's Python bindings: pip install 'cuda-python>=12.9.1,<13' (JetPack 6, "
            'drivers of CUDA 12) or pip install cuda-python (drivers of CUDA 13)')
_NO_GPU = ('check the GPU and its driver with nvidia-smi (in a container: docker run --gpus all, '
           'on a Jetson --runtime nvidia)')
_ABSENT = ('CUDA_ERROR_NO_DEVICE', 'CUDA_ERROR_STUB_LIBRARY')
_LOST = ('the GPU is lost for this process: restart the node, look for Xid errors in `dmesg`, '
         'and check temperature and power')
_ADVICE = {
    'CUDA_ERROR_OUT_OF_MEMORY': 'free GPU memory: close other programs, use a smaller batch or '
                                'model (a Jetson shares its memory with all programs)',
    'CUDA_ERROR_ILLEGAL_ADDRESS': _LOST,
    'CUDA_ERROR_LAUNCH_FAILED': _LOST,
    'CUDA_ERROR_LAUNCH_TIMEOUT': 'a display driver ends long kernels: use a smaller model, or a '
                                 'GPU without a display',
    'CUDA_ERROR_ECC_UNCORRECTABLE': _LOST,
    'CUDA_ERROR_HARDWARE_STACK_ERROR': _LOST,
    'CUDA_ERROR_CONTEXT_IS_DESTROYED': _LOST,
    'CUDA_ERROR_UNKNOWN': _LOST,
    'CUDA_ERROR_SYSTEM_DRIVER_MISMATCH': 'the driver was updated: restart the machine',
    'CUDA_ERROR_NOT_FOUND': 'the driver is older than the bindings: ' + _INSTALL,
}
_ADVICE_OTHERWISE = 'restart the node; ' + _NO_GPU


@dataclass(frozen=True)
class DeviceInfo:
    """The GPU in use; ``driver_version`` is the newest CUDA that its driver runs, e.g. '12.6'."""

    name: str
    compute_capability: tuple[int, int]
    memory_bytes: int
    driver_version: str


def device_info() -> DeviceInfo:
    """
    Describe the first GPU (CUDA_VISIBLE_DEVICES picks another).

    Raises BackendMissingError when there are no bindings, no driver or no device.
    """
    driver = _driver()
    device = check(driver.cuDeviceGet, 0)
    kinds = driver.CUdevice_attribute
    major, minor = (
        check(driver.cuDeviceGetAttribute, kind, device)
        for kind in (kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
                     kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR))
    version = check(driver.cuDriverGetVersion)
    return DeviceInfo(
        name=check(driver.cuDeviceGetName, 128, device).partition(b'\0')[0].decode(),
        compute_capability=(major, minor),
        memory_bytes=check(driver.cuDeviceTotalMem, device),
        driver_version=f'{version // 1000}.{version % 1000 // 10}')


def check(function: Callable[..., Any], *arguments: Any) -> Any:
    """
    Call a function of the driver and give its value, if any.

    Raises DeviceError with the name of the error, what it means and what to do.
    """
    try:
        code, *values = function(*arguments)
    except RuntimeError as error:
        # The bindings look up each function when it is first called.
        raise DeviceError(f'{function.__name__}: {error}; {_ADVICE["CUDA_ERROR_NOT_FOUND"]}'
                          ) from error
    if code != type(code).CUDA_SUCCESS:
        raise DeviceError(f'CUDA failed in {function.__name__}: {_explained(code)}')
    return values[0] if values else None


class CudaStream:
    """
    One stream of work on the first GPU, and the memory that belongs to it.

    Every method may be called from any thread, by one at a time. Work is asynchronous until
    ``synchronize``. All raise DeviceError; ``close`` raises nothing.
    """

    def __init__(self) -> None:
        self._driver = _driver()
        self._free: list[tuple[Callable[..., Any], Any]] = []
        self._stream: Any = None
        self._device = check(self._driver.cuDeviceGet, 0)
        # The context that TensorRT uses, too; it belongs to the process and is counted.
        self._context = check(self._driver.cuDevicePrimaryCtxRetain, self._device)
        self._free.append((self._driver.cuDevicePrimaryCtxRelease, self._device))
        try:
            self.activate()
            self._stream = self._owned(
                self._driver.cuStreamDestroy, self._driver.cuStreamCreate,
                self._driver.CUstream_flags.CU_STREAM_NON_BLOCKING)
            # Waiting for an event of this kind sleeps; waiting for a stream takes a whole core.
            flags = self._driver.CUevent_flags
            self._done = self._owned(
                self._driver.cuEventDestroy, self._driver.cuEventCreate,
                flags.CU_EVENT_BLOCKING_SYNC | flags.CU_EVENT_DISABLE_TIMING)
        except BaseException:
            self.close()
            raise

    @property
    def handle(self) -> int:
        """Give the stream as TensorRT wants it."""
        return int(self._stream)

    def at_close(self, function: Callable[[], None]) -> None:
        """Call ``function`` when all that is made after this is freed, and before the rest."""
        self._free.append((lambda _: function(), None))

    def activate(self) -> None:
        """Make the GPU's context that of the calling thread; each thread has its own."""
        check(self._driver.cuCtxSetCurrent, self._context)

    def allocate(self, size: int) -> int:
        """Give the address of ``size`` new bytes on the GPU."""
        return int(self._owned(self._driver.cuMemFree, self._driver.cuMemAlloc, size))

    def allocate_host(self, size: int) -> NDArray[np.uint8]:
        """Give ``size`` new bytes of pinned memory of this machine, gone after ``close``."""
        address = int(self._owned(self._driver.cuMemFreeHost, self._driver.cuMemHostAlloc,
                                  size, 0))
        return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))

    def upload(self, target: int, source: NDArray[np.uint8]) -> None:
        """Copy pinned bytes to the GPU."""
        check(self._driver.cuMemcpyHtoDAsync, target, source.ctypes.data, source.nbytes,
              self._stream)

    def download(self, target: NDArray[np.uint8], source: int) -> None:
        """Copy from the GPU to pinned bytes."""
        check(self._driver.cuMemcpyDtoHAsync, target.ctypes.data, source, target.nbytes,
              self._stream)

    def synchronize(self) -> None:
        """Wait until all work is done; other threads run meanwhile."""
        check(self._driver.cuEventRecord, self._done, self._stream)
        check(self._driver.cuEventSynchronize, self._done)

    def capture(self, work: Callable[[], None]) -> Any:
        """Record what ``work`` enqueues, without running it, as a graph for ``launch``."""
        driver = self._driver
        # Only calls of this thread count, whatever other threads do with the GPU meanwhile.
        check(driver.cuStreamBeginCapture, self._stream,
              driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
        try:
            work()
        except BaseException:
            # The capture must end, or the stream stays useless.
            code, graph = driver.cuStreamEndCapture(self._stream)
            if code == type(code).CUDA_SUCCESS:
                driver.cuGraphDestroy(graph)
            raise
        graph = check(driver.cuStreamEndCapture, self._stream)
        try:
            return self._owned(driver.cuGraphExecDestroy, driver.cuGraphInstantiate, graph, 0)
        finally:
            check(driver.cuGraphDestroy, graph)

    def launch(self, graph: Any) -> None:
        """Enqueue a captured graph."""
        check(self._driver.cuGraphLaunch, graph, self._stream)

    def close(self) -> None:
        """Free everything, the last first; a second call does nothing."""
        free, self._free = self._free, []
        if not free:
            return
        # Results do not matter here: on a lost device every call fails, and all that it held
        # goes with the process.
        self._driver.cuCtxSetCurrent(self._context)
        if self._stream is not None:
            self._driver.cuStreamSynchronize(self._stream)
        for function, argument in reversed(free):
            function(argument)

    def _owned(
        self, free: Callable[..., Any], make: Callable[..., Any], *arguments: Any,
    ) -> Any:
        made = check(make, *arguments)
        self._free.append((free, made))
        return made


_starting = threading.Lock()


def _driver() -> Any:
    """Import and start the bindings; the driver counts no calls of cuInit."""
    try:
        bindings = importlib.import_module(_BINDINGS)
        driver = importlib.import_module(f'{_BINDINGS}.driver')
    except ImportError as error:
        raise BackendMissingError(f'the GPU cannot be used ({error}); {_INSTALL}') from error
    numbers = tuple(int(part) for part in bindings.__version__.split('.')[:3] if part.isdigit())
    if numbers < _OLDEST_BINDINGS:
        raise BackendMissingError(
            f'expected CUDA bindings 12.9.1 or later, found {bindings.__version__}, which would '
            f'hold up the whole node while the GPU works; {_INSTALL}')
    try:
        with _starting:
            (code,) = driver.cuInit(0)
    except RuntimeError as error:
        raise BackendMissingError(f'no NVIDIA driver: {error}; {_NO_GPU}') from error
    if code == type(code).CUDA_SUCCESS:
        return driver
    if code.name in _ABSENT:
        raise BackendMissingError(f'no NVIDIA GPU: {_explained(code)}')
    raise DeviceError(f'CUDA does not start: {_explained(code)}')


def _explained(code: Any) -> str:
    driver = importlib.import_module(f'{_BINDINGS}.driver')
    texts = (driver.cuGetErrorName(code), driver.cuGetErrorString(code))
    name, text = (value.decode() if value else str(code) for _, value in texts)
    advice = _NO_GPU if name in _ABSENT else _ADVICE.get(name, _ADVICE_OTHERWISE)
    return f'{name}, {text}; {advice}'
