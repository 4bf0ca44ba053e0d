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

"""One backend tried out, in a process of its own: `sa4depth doctor` survives its crash."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
import json
import math
from pathlib import Path
import re
import resource
import sys
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BackendMissingError, Sa4DepthError
from sa4depth_ros.resources import DEMO_RECORDING, share_path
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import BuildStep, EngineOptions, open_engine
from sa4depth_ros.runtime.latency import Latency, measure
from sa4depth_ros.runtime.model_input import make_probe, PROBE_IMAGE
from sa4depth_ros.runtime.preprocess import resize
from sa4depth_ros.runtime.self_check import check, Parity

Facts = dict[str, Any]
Image = NDArray[np.uint8]
Save = Callable[[Facts], object]

REFERENCE = 'onnxruntime'
INTERRUPTED = 130
# An ordinary camera of 640x480 with an ordinary lens, so that the map for it is in the timing.
SIZE = (640, 480)
K = (525.0, 0.0, 319.5, 0.0, 525.0, 239.5, 0.0, 0.0, 1.0)
LENS = (0.1, -0.2, 0.001, -0.001, 0.05)
# Seconds between two lines about a build.
_PACE = 10.0


@dataclass(frozen=True)
class Trial:
    """What is tried: ``frames`` images of the shipped recording, ``repeats`` timed runs."""

    model: Path
    backend: str
    batch: int = 1
    cache: Path | None = None
    workspace_mb: int = 0
    repeats: int = 100
    frames: int = 4


def examine(trial: Trial, save: Save) -> Facts:
    """
    Open the backend, compare it with ONNX Runtime on the CPU and time it.

    ``status`` is 'works', 'missing' (not on this machine) or 'faulty', with the ``reason``. What
    is known is given to ``save`` before each stage, for a process that does not come back.
    """
    facts: Facts = {'status': 'faulty', 'stage': 'open'}
    try:
        _examine(trial, facts, save)
        facts.update(status='works', stage='done')
    except BackendMissingError as error:
        facts.update(status='missing', reason=str(error))
    except Sa4DepthError as error:
        facts.update(status='faulty', reason=str(error))
    except Exception as error:  # noqa: BLE001
        facts.update(status='faulty', reason=f'{type(error).__name__}: {error}')
    facts['peak_memory_mb'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    save(facts)
    return facts


def _examine(trial: Trial, facts: Facts, save: Save) -> None:
    save(facts)
    lines: list[str] = facts.setdefault('log', [])
    begin = perf_counter()
    estimator = DepthEstimator(
        trial.model, backend=trial.backend, options=_options(trial, lines))
    facts.update(
        engine=estimator.engine.name, open_seconds=perf_counter() - begin,
        card=asdict(estimator.card),
        max_batch=estimator.engine.max_batch, frames_per_inference=estimator.batch,
        remarks=[asdict(remark) for remark in estimator.engine.remarks],
        engine_file=engine_file(lines))
    try:
        images, facts['images'] = _images(max(trial.frames, trial.batch))
        for stage, work in (('parity', _parity), ('latency', _latency)):
            facts['stage'] = stage
            save(facts)
            facts[stage] = work(estimator, trial, images)
    finally:
        estimator.close()


def _options(trial: Trial, lines: list[str]) -> EngineOptions:
    told = [perf_counter()]

    def report(line: str) -> None:
        lines.append(line)
        print(f'  {trial.backend}: {line}', file=sys.stderr, flush=True)

    def progress(step: BuildStep) -> bool:
        if perf_counter() - told[0] > _PACE:
            told[0] = perf_counter()
            part = '' if step.fraction is None else f', {step.fraction:.0%}'
            print(f'  {trial.backend}: {step.phase}{part}', file=sys.stderr, flush=True)
        return True

    return EngineOptions(
        batch=trial.batch, cache=trial.cache, workspace_mb=trial.workspace_mb, report=report,
        progress=progress)


def engine_file(lines: Sequence[str]) -> Facts | None:
    """Read from the log of the engine cache which file the engine is, and whether it is new."""
    for line in lines:
        built = re.search(r"^engine built in .* kept as '(.+)'$", line)
        found = built or re.search(r"^engine from '(.+)'$", line)
        if found:
            return {'from': 'build' if built else 'cache', **_sidecar(Path(found.group(1)))}
    return None


def _sidecar(path: Path) -> Facts:
    facts: Facts = {'path': str(path)}
    try:
        values = json.loads(path.with_suffix('.json').read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return facts
    return {**facts, **{name: values.get(name) for name in ('bytes', 'build_seconds', 'key')}}


def _parity(estimator: DepthEstimator, trial: Trial, images: Sequence[Image]) -> Facts:
    """Compare with ONNX Runtime on the CPU, image by image and in one batch."""
    if trial.model.suffix == '.safetensors':
        return {'reference': None, 'why': 'a checkpoint is not run by ONNX Runtime'}
    inputs = {'probe': make_probe(estimator.card).tensor}
    inputs |= {f'frame {i}': estimator.prepare(rgb, None).tensor
               for i, rgb in enumerate(images[:trial.frames])}
    output = estimator.card.output_name
    reference = open_engine(trial.model, REFERENCE, EngineOptions(faithful=True))
    try:
        expected = {name: reference.infer(x, output)[0] for name, x in inputs.items()}
    finally:
        reference.close()
    found = {name: estimator.engine.infer(x, output)[0] for name, x in inputs.items()}
    most = min(estimator.engine.max_batch, len(inputs))
    if most > 1:
        names = list(inputs)[:most]
        maps = estimator.engine.infer(np.concatenate([inputs[name] for name in names]), output)
        found |= {f'{name}, batch of {most}': value for name, value in zip(names, maps)}
        expected |= {f'{name}, batch of {most}': expected[name] for name in names}
    return _judged(estimator, found, expected)


def _judged(
    estimator: DepthEstimator, found: dict[str, NDArray[np.float32]],
    expected: dict[str, NDArray[np.float32]],
) -> Facts:
    parities = {
        name: check(value, expected[name], estimator.card.precision,
                    f'{estimator.engine.name} on {name}') for name, value in found.items()}
    worst: Parity = max(parities.values(), key=lambda parity: parity.mean)
    return {'reference': 'onnxruntime CPU', 'worst': asdict(worst),
            'images': {name: asdict(parity) for name, parity in parities.items()}}


def _latency(
    estimator: DepthEstimator, trial: Trial, images: Sequence[Image],
) -> list[Facts]:
    images = [resize(rgb, SIZE) for rgb in images]
    camera = CameraModel.from_calibration(
        width=SIZE[0], height=SIZE[1], K=K, D=LENS, distortion_model='plumb_bob')

    def frames(count: int) -> None:
        estimator.infer([estimator.prepare(rgb, camera) for rgb in images[:count]])

    rows = []
    for count in dict.fromkeys((1, trial.batch)):
        tensor = np.concatenate(
            [estimator.prepare(rgb, camera).tensor for rgb in images[:count]])
        if count <= estimator.engine.max_batch:
            infer = partial(estimator.engine.infer, tensor, estimator.card.output_name)
            rows.append(_row('engine', count, measure(infer, trial.repeats)))
        rows.append(_row('frame 640x480', count, measure(
            partial(frames, count), trial.repeats)))
    return rows


def _row(what: str, images: int, latency: Latency) -> Facts:
    return {'what': what, 'images': images, 'median_ms': 1e3 * latency.median,
            'p95_ms': 1e3 * latency.p95, 'repeats': latency.repeats,
            'images_per_second': images / latency.median}


def _images(count: int) -> tuple[list[Image], str]:
    """Give ``count`` images and where they are from."""
    try:
        return recorded_images(count), DEMO_RECORDING
    except (ImportError, Sa4DepthError) as error:
        # No reason to think ill of the backend.
        pixels = cv2.imread(str(share_path(PROBE_IMAGE)), cv2.IMREAD_COLOR)
        assert pixels is not None
        rgb: Image = np.ascontiguousarray(pixels[..., ::-1], dtype=np.uint8)
        return [rgb] * count, f'{PROBE_IMAGE}, as the recording cannot be read: {error}'


def recorded_images(count: int) -> list[Image]:
    """Give ``count`` images (h, w, 3) RGB spread over the shipped recording, again if need be."""
    from sa4depth_train.bag_index import BagIndex
    from sa4depth_train.data_config import DataConfig
    index = BagIndex(share_path(DEMO_RECORDING), DataConfig(), need_depth=False)
    try:
        places = np.linspace(0, len(index.frames) - 1, count).round().astype(int)
        return [index.read_image(index.frames[i]) for i in places]
    finally:
        index.close()


def plain(value: Any) -> Any:
    """Bring facts to what JSON knows: no infinity, no NaN, no NumPy."""
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def main(argv: Sequence[str] | None = None) -> int:
    """Examine one backend and write the facts to a JSON file, again before every stage."""
    parser = argparse.ArgumentParser(description='Examine one backend, for `sa4depth doctor`.')
    parser.add_argument('--model', type=Path, required=True)
    parser.add_argument('--backend', required=True)
    parser.add_argument('--batch', type=int, default=1)
    parser.add_argument('--cache', type=Path)
    parser.add_argument('--workspace-mb', type=int, default=0)
    parser.add_argument('--repeats', type=int, default=100)
    parser.add_argument('--frames', type=int, default=4)
    parser.add_argument('--output', type=Path, required=True)
    args = vars(parser.parse_args(argv))
    output: Path = args.pop('output')
    try:
        examine(Trial(**args), lambda facts: output.write_text(
            json.dumps(plain(facts)), encoding='utf-8'))
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == '__main__':
    sys.exit(main())
