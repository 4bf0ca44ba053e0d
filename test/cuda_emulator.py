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
A stand-in for cuda.bindings.driver, stricter than a GPU, whose memory is that of this machine.

Work on a stream happens when somebody waits for it, not before: who reads a result too early
gets garbage. Misuse that a real driver may forgive, or punish later, raises MisuseError at once.
"""

from collections.abc import Callable
import ctypes
import functools
import sys
import threading
from types import SimpleNamespace
from typing import Any

from cuda_parts import (
    CUresult, FREEING, GARBAGE, Handle, Memory, MisuseError, WITHOUT_CONTEXT)

OK = CUresult.CUDA_SUCCESS


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method into a function of the driver: a tuple of code and value, faults injected."""
    name = function.__name__
    has_value = function.__annotations__['return'] not in (None, CUresult | None)

    @functools.wraps(function)
    def call(self: 'CudaEmulator', *arguments: Any) -> tuple[Any, ...]:
        with self.lock:
            self.calls.append(name)
            code = self.fault(name)
            if code is not OK and name not in FREEING:
                if name == 'cuStreamEndCapture':
                    # It ends, well or not.
                    self._live(arguments[0], 'stream').captured = None
                return (code, None) if has_value else (code,)
            if name not in WITHOUT_CONTEXT:
                self.require_context(name)
        value = function(self, *arguments)
        if isinstance(value, CUresult):
            return (value,)
        return (code, value) if has_value else (code,)

    return call


class CudaEmulator:
    """
    The module ``cuda.bindings.driver`` with one GPU.

    ``fail[name] = (k, code)`` lets the k-th call of a function (from 1) give that error,
    ``lost_after`` loses the device after so many calls, ``fault_in_work`` is what the next
    stream ends with. ``leaks`` tells what was not freed.
    """

    CUresult = CUresult
    CUdevice_attribute = SimpleNamespace(
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR='major',
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR='minor')
    CUstream_flags = SimpleNamespace(CU_STREAM_NON_BLOCKING=1)
    CUevent_flags = SimpleNamespace(CU_EVENT_BLOCKING_SYNC=1, CU_EVENT_DISABLE_TIMING=2)
    CUstreamCaptureMode = SimpleNamespace(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL=1)

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.calls: list[str] = []
        self.fail: dict[str, tuple[int, CUresult]] = {}
        self.lost_after: int | None = None
        self.fault_in_work: CUresult = OK
        self.memory: list[Memory] = []
        self.handles: list[Handle] = []
        self.retained = 0
        self.capability = (8, 6)
        self._lost = OK
        self._context = Handle('context')
        self._thread = threading.local()

    def install(self, monkeypatch: Any, version: str = '13.0.0') -> 'CudaEmulator':
        """Become what ``import cuda.bindings.driver`` gives."""
        package = SimpleNamespace(__version__=version, driver=self)
        monkeypatch.setitem(sys.modules, 'cuda', SimpleNamespace(bindings=package))
        monkeypatch.setitem(sys.modules, 'cuda.bindings', package)
        monkeypatch.setitem(sys.modules, 'cuda.bindings.driver', self)
        return self

    def leaks(self) -> list[str]:
        """Name all that is still held."""
        kept = [f'{m.size} bytes of {m.kind}' for m in self.memory if not m.freed]
        kept += [handle.kind for handle in self.handles]
        return kept + ['context'] * self.retained

    def repair(self) -> None:
        """Work again."""
        self.fail, self.lost_after, self.fault_in_work, self._lost = {}, None, OK, OK

    def fault(self, name: str) -> CUresult:
        """Tell how this call ends."""
        if name in ('cuGetErrorName', 'cuGetErrorString'):
            return OK
        if self.lost_after is not None and len(self.calls) > self.lost_after:
            self._lost = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS
        which, code = self.fail.get(name, (0, OK))
        return code if self.calls.count(name) == which else self._lost

    def require_context(self, name: str) -> None:
        """Refuse a call from a thread that has no context."""
        if getattr(self._thread, 'current', None) is not self._context or not self.retained:
            raise MisuseError(f'{name}: no current context in this thread')

    def at(self, address: int, size: int, kind: str) -> int:
        """Give ``address`` back, when so many bytes of live memory of that kind lie there."""
        for memory in self.memory:
            if memory.address <= address and address + size <= memory.address + memory.size:
                if memory.freed:
                    raise MisuseError(f'{size} bytes of freed {memory.kind} memory')
                if memory.kind != kind:
                    raise MisuseError(f'expected {kind} memory, got {memory.kind}')
                return address
        raise MisuseError(f'{size} bytes at {address:#x} lie in no allocation')

    def enqueue(
        self, stream: Any, step: Callable[[], object], spoil: Callable[[], object] | None = None,
    ) -> None:
        """Put a step on a stream, or in the graph that is being captured from it."""
        found = self._live(stream, 'stream')
        if found.captured is not None:
            found.captured.append((step, spoil))
            return
        if spoil is not None:
            spoil()
        found.work.append((step, spoil))

    def _live(self, handle: Any, kind: str) -> Handle:
        for known in self.handles:
            if int(known) == int(handle) and known.kind == kind:
                return known
        raise MisuseError(f'no such {kind}, or it was destroyed')

    def _new(self, kind: str) -> Handle:
        self.handles.append(Handle(kind))
        return self.handles[-1]

    def _remove(self, handle: Any, kind: str) -> None:
        self.handles.remove(self._live(handle, kind))

    def _finish(self, stream: Handle) -> CUresult | None:
        """Do the work of a stream; nothing after a fault is done."""
        work, stream.work = stream.work, []
        if self.fault_in_work is not OK:
            self._lost, self.fault_in_work = self.fault_in_work, OK
        for step, _ in work if self._lost is OK else ():
            step()
        return None if self._lost is OK else self._lost

    @entry
    def cuInit(self, flags: int) -> None: ...

    @entry
    def cuDeviceGet(self, ordinal: int) -> int:
        return ordinal

    @entry
    def cuDeviceGetName(self, length: int, device: int) -> bytes:
        # The bindings hand over a buffer of blanks.
        return b'Emulated GPU\0'.ljust(length)

    @entry
    def cuDeviceGetAttribute(self, kind: str, device: int) -> int:
        return self.capability[kind == 'minor']

    @entry
    def cuDeviceTotalMem(self, device: int) -> int:
        return 8 << 30

    @entry
    def cuDriverGetVersion(self) -> int:
        return 12060

    @entry
    def cuGetErrorName(self, code: CUresult) -> bytes:
        return code.name.encode()

    @entry
    def cuGetErrorString(self, code: CUresult) -> bytes:
        return code.name.removeprefix('CUDA_ERROR_').replace('_', ' ').lower().encode()

    @entry
    def cuDevicePrimaryCtxRetain(self, device: int) -> Handle:
        self.retained += 1
        return self._context

    @entry
    def cuDevicePrimaryCtxRelease(self, device: int) -> None:
        self.retained -= 1

    @entry
    def cuCtxSetCurrent(self, context: Handle) -> None:
        self._thread.current = context

    @entry
    def cuStreamCreate(self, flags: int) -> Handle:
        return self._new('stream')

    @entry
    def cuStreamDestroy(self, stream: Handle) -> None:
        self._remove(stream, 'stream')

    @entry
    def cuStreamSynchronize(self, stream: Handle) -> CUresult | None:
        return self._finish(self._live(stream, 'stream'))

    @entry
    def cuEventCreate(self, flags: int) -> Handle:
        return self._new('event')

    @entry
    def cuEventDestroy(self, event: Handle) -> None:
        self._remove(event, 'event')

    @entry
    def cuEventRecord(self, event: Handle, stream: Handle) -> None:
        self._live(event, 'event').recorded = self._live(stream, 'stream')

    @entry
    def cuEventSynchronize(self, event: Handle) -> CUresult | None:
        stream = self._live(event, 'event').recorded
        return None if stream is None else self._finish(self._live(stream, 'stream'))

    @entry
    def cuMemAlloc(self, size: int) -> Handle:
        handle, memory = Handle('pointer'), Memory('device', size)
        handle._number = memory.address
        self.memory.append(memory)
        return handle

    @entry
    def cuMemHostAlloc(self, size: int, flags: int) -> int:
        self.memory.append(Memory('host', size))
        return self.memory[-1].address

    @entry
    def cuMemFree(self, pointer: Any) -> None:
        self._free(int(pointer), 'device')

    @entry
    def cuMemFreeHost(self, pointer: int) -> None:
        self._free(pointer, 'host')

    def _free(self, address: int, kind: str) -> None:
        found = [m for m in self.memory if m.address == address and m.kind == kind]
        if not found or found[0].freed:
            raise MisuseError(f'{kind} memory at {address:#x} is freed twice or was never given')
        # The content is kept from other uses, so that who still looks at it sees garbage.
        found[0].freed = True
        found[0].spoil()

    @entry
    def cuMemcpyHtoDAsync(self, target: Any, source: int, size: int, stream: Handle) -> None:
        self._copy(target, 'device', source, 'host', size, stream)

    @entry
    def cuMemcpyDtoHAsync(self, target: int, source: Any, size: int, stream: Handle) -> None:
        self._copy(target, 'host', source, 'device', size, stream)

    def _copy(
        self, target: Any, to: str, source: Any, of: str, size: int, stream: Handle,
    ) -> None:
        def ends() -> tuple[int, int]:
            return self.at(int(target), size, to), self.at(int(source), size, of)

        where, _ = ends()
        self.enqueue(stream, lambda: ctypes.memmove(*ends(), size),
                     lambda: ctypes.memset(where, GARBAGE, size))

    @entry
    def cuStreamBeginCapture(self, stream: Handle, mode: int) -> None:
        self._live(stream, 'stream').captured = []

    @entry
    def cuStreamEndCapture(self, stream: Handle) -> Handle:
        found = self._live(stream, 'stream')
        graph = self._new('graph')
        graph.work, found.captured = found.captured, None
        return graph

    @entry
    def cuGraphInstantiate(self, graph: Handle, flags: int) -> Handle:
        made = self._new('graph executable')
        made.work = list(self._live(graph, 'graph').work)
        return made

    @entry
    def cuGraphDestroy(self, graph: Handle) -> None:
        self._remove(graph, 'graph')

    @entry
    def cuGraphExecDestroy(self, graph: Handle) -> None:
        self._remove(graph, 'graph executable')

    @entry
    def cuGraphLaunch(self, graph: Handle, stream: Handle) -> None:
        for step, spoil in self._live(graph, 'graph executable').work:
            self.enqueue(stream, step, spoil)
