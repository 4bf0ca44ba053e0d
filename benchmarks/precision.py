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
What fp16 and int8 cost and bring: size, time on this CPU, accuracy on recordings.

Exports a checkpoint four times, int8 calibrated on the first of the bags, lets the files take
turns on one image, and compares each with fp32 torch and with the measured depth, on the last
fifth of each bag, which training and calibration leave out.

    python benchmarks/precision.py --bags RECORDINGS [--only hololens_walk ...] [--profile]
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
import json
from pathlib import Path
import tempfile
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import onnxruntime
from sa4depth_ros.networks.factory import load_checkpoint
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions, open_engine
from sa4depth_train.calibration import sample_bag
from sa4depth_train.data_config import DataConfig
from sa4depth_train.evaluation import evaluate_bag
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.export import export_checkpoint, ExportReport
from sa4depth_train.parity import measure_parity, Parity
from training_step import machine

FILES = {'fp32': ('fp32', 'gpu'), 'fp16': ('fp16', 'gpu'), 'int8': ('int8', 'gpu'),
         'int8, for a CPU': ('int8', 'cpu')}
BAGS = ('hololens_walk', 'icsl_corridor', 'tum_fr1_rpy', 'tum_fr3_structure', 'tum_fr3_cabinet')
# As foreign to an indoor network as can be: compared with torch only.
FOREIGN = 'kitti_raw_0005'
MAX_DEPTH = 12.0


def main() -> None:
    """Export, measure and print tables in Markdown, the figures of all as JSON on request."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--bags', type=Path, required=True, help='folder of the recordings')
    parser.add_argument('--only', nargs='+', default=list(BAGS), metavar='BAG')
    parser.add_argument('--checkpoint', type=Path,
                        default=share_path(DEFAULT_MODEL).with_suffix('.safetensors'))
    parser.add_argument('--threads', type=int, default=2, help='of one inference')
    parser.add_argument('--rounds', type=int, default=60)
    parser.add_argument('--profile', action='store_true', help='time by kind of operator, too')
    parser.add_argument('--json', type=Path, help='file for all figures')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f'{precision}_{target}.onnx'
                 for name, (precision, target) in FILES.items()}
        reports = {name: export_checkpoint(
            args.checkpoint, path, precision=FILES[name][0], target=FILES[name][1],
            bag=args.bags / args.only[0]) for name, path in files.items()}
        image = sample_bag(args.bags / args.only[0], _size(reports['fp32'])).parity[0][0][None]
        times = interleaved(files, image, args.threads, args.rounds)
        metrics = {name: {bag: _accuracy(path, args.bags / bag, args.threads)
                          for bag in args.only} for name, path in files.items()}
        parities = {bag: _parities(args.checkpoint, files, args.bags / bag)
                    for bag in (*args.only, FOREIGN) if (args.bags / bag).exists()}
        sizes = {name: path.stat().st_size / 1e6 for name, path in files.items()}
        print(_first_table(sizes, times), _parity_table(parities), _accuracy_table(metrics),
              sep='\n\n')
        print(f'\n{machine()}; {args.threads} threads, ONNX Runtime {onnxruntime.__version__}, '
              f"{'x'.join(map(str, _size(reports['fp32'])))} pixels; "
              f'int8 calibrated on {reports["int8"].calibrated_on}')
        if args.profile:
            print(f'\n{_profiles(files, image, args.threads)}')
    if args.json:
        args.json.write_text(json.dumps({
            'machine': machine(), 'sizes_mb': sizes, 'metrics': metrics,
            'seconds': {name: float(np.median(t)) for name, t in times.items()},
            'parity': {bag: {name: vars(parity) for name, parity in found.items()}
                       for bag, found in parities.items()}}, indent=1))


def interleaved(
    files: Mapping[str, Path], image: NDArray[np.uint8], threads: int, rounds: int,
) -> dict[str, NDArray[np.float64]]:
    """Time each model on ``image`` (1, H, W, 3) once a round, seconds (rounds,)."""
    options = EngineOptions(threads=threads)
    engines = {name: open_engine(path, 'onnxruntime', options) for name, path in files.items()}
    seconds: dict[str, list[float]] = {name: [] for name in files}
    for round_number in range(rounds + 3):
        for name, engine in engines.items():
            start = time.perf_counter()
            engine.infer(image)
            if round_number >= 3:
                seconds[name].append(time.perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def _size(report: ExportReport) -> tuple[int, int]:
    return report.card.input_height, report.card.input_width


def _accuracy(model: Path, bag: Path, threads: int) -> dict[str, float]:
    estimator = DepthEstimator(
        model, backend='onnxruntime', options=EngineOptions(threads=threads, faithful=True))
    return evaluate_bag(
        estimator, bag, DataConfig(max_depth=MAX_DEPTH), Excerpt(start=0.8)).metrics


def _parities(
    checkpoint: Path, files: Mapping[str, Path], bag: Path,
) -> dict[str, Parity]:
    network, card = load_checkpoint(checkpoint)
    frames = sample_bag(bag, (card.input_height, card.input_width)).parity
    return {name: measure_parity(network, path, frames) for name, path in files.items()}


def _first_table(sizes: Mapping[str, float], times: Mapping[str, NDArray[np.float64]]) -> str:
    rows = []
    for name, size in sizes.items():
        milliseconds = 1e3 * times[name]
        rows.append([
            name, f'{size:.1f} MB',
            f'{np.median(milliseconds):.1f} ms ({np.percentile(milliseconds, 95):.1f})',
            f'{np.median(times["fp32"] / times[name]):.2f}'])
    return _markdown(('file', 'size', 'time, median (p95)', 'times as fast as fp32'), rows)


def _parity_table(parities: Mapping[str, Mapping[str, Parity]]) -> str:
    rows = [[name, *(f'{found[name].mean:.2g}, {found[name].abs_rel:.2g}, '
                     f'{found[name].largest:.2g}' for found in parities.values())]
            for name in FILES]
    return _markdown(('mean, AbsRel, largest', *parities), rows)


def _accuracy_table(metrics: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    bags = list(next(iter(metrics.values())))
    rows = [[name, *(f'{values[bag]["abs_rel"]:.3f}, {values[bag]["delta1"]:.3f}'
                     for bag in bags)] for name, values in metrics.items()]
    return _markdown(('AbsRel, delta1', *bags), rows)


def _profiles(files: Mapping[str, Path], image: NDArray[np.uint8], threads: int) -> str:
    lines = []
    for name, path in files.items():
        spent = _by_operator(path, image, threads)
        parts = ', '.join(f'{kind} {1e3 * value:.2f}' for kind, value in spent.most_common(8))
        lines.append(f'{name}, ms by operator: {parts}')
    return '\n'.join(lines)


def _by_operator(path: Path, image: NDArray[np.uint8], threads: int) -> Counter[str]:
    """Give seconds of one inference by kind of operator, the median of 20 for each node."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_profiling = True
    options.profile_file_prefix = str(path.with_suffix(''))
    session = onnxruntime.InferenceSession(
        str(path), options, providers=['CPUExecutionProvider'])
    for _ in range(20):
        session.run(None, {session.get_inputs()[0].name: image})
    events: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_text())
    nodes: dict[tuple[str, str], list[float]] = {}
    for event in events:
        if event.get('cat') == 'Node' and event['name'].endswith('_kernel_time'):
            key = event['args']['op_name'], event['name']
            nodes.setdefault(key, []).append(event['dur'] / 1e6)
    spent: Counter[str] = Counter()
    for (kind, _), values in nodes.items():
        spent[kind] += float(np.median(values))  # type: ignore[assignment]
    return spent


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ['---'] * len(columns), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


if __name__ == '__main__':
    main()
