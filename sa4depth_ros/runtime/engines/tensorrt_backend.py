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

"""From an ONNX file to a TensorRT engine that was checked: key, cache, build, self-check."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ModelError
from sa4depth_ros.runtime.engine_cache import content_hash, EngineCache, EngineKey
from sa4depth_ros.runtime.engines.base import Engine
from sa4depth_ros.runtime.engines.onnx_engine import OnnxEngine
from sa4depth_ros.runtime.engines.options import BuildStep, EngineOptions, Probe
from sa4depth_ros.runtime.engines.tensorrt_builder import build_engine
from sa4depth_ros.runtime.engines.tensorrt_cuda import device_info
from sa4depth_ros.runtime.engines.tensorrt_engine import TensorrtEngine
from sa4depth_ros.runtime.engines.tensorrt_library import load_library
from sa4depth_ros.runtime.self_check import check

_REFERENCE = 'CPUExecutionProvider'


def open_tensorrt(model: Path, options: EngineOptions) -> Engine:
    """
    Give the engine of the ONNX file ``model``, from the cache or built now, and checked.

    Each engine, new or loaded, must agree with ONNX Runtime on the probe of ``options``.
    Raises BackendMissingError when there is no TensorRT or no NVIDIA device, DeviceError when
    the device fails, ModelError when TensorRT does not take the model or fails the check.
    """
    library = load_library()
    device = device_info()
    reference = _Reference(model, options)
    cache = EngineCache(options.cache, options.report, _going_on(options))
    key = EngineKey(
        model=model.stem, model_sha256=content_hash(model),
        library=f'{library.flavour} {library.version}', device=device.name,
        compute_capability='{}.{}'.format(*device.compute_capability),
        shapes=f'1..{reference.batch} x {reference.probe.tensor.shape[1:]}',
        precision=reference.probe.precision, settings=f'workspace {options.workspace_mb} MiB')

    def build() -> bytes:
        options.report(f"building the TensorRT engine of '{model.name}' for {device.name}; once, "
                       'it may take minutes')
        timing = cache.folder / f'{library.flavour}-{library.version}-{key.compute_capability}'
        # Left alone, TensorRT for RTX builds for Ampere and all that came later.
        older = library.flavour == 'tensorrt_rtx' and device.compute_capability < (8, 0)
        return build_engine(
            library, model, batch=reference.batch, workspace_mb=options.workspace_mb,
            compute_capability=device.compute_capability if older else None,
            timing_cache=timing.with_name(f'{timing.name}.timing'), progress=options.progress,
            report=options.report)

    engine = cache.obtain(key, build, lambda serialized: TensorrtEngine(
        serialized, library, metadata=reference.metadata, cuda_graph=options.cuda_graph,
        report=options.report))
    try:
        reference.judge(engine, options)
    except ModelError:
        engine.close()
        raise
    return engine


class _Reference:
    """What ONNX Runtime makes of the probe; its session is gone before a build begins."""

    def __init__(self, model: Path, options: EngineOptions) -> None:
        engine = OnnxEngine(
            model, _REFERENCE, threads=options.threads, batch=options.batch, faithful=True)
        try:
            if options.probe is None:
                raise ModelError('expected a probe for the self-check, got none')
            self.metadata = dict(engine.metadata)
            self.batch = engine.max_batch
            self.probe: Probe = options.probe(self.metadata)
            self._maps = engine.infer(self._images(), self.probe.output_name)
        finally:
            engine.close()

    def judge(self, engine: Engine, options: EngineOptions) -> None:
        """Check one image alone and each place of a full batch: kernels differ by batch size."""
        sizes = dict.fromkeys((1, self.batch))
        parities = [
            check(found, expected, self.probe.precision, engine.name)
            for size in sizes
            for found, expected in zip(
                engine.infer(self._images()[:size], self.probe.output_name), self._maps)]
        worst = max(parities, key=lambda parity: parity.mean)
        options.report(f'self-check of {engine.name} passed: {worst}')

    def _images(self) -> NDArray[Any]:
        # Mirrored and upright in turn: a batch whose places are mixed up must not pass.
        tensor = self.probe.tensor
        return np.concatenate([tensor if i % 2 == 0 else np.flip(tensor, axis=2)
                               for i in range(self.batch)])


def _going_on(options: EngineOptions) -> Any:
    waiting = BuildStep('waiting for another process', 0, 1)
    return lambda: options.progress is None or options.progress(waiting)
