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

"""`sa4depth benchmark`: how fast the node and its parts are on this machine."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import json
import os
from pathlib import Path
import platform
import tempfile
from typing import Any

import numpy as np
from sa4depth_ros.cli.demo_processes import demo_environment
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.files import fill_page
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.resources import DEFAULT_MODEL, share_path

NAME = 'benchmark'
HELP = 'measure the speed of the node and of its parts on this machine'
PARTS = ('frame', 'start', 'age', 'odometry', 'together')
# The rate at which depth and odometry have to hold together, Hz.
ODOMETRY_RATE = 10.0

Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--parts', nargs='+', choices=PARTS, default=list(PARTS),
                        help='frame: our own time a frame; start: time to active, memory and '
                             'rate with the model; age: age of frames under a slow engine; '
                             'odometry: a step of it, depth excluded; together: rate and age of '
                             'depth and odometry from one process')
    parser.add_argument('--model', type=Path, help='model file (default: the shipped one)')
    parser.add_argument('--motion', type=Path,
                        help='motion files of odometry and together (default: of --model)')
    parser.add_argument('--repeats', type=int, default=300, help='frames timed for each case')
    parser.add_argument('--duration', type=float, default=120.0,
                        help='seconds that the age of frames is watched')
    parser.add_argument('--json', type=Path, help='also write all figures to this file')
    parser.add_argument('--page', type=Path, metavar='FILE',
                        help='Markdown file whose tables of these parts are made anew')


def run(args: argparse.Namespace) -> int:
    """Measure, print a table a part, and give exit code 0."""
    if args.repeats < 1 or args.duration <= 0:
        raise ConfigError('--repeats and --duration must be positive')
    model = args.model or share_path(DEFAULT_MODEL)
    measure = {'frame': lambda: _frame_rows(model, args.repeats),
               'start': lambda: _start_rows(model),
               'age': lambda: _age_rows(args.duration),
               'odometry': lambda: _odometry_rows(args.motion or model, args.repeats),
               'together': lambda: _together_rows(args.motion or model)}
    print(_machine())
    results = {}
    with _environment_of_the_demo():
        for part in args.parts:
            results[part] = measure[part]()
            _print_table(part, results[part])
            if args.page:
                fill_page(args.page, f'<!-- {part}: made by sa4depth benchmark -->',
                          f'<!-- end of {part} -->', _markdown(results[part]))
    if args.json:
        document = {'machine': _machine(), 'model': str(model), **results}
        args.json.write_text(json.dumps(document, indent=2), encoding='utf-8')
    return 0


@contextmanager
def _environment_of_the_demo() -> Iterator[None]:
    """Keep apart from other nodes and use the transport that the launch file sets."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as logs:
        os.environ.update(demo_environment(Path(logs)))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _frame_rows(model: Path, repeats: int) -> list[Row]:
    from sa4depth_ros.nodes.benchmark_frame import measure_frames
    return [{'640x480 input': time.case,
             'depth, median ms': 1e3 * time.depth[0], 'p95': 1e3 * time.depth[1],
             'with cloud, median ms': 1e3 * time.cloud[0], 'p95 ': 1e3 * time.cloud[1]}
            for time in measure_frames(model, repeats)]


def _start_rows(model: Path) -> list[Row]:
    from sa4depth_ros.nodes.benchmark_process import measure_process
    rows = []
    for attempt in range(1, 4):
        result = measure_process(model, rate=30.0, duration=8.0)
        times = [when for when, _ in result.ages]
        rows.append({
            'run': attempt, 'start to active, s': result.seconds_to_active,
            'resident, MB': result.resident_bytes / 1e6, 'torch loaded': result.torch_loaded,
            'engine, ms': 1e3 * result.engine,
            'depth images, Hz': (len(times) - 1) / (times[-1] - times[0]),
            'median age, ms': 1e3 * float(np.median([age for _, age in result.ages]))})
    return rows


def _odometry_rows(model: Path, repeats: int) -> list[Row]:
    from sa4depth_ros.nodes.benchmark_odometry import ENGINES, measure_steps
    return [{'640x480, first guess': time.case, 'step, median ms': 1e3 * time.total[0],
             'p95': 1e3 * time.total[1],
             **{f'{name}, ms': 1e3 * time.parts.get(name, 0.0) for name in ENGINES},
             'outside the engines, ms': 1e3 * time.outside, 'share': time.share,
             'steps lost': time.lost} for time in measure_steps(model, repeats)]


def _together_rows(model: Path) -> list[Row]:
    from sa4depth_ros.nodes.benchmark_odometry import moving_views
    from sa4depth_ros.nodes.benchmark_process import measure_process
    rows = []
    for attempt in range(1, 4):
        result = measure_process(model, rate=ODOMETRY_RATE, duration=10.0, odometry=True,
                                 images=moving_views())
        rows.append({'run': attempt, 'images, Hz': ODOMETRY_RATE} | {
            f'{name}, {what}': value
            for name, ages in (('depth', result.ages), ('odometry', result.odometry_ages))
            for what, value in _rate_and_age(ages).items()}
            | {'resident, MB': result.resident_bytes / 1e6})
    return rows


def _rate_and_age(ages: Sequence[tuple[float, float]]) -> Row:
    """Give rate and age from messages (arrival, age), the first second apart."""
    settled = [(when, age) for when, age in ages if when - ages[0][0] > 1]
    if len(settled) < 2:
        return {'Hz': 0.0, 'age median, ms': float('nan'), 'p95, ms': float('nan')}
    median, high = np.percentile([age for _, age in settled], (50, 95))
    return {'Hz': (len(settled) - 1) / (settled[-1][0] - settled[0][0]),
            'age median, ms': 1e3 * float(median), 'p95, ms': 1e3 * float(high)}


def _age_rows(duration: float) -> list[Row]:
    from sa4depth_ros.nodes.benchmark_process import measure_process
    with tempfile.TemporaryDirectory() as folder:
        model = _slow_model(Path(folder, 'slow.onnx'))
        result = measure_process(model, rate=30.0, duration=duration)
    begin = result.ages[0][0]
    # The first second holds the discovery of the other side.
    ages = [(when - begin, age) for when, age in result.ages if when - begin > 1]
    quarters = [[age for when, age in ages if i <= 4 * when / duration < i + 1]
                for i in range(4)]
    spans = [(f'quarter {i + 1}', part) for i, part in enumerate(quarters)]
    return [_age_row(name, part, result.engine)
            for name, part in [*spans, ('all', [age for _, age in ages])] if part]


def _age_row(name: str, ages: Sequence[float], engine: float) -> Row:
    median, high = np.percentile(ages, (50, 99))
    return {'span': name, 'frames': len(ages), 'engine, ms': 1e3 * engine,
            'age median, ms': 1e3 * float(median), 'age p99, ms': 1e3 * float(high),
            'p99 / engine': float(high) / engine}


def _slow_model(path: Path) -> Path:
    """Write a model of our layout whose convolution takes longer than 1/30 s on a CPU."""
    import onnx
    from onnx import helper, TensorProto
    height, width, channels = 256, 320, 96
    card = ModelCard('slow', height, width)
    rng = np.random.default_rng(0)
    weights = {
        'first': rng.normal(0, 0.01, (channels, 3, 3, 3)),
        'heavy': rng.normal(0, 0.01, (channels, channels, 3, 3)),
        'last': rng.normal(0, 0.01, (1, channels, 1, 1)), 'unit': np.ones(1)}
    nodes = [
        helper.make_node('Cast', ['image'], ['float'], to=TensorProto.FLOAT),
        helper.make_node('Transpose', ['float'], ['planes'], perm=[0, 3, 1, 2]),
        helper.make_node('Conv', ['planes', 'first'], ['a'], pads=[1] * 4),
        helper.make_node('Conv', ['a', 'heavy'], ['b'], pads=[1] * 4),
        helper.make_node('Conv', ['b', 'heavy'], ['c'], pads=[1] * 4),
        helper.make_node('Conv', ['c', 'last'], ['d']),
        helper.make_node('Sigmoid', ['d'], ['e']),
        helper.make_node('Add', ['e', 'unit'], ['depth'])]
    graph = helper.make_graph(
        nodes, 'slow',
        [helper.make_tensor_value_info('image', TensorProto.UINT8, [1, height, width, 3])],
        [helper.make_tensor_value_info('depth', TensorProto.FLOAT, [1, 1, height, width])],
        [onnx.numpy_helper.from_array(v.astype(np.float32), n) for n, v in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=10)
    helper.set_model_props(model, card.to_metadata())
    onnx.save(model, path)
    return path


def _machine() -> str:
    return (f'{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python '
            f'{platform.python_version()}, {platform.system()}')


def _markdown(rows: Sequence[Row]) -> str:
    lines = [' | '.join(str(name).strip() for name in rows[0]),
             '|'.join(['---'] * len(rows[0])),
             *(' | '.join(_cell(value) for value in row.values()) for row in rows)]
    return '\n'.join([*(f'| {line} |' for line in lines), '', f'{_machine()}.'])


def _cell(value: Any) -> str:
    return f'{value:.2f}' if isinstance(value, float) else str(value)


def _print_table(title: str, rows: Sequence[Row]) -> None:
    cells = [[str(name).strip() for name in rows[0]]]
    cells += [[_cell(value) for value in row.values()] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    print(f'\n{title}')
    for line in cells:
        print('  ' + '  '.join(cell.rjust(width) for cell, width in zip(line, widths)))
