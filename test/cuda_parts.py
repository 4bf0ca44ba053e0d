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

"""The things that a CUDA driver hands out, for cuda_emulator.py."""

from collections.abc import Callable
import ctypes
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Any

GARBAGE = 0xFF      # NaN as float32 and as float16
# These free what they are given even on a lost device: the driver does so with the context.
FREEING = ('cuMemFree', 'cuMemFreeHost', 'cuStreamDestroy', 'cuEventDestroy', 'cuGraphDestroy',
           'cuGraphExecDestroy', 'cuDevicePrimaryCtxRelease')
WITHOUT_CONTEXT = ('cuInit', 'cuDeviceGet', 'cuDeviceGetAttribute', 'cuDeviceGetName',
                   'cuDeviceTotalMem', 'cuDriverGetVersion', 'cuDevicePrimaryCtxRetain',
                   'cuDevicePrimaryCtxRelease', 'cuCtxSetCurrent', 'cuGetErrorName',
                   'cuGetErrorString')
# A step on a stream, and what spoils its result until it is done, if anything.
Work = tuple[Callable[[], object], Callable[[], object] | None]


class MisuseError(AssertionError):
    """The driver was called in a way that is wrong, whether or not it would have worked."""


class CUresult(IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_STUB_LIBRARY = 34
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_ECC_UNCORRECTABLE = 214
    CUDA_ERROR_NOT_FOUND = 500
    CUDA_ERROR_ILLEGAL_ADDRESS = 700
    CUDA_ERROR_LAUNCH_FAILED = 719
    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900
    CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901
    CUDA_ERROR_UNKNOWN = 999


class Handle:
    """An opaque thing of the driver; like the real ones it becomes a number by int() only."""

    _numbers = count(0x5000)

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.work: list[Work] = []
        self.captured: list[Work] | None = None
        self.recorded: Handle | None = None
        self._number = next(self._numbers)

    def __int__(self) -> int:
        return self._number


@dataclass(eq=False)
class Memory:
    kind: str
    size: int
    freed: bool = False
    content: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.content = ctypes.create_string_buffer(max(1, self.size))
        self.spoil()

    @property
    def address(self) -> int:
        return ctypes.addressof(self.content)

    def spoil(self) -> None:
        ctypes.memset(self.address, GARBAGE, self.size)
