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

"""The building half of tensorrt_emulator.py."""

from enum import Enum, IntEnum
import hashlib
import json
from pathlib import Path
from typing import Any

from cuda_parts import MisuseError
import onnxruntime

MAGIC = b'emulated engine\n'
PHASES = (('Building engine', None, 2), ('Optimizing graph', 'Building engine', 4))


class NetworkDefinitionCreationFlag(IntEnum):

    STRONGLY_TYPED = 1


class MemoryPoolType(Enum):

    WORKSPACE = 0


class IOptimizationProfile:

    def __init__(self) -> None:
        self.shapes: dict[str, list[tuple[int, ...]]] = {}

    def set_shape(self, name: str, least: Any, best: Any, most: Any) -> None:
        self.shapes[name] = [tuple(least), tuple(best), tuple(most)]


class ITimingCache:

    def __init__(self, content: bytes) -> None:
        self._content = content

    def serialize(self) -> bytes:
        return self._content + b'timed'


class IBuilderConfig:

    def __init__(self) -> None:
        self.progress_monitor: Any = None
        self.profiles: list[IOptimizationProfile] = []
        self.limits: dict[Any, int] = {}
        self.cache: ITimingCache | None = None
        self.num_compute_capabilities = 0
        self.target = 'any'

    def set_memory_pool_limit(self, pool: MemoryPoolType, size: int) -> None:
        self.limits[pool] = size

    def set_compute_capability(self, target: Any, index: int) -> bool:
        assert index < self.num_compute_capabilities
        self.target = target.name
        return True

    def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1

    def create_timing_cache(self, content: bytes) -> ITimingCache | None:
        good = not content or content.endswith(b'timed')
        return ITimingCache(content) if good else None

    def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:
        self.cache = cache
        return True

    def get_timing_cache(self) -> ITimingCache | None:
        return self.cache


class ITensor:

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        self.name, self.shape = name, shape


class INetworkDefinition:

    def __init__(self, flags: int) -> None:
        if not flags & 1 << NetworkDefinitionCreationFlag.STRONGLY_TYPED:
            raise MisuseError('the network is not strongly typed')
        self.content = b''
        self.inputs: list[ITensor] = []

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, index: int) -> ITensor:
        return self.inputs[index]


class ErrorCode(Enum):

    MODEL_DESERIALIZE_FAILED = 3


class ParserError:

    def __init__(self, text: str) -> None:
        self._text = text

    def code(self) -> ErrorCode:
        return ErrorCode.MODEL_DESERIALIZE_FAILED

    def node(self) -> int:
        return -1

    def node_name(self) -> str:
        return ''

    def node_operator(self) -> str:
        return ''

    def desc(self) -> str:
        return self._text


class OnnxParser:

    def __init__(self, network: INetworkDefinition, logger: Any) -> None:
        self._network = network
        self._errors: list[ParserError] = []

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> ParserError:
        return self._errors[index]

    def parse_from_file(self, path: str) -> bool:
        content = Path(path).read_bytes()
        try:
            session = session_of(content)
        except Exception as error:  # noqa: BLE001 (ONNX Runtime has no root of its errors)
            self._errors.append(ParserError(str(error)))
            return False
        self._network.content = content
        self._network.inputs = [
            ITensor(i.name, free_as_minus_one(i.shape)) for i in session.get_inputs()]
        return True


class Builder:
    """Gives an 'engine': the profile and the ONNX file; ``bias`` is added by a faulty one."""

    bias = 0.0

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def create_builder_config(self) -> IBuilderConfig:
        return IBuilderConfig()

    def create_network(self, flags: int = 0) -> INetworkDefinition:
        return INetworkDefinition(flags)

    def create_optimization_profile(self) -> IOptimizationProfile:
        return IOptimizationProfile()

    def build_serialized_network(
        self, network: INetworkDefinition, config: IBuilderConfig,
    ) -> bytes | None:
        (profile,) = config.profiles
        for name, parent, steps in PHASES:
            config.progress_monitor.phase_start(name, parent, steps)
        for name, _, steps in reversed(PHASES):
            if not all(config.progress_monitor.step_complete(name, i) for i in range(steps)):
                return None
            config.progress_monitor.phase_finish(name)
        values = {'profile': profile.shapes, 'bias': self.bias, 'target': config.target}
        head = json.dumps(values).encode() + b'\n'
        plan = head + network.content
        return MAGIC + hashlib.sha256(plan).digest() + plan


def session_of(content: bytes) -> onnxruntime.InferenceSession:
    """Load a model for one thread of the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=['CPUExecutionProvider'])


def free_as_minus_one(shape: list[Any]) -> tuple[int, ...]:
    """Give free axes, which have a name in ONNX Runtime, as TensorRT does."""
    return tuple(s if isinstance(s, int) else -1 for s in shape)
