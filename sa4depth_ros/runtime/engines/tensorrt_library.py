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

"""Which TensorRT this machine has, and what it says while it works."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
import gc
import importlib
import traceback
from typing import Any, TYPE_CHECKING

from sa4depth_ros.errors import BackendMissingError
from sa4depth_ros.runtime.engines.options import Report, silent

if TYPE_CHECKING:
    import tensorrt as trt

FLAVOURS = ('tensorrt', 'tensorrt_rtx')
_OLDEST_TENSORRT = (10, 3)
# trt.ILogger.Severity: 0 internal error, 1 error, 2 warning, 3 information, 4 verbose.
_ERROR, _WARNING = 1, 2
_KEPT_ERRORS = 12


@dataclass(eq=False)
class Listener:
    """One who hears TensorRT for a while; ``errors`` are the last that it said meanwhile."""

    report: Report = silent
    errors: 'deque[str]' = field(default_factory=lambda: deque(maxlen=_KEPT_ERRORS))

    def hear(self, severity: int, message: str) -> None:
        """Keep an error, report a warning."""
        if severity <= _ERROR:
            self.errors.append(message.strip())
        if severity <= _WARNING:
            self.report(f'TensorRT: {message.strip()}')

    def why(self, otherwise: str) -> str:
        """Give the errors as one text, or ``otherwise`` where there were none."""
        return '\n  '.join(dict.fromkeys(self.errors)) or otherwise


class Messages:
    """What TensorRT says goes to everybody who listens at the time."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def take(self, severity: int, message: str) -> None:
        """Hand on one message; TensorRT calls this from any thread."""
        for listener in tuple(self._listeners):
            listener.hear(severity, message)

    @contextmanager
    def listen(self, report: Report = silent) -> Iterator[Listener]:
        """Hear all messages within the ``with`` block."""
        listener = Listener(report)
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)


@dataclass(frozen=True, eq=False)
class Library:
    """
    TensorRT, or TensorRT for RTX, which has the same classes in a module of another name.

    ``flavour`` is one of FLAVOURS, ``version`` that of the Python module. TensorRT keeps to the
    first logger that a process shows it, so there is one ``logger`` for all builds and engines;
    its words come out of ``messages``. mypy checks the objects that come of ``module`` against
    the stubs of ``tensorrt``.
    """

    module: Any
    flavour: str
    version: str
    messages: Messages = field(default_factory=Messages)
    logger: 'trt.ILogger' = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'logger', _logger(self.module, self.messages))


@cache
def load_library() -> Library:
    """
    Import TensorRT, or else TensorRT for RTX.

    Raises BackendMissingError when there is neither, or when what there is does not start or
    is too old.
    """
    failures = []
    for flavour in FLAVOURS:
        try:
            return _import(flavour)
        except ImportError as error:
            failures.append(f'{flavour}: {error}')
    raise BackendMissingError(
        f'expected the Python module {" or ".join(FLAVOURS)}, found neither '
        f'({"; ".join(failures)}). On a Jetson: sudo apt install python3-libnvinfer; with an RTX '
        'GPU: pip install tensorrt-rtx-cu12; see docs/jetson.md')


@contextmanager
def released(collect: bool = False) -> Iterator[None]:
    """
    Leave none of TensorRT's objects to the garbage collector, also when an error leaves.

    TensorRT calls the logger while it holds a lock that it also takes to free an object. If the
    collector runs in such a call and finds an old builder, in the frames of an error say, the
    thread waits for itself. So frames are emptied at once; with ``collect`` what others have left
    is freed before, while no lock is held. Nothing made within may outlive the ``with`` block
    in a frame that still runs.
    """
    if collect:
        gc.collect()
    try:
        yield
    except BaseException as error:
        _empty_frames(error)
        raise


def _empty_frames(error: BaseException | None) -> None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def sizes(dims: 'trt.Dims') -> tuple[int, ...]:
    """Give a shape of TensorRT as a tuple; -1 is a free axis."""
    return tuple(int(dims[i]) for i in range(len(dims)))


def _import(flavour: str) -> Library:
    module = importlib.import_module(flavour)
    # The type stubs alone look like an empty package of that name.
    if not hasattr(module, 'Builder'):
        raise ImportError('the module is there, but without its libraries')
    version = str(module.__version__)
    if flavour == 'tensorrt' and _numbers(version) < _OLDEST_TENSORRT:
        raise ImportError(f'version {version} is too old, expected 10.3 or later (JetPack 6.1)')
    return Library(module, flavour, version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split('.')[:2] if part.isdigit())


def _logger(module: Any, messages: Messages) -> 'trt.ILogger':
    class Logger(module.ILogger):

        def __init__(self) -> None:
            # Classes of pybind11 ask for their own constructor by name.
            module.ILogger.__init__(self)

        def log(self, severity: 'trt.ILogger.Severity', message: str) -> None:
            messages.take(int(severity), message)

    return Logger()
