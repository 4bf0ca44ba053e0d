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

"""`sa4depth doctor`: what runs on this machine, how right and how fast, in one report."""

import argparse
from collections.abc import Sequence
from datetime import datetime, timezone
import json
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
from typing import Any

from sa4depth_ros.cli.doctor_machine import attempt, gpu_facts, machine_facts, software_facts
from sa4depth_ros.cli.doctor_report import print_report, without_names
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.resources import DEFAULT_MODEL, share_path

NAME = 'doctor'
HELP = 'collect what this machine runs: versions, engine, parity, latency'

# Of the JSON document; a change that a reader must know of makes it larger.
SCHEMA = 1
ONNX_BACKENDS = ('tensorrt', 'onnxruntime-tensorrt', 'onnxruntime-cuda', 'onnxruntime')
EXAMINER = (sys.executable, '-m', 'sa4depth_ros.cli.doctor_backend')
STDERR = 2
QUICK_REPEATS, QUICK_FRAMES, FRAMES = 10, 1, 4

Facts = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--model', type=Path, help='model file (default: the shipped one)')
    parser.add_argument('--batch', type=int, default=1,
                        help='also with this many images at once, as for several cameras')
    parser.add_argument('--cache', type=Path, help='folder for TensorRT engines (default: that '
                                                   'of the node)')
    parser.add_argument('--workspace-mb', type=int, default=0, metavar='MIB',
                        help="as the node's engine_workspace_mb (default: 0)")
    parser.add_argument('--repeats', type=int, default=100, help='runs that each timing takes')
    parser.add_argument('--quick', action='store_true',
                        help=f'{QUICK_REPEATS} runs and {QUICK_FRAMES} image only')
    parser.add_argument('--json', type=Path, help='also write all of it to this file, to attach '
                                                  'to an issue')


def run(args: argparse.Namespace) -> int:
    """Report; exit code 0 when a backend works and none is faulty, else 1."""
    if args.repeats < 1 or args.batch < 1 or args.workspace_mb < 0:
        raise ConfigError('expected --repeats and --batch 1 or more and --workspace-mb 0 or more, '
                          f'got {args.repeats}, {args.batch} and {args.workspace_mb}')
    if args.json is not None:
        _must_be_writable(args.json)
    document = without_names(_document(args))
    if args.json is not None:
        args.json.write_text(json.dumps(document, indent=2) + '\n', encoding='utf-8')
    print_report(document)
    if args.json is not None:
        print(f"written to '{args.json}': attach it to an issue; it names no user and no host")
    return int(not document['verdict']['healthy'])


def _must_be_writable(path: Path) -> None:
    # Before the work, not after it.
    try:
        path.open('a', encoding='utf-8').close()
    except OSError as error:
        raise ConfigError(f"--json: '{path}' cannot be written: {error}") from error


def _document(args: argparse.Namespace) -> Facts:
    model = args.model or share_path(DEFAULT_MODEL)
    document: Facts = {
        'schema': SCHEMA,
        'created': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'options': {'batch': args.batch, 'workspace_mb': args.workspace_mb, 'quick': args.quick,
                    'repeats': QUICK_REPEATS if args.quick else args.repeats},
        'machine': attempt(machine_facts),
        'software': attempt(software_facts),
        'gpu': attempt(gpu_facts),
        'model': attempt(lambda: _model_facts(model)),
    }
    names = ('torch',) if model.suffix == '.safetensors' else ONNX_BACKENDS
    document['backends'] = {name: examine(model, name, args) for name in names}
    document['model']['card'] = _card(document['backends'])
    document['auto'] = _auto(document['backends'])
    document['verdict'] = _verdict(document['backends'])
    return document


def examine(model: Path, backend: str, args: argparse.Namespace) -> Facts:
    """Let another process try ``backend``; what it found, also when it did not survive."""
    with tempfile.TemporaryDirectory(prefix='sa4depth_doctor_') as folder:
        output = Path(folder, 'facts.json')
        command = [
            *EXAMINER, '--model', str(model), '--backend', backend, '--output', str(output),
            '--batch', str(args.batch), '--workspace-mb', str(args.workspace_mb),
            '--repeats', str(QUICK_REPEATS if args.quick else args.repeats),
            '--frames', str(QUICK_FRAMES if args.quick else FRAMES),
            *(['--cache', str(args.cache)] if args.cache else [])]
        print(f'trying {backend} ...', file=sys.stderr, flush=True)
        # Its stdout may hold what libraries print; ours is the report.
        code = subprocess.run(command, stdout=STDERR, check=False).returncode
        facts = _read(output)
    if code != 0:
        facts |= {'status': 'faulty', 'reason': _ended(code, facts.get('stage', 'start'))}
    return facts


def _read(path: Path) -> Facts:
    try:
        facts: Facts = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {'status': 'faulty', 'reason': 'the process that tried it left no findings'}
    return facts


def _ended(code: int, stage: str) -> str:
    how = f'exit code {code}'
    if code < 0:
        how = f'signal {_signal_name(-code)}'
        if -code == signal.SIGKILL:
            how += ' (out of memory? see `dmesg`)'
    return f'the process that tried it ended with {how} in stage {stage!r}'


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _model_facts(model: Path) -> Facts:
    from sa4depth_ros.runtime.engine_cache import content_hash
    return {'file': model.name, 'bytes': model.stat().st_size, 'sha256': content_hash(model)}


def _card(backends: dict[str, Facts]) -> Facts:
    """Take the card out of what each backend read; the long metrics stay in the model."""
    cards = [facts.pop('card') for facts in backends.values() if 'card' in facts]
    if not cards:
        return {'error': 'no backend could read the model'}
    return {name: value for name, value in cards[0].items() if name != 'metrics'}


def _auto(backends: dict[str, Facts]) -> Facts:
    """Tell what `backend: auto` would run: the best of those that it tries."""
    for name in ('tensorrt', 'onnxruntime-cuda', 'onnxruntime'):
        if backends.get(name, {}).get('status') == 'works':
            return {'backend': name, 'engine': backends[name]['engine']}
    if 'torch' in backends:
        return {'reason': 'a checkpoint runs with backend torch only'}
    return {'reason': 'no backend that it tries works'}


def _verdict(backends: dict[str, Facts]) -> Facts:
    def those(status: str) -> Sequence[str]:
        return [name for name, facts in backends.items() if facts['status'] == status]

    works, faulty, missing = those('works'), those('faulty'), those('missing')
    parts = [f'{", ".join(names)} {what}' for names, what in (
        (works, 'works' if len(works) == 1 else 'work'), (faulty, 'FAULTY'),
        (missing, 'not on this machine')) if names]
    return {'healthy': bool(works) and not faulty, 'works': works, 'faulty': faulty,
            'missing': missing, 'text': '; '.join(parts)}
