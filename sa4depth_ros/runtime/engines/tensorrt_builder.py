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

"""From an ONNX file to a serialised TensorRT engine."""

from pathlib import Path
from typing import TYPE_CHECKING

from sa4depth_ros.errors import BackendMissingError, ModelError
from sa4depth_ros.files import write_whole
from sa4depth_ros.runtime.engines.options import Progress, Report, silent
from sa4depth_ros.runtime.engines.tensorrt_library import (
    Library, Listener, released, sizes)
from sa4depth_ros.runtime.engines.tensorrt_progress import BuildProgress, monitor

if TYPE_CHECKING:
    import tensorrt as trt

_MEMORY_ADVICE = (
    'The machine ran out of memory. Set a smaller workspace_mb (e.g. 512), close other programs '
    '(on a Jetson also the desktop: sudo init 3), and give the machine swap; or build with a '
    'smaller batch')
# What TensorRT's errors contain -> what to do about it.
_ADVICE = {
    'out of memory': _MEMORY_ADVICE,
    'outofmemory': _MEMORY_ADVICE,
    'insufficient memory': _MEMORY_ADVICE,
    'could not be allocated': _MEMORY_ADVICE,
    'bad_alloc': _MEMORY_ADVICE,
    'could not find any implementation': 'Give more scratch memory with a greater workspace_mb '
                                         '(0: no limit)',
    'driver version is insufficient': 'Update the NVIDIA driver, or build for a compute '
                                      'capability (TensorRT for RTX only)',
}


def build_engine(
    library: Library, model: Path, *, batch: int = 1, workspace_mb: int = 0,
    compute_capability: tuple[int, int] | None = None, timing_cache: Path | None = None,
    progress: Progress | None = None, report: Report = silent,
) -> bytes:
    """
    Build the engine of the ONNX file ``model``, whose graph says all precisions.

    ``batch`` is the most images in one inference, where the model leaves its first axis free.
    A model may have several inputs (those of motion do), all other sizes fixed.
    ``workspace_mb`` caps scratch memory (MiB, 0: no cap). ``compute_capability`` builds for
    another GPU or without one; TensorRT for RTX alone can. ``timing_cache`` is a file that
    makes the next build faster. ``progress`` ends the build by returning False.
    Raises ModelError, which tells every node that TensorRT does not take, or why the build
    failed; BackendMissingError where TensorRT finds no GPU.
    """
    steps = BuildProgress(progress)

    def built(heard: Listener) -> bytes:
        build = _Build(library, heard, timing_cache)
        network = build.parse(model)
        build.configure(network, batch, workspace_mb, compute_capability, steps)
        plan = build.run(network, steps)
        # The network and the weights of the model go before the engine is copied.
        del build, network
        return bytes(plan)

    with released(collect=True), library.messages.listen(report) as heard:
        return built(heard)


class _Build:
    """The objects of one build; they depend on each other and go together."""

    def __init__(self, library: Library, heard: Listener, timing_cache: Path | None) -> None:
        self._trt = library.module
        self._library = library
        self._heard = heard
        # TensorRT for RTX times nothing on the GPU when it builds.
        self._timing_cache = timing_cache if library.flavour == 'tensorrt' else None
        try:
            builder: trt.Builder = self._trt.Builder(library.logger)
        except (TypeError, RuntimeError) as error:
            # A null pointer in C++: this is how TensorRT says that there is no GPU.
            raise BackendMissingError(
                f'{library.flavour} {library.version} cannot start its builder: '
                f'{heard.why(str(error))}\nCheck that the GPU and its driver work: nvidia-smi '
                '(in a container: docker run --gpus all, on a Jetson --runtime nvidia)'
            ) from error
        self._builder = builder
        self._config = builder.create_builder_config()

    def parse(self, model: Path) -> 'trt.INetworkDefinition':
        """Read the model; its weights stay in the parser until the build is done."""
        if not model.is_file():
            raise ModelError(f"expected a model file at '{model}', but there is none")
        # TensorRT 11 knows no other networks: it ignores the flag, and may drop it one day.
        kinds = getattr(self._trt, 'NetworkDefinitionCreationFlag', None)
        flag = getattr(kinds, 'STRONGLY_TYPED', None)
        network = self._builder.create_network(0 if flag is None else 1 << int(flag))
        parser: trt.OnnxParser = self._trt.OnnxParser(network, self._library.logger)
        self._parser = parser
        # Not every file that is no model makes the parser complain.
        if not parser.parse_from_file(str(model)) or network.num_inputs == 0:
            errors = [parser.get_error(i) for i in range(parser.num_errors)]
            raise ModelError(_refusal(model, self._library, errors, self._heard))
        return network

    def configure(
        self, network: 'trt.INetworkDefinition', batch: int, workspace_mb: int,
        compute_capability: tuple[int, int] | None, steps: BuildProgress,
    ) -> None:
        """Say what the engine is for."""
        self._profile(network, batch)
        self._config.progress_monitor = monitor(self._trt, steps)
        if workspace_mb > 0:
            self._config.set_memory_pool_limit(
                self._trt.MemoryPoolType.WORKSPACE, workspace_mb << 20)
        if compute_capability is not None:
            self._target(compute_capability)
        if self._timing_cache is not None:
            self._load_timings(self._timing_cache)

    def run(self, network: 'trt.INetworkDefinition', steps: BuildProgress) -> 'trt.IHostMemory':
        """Build; TensorRT lets other threads run meanwhile."""
        plan = self._builder.build_serialized_network(network, self._config)
        if steps.error is not None:
            raise steps.error
        if steps.cancelled:
            raise ModelError('the build of the TensorRT engine was cancelled')
        if plan is None:
            text = self._heard.why('TensorRT gave no reason')
            raise ModelError(f'{self._library.flavour} {self._library.version} failed to build '
                             f'the engine:\n  {text}{_advice(text)}')
        if self._timing_cache is not None:
            self._save_timings(self._timing_cache)
        return plan

    def _profile(self, network: 'trt.INetworkDefinition', batch: int) -> None:
        profile = self._builder.create_optimization_profile()
        inputs = [network.get_input(i) for i in range(network.num_inputs)]
        for tensor in inputs:
            shape = sizes(tensor.shape)
            if -1 in shape[1:] or (len(inputs) == 1 and not _is_image(shape)):
                raise ModelError(
                    f"expected the input '{tensor.name}' of shape (batch or 1, fixed sizes), got "
                    f'{shape} (-1 is free); TensorRT needs a fixed image size: export the model '
                    'with one')
            free = shape[0] == -1
            least, best = (self._trt.Dims((most if free else shape[0], *shape[1:]))
                           for most in (1, batch))
            profile.set_shape(tensor.name, least, best, best)
        self._config.add_optimization_profile(profile)

    def _target(self, compute_capability: tuple[int, int]) -> None:
        known = getattr(self._trt, 'ComputeCapability', None)
        if known is None:
            raise ModelError('TensorRT builds for the GPU of this machine only; to build for '
                             'another one, install TensorRT for RTX (tensorrt-rtx-cu12)')
        major, minor = compute_capability
        target = getattr(known, f'SM{major}{minor}', None)
        if target is None:
            names = ', '.join(name for name in known.__members__ if name.startswith('SM'))
            raise ModelError(f'{self._library.flavour} {self._library.version} does not build for '
                             f'compute capability {major}.{minor}, only for {names}')
        config = self._config
        config.num_compute_capabilities = 1  # type: ignore[attr-defined]  # not in `tensorrt`
        config.set_compute_capability(target, 0)  # type: ignore[attr-defined]

    def _load_timings(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError:
            content = b''
        for kept in (content, b''):
            cache = self._config.create_timing_cache(kept)
            # Refused when it is damaged, or was made on another device or version.
            if cache is not None and self._config.set_timing_cache(cache, ignore_mismatch=False):
                return

    def _save_timings(self, path: Path) -> None:
        cache = self._config.get_timing_cache()
        if cache is None:
            return
        try:
            write_whole(path, memoryview(cache.serialize()))
        except OSError as error:
            self._heard.report(f'cannot write the timing cache: {error}; builds stay slow')


def _is_image(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and shape[0] in (-1, 1)


def _refusal(
    model: Path, library: Library, errors: 'list[trt.ParserError]', heard: Listener,
) -> str:
    reason = '\n  '.join(_described(error) for error in errors)
    return (f"{library.flavour} {library.version} cannot take '{model}':\n  "
            + (reason or heard.why('there is no network in it'))
            + '\nRun the model with another backend (auto does), or export it anew')


def _described(error: 'trt.ParserError') -> str:
    where = 'the file'
    if error.node() >= 0:
        where = (f'node {error.node()} {error.node_name() or "(without a name)"} '
                 f'[{error.node_operator()}]')
    # The description of an operator that the parser does not know is the word 'false'.
    text = error.desc().strip().removesuffix('false') or 'TensorRT does not take it'
    return f'{where}: {error.code().name}, ' + text.replace('\n', '\n    ')


def _advice(text: str) -> str:
    lower = text.lower()
    found = dict.fromkeys(advice for part, advice in _ADVICE.items() if part in lower)
    return ''.join(f'\n{advice}.' for advice in found)
