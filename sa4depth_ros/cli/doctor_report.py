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

"""The findings of `sa4depth doctor` for people, and without what is private."""

from collections.abc import Callable, Iterator, Sequence
import getpass
from pathlib import Path
import re
from typing import Any

Facts = dict[str, Any]


def without_names(value: Any) -> Any:
    """Replace the home folder by ~ and the user's name in paths by 'user', everywhere."""
    if isinstance(value, dict):
        return {name: without_names(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_names(item) for item in value]
    if not isinstance(value, str):
        return value
    for home in dict.fromkeys((str(Path.home()), str(Path.home().resolve()))):
        value = re.sub(rf'{re.escape(home)}(?=/|\W|$)', '~', value)
    return re.sub(rf'(?<=/){re.escape(_user())}(?=/)', 'user', value)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no user has.
        return Path.home().name or 'root'


def print_report(document: Facts) -> None:
    """Print the document as a few lines, a table and the reasons."""
    for part in (_head, _table, _reasons):
        print('\n'.join(_guarded(part, document)), end='\n\n')
    print(f'verdict: {document["verdict"]["text"]}')


def _guarded(part: Callable[[Facts], Iterator[str]], document: Facts) -> Iterator[str]:
    # A machine that hides its facts must not cost the rest of the report.
    try:
        yield from part(document)
    except (KeyError, TypeError, AttributeError) as error:
        yield f'(the rest of this part is unknown: {type(error).__name__} {error})'


def _head(document: Facts) -> Iterator[str]:
    machine, software = document['machine'], document['software']
    yield f'sa4depth_ros {_short(software["sa4depth_ros"])}, Python {software["python"]}'
    yield f'machine   {_machine(machine)}'
    yield (f'system    {_short(machine["system"])}, kernel {machine["kernel"]}'
           f'{", in a container" if machine["container"] else ""}; '
           f'ROS {software["ros"].get("ROS_DISTRO", "not sourced")}')
    yield f'software  {_software(software)}'
    yield f'GPU       {_gpu(document["gpu"])}'
    yield f'model     {_model(document["model"])}'


def _reasons(document: Facts) -> Iterator[str]:
    for name, facts in document['backends'].items():
        if facts['status'] != 'works':
            yield f'{name} {_state(facts)}: {facts["reason"]}'
    yield f'auto: {_auto(document["auto"])}'


def _machine(machine: Facts) -> str:
    jetson = machine['jetson'] or {}
    parts = [jetson.get('model'), _short(machine['processor']), f'{machine["cores"]} cores',
             machine['architecture']]
    if 'total_mb' in machine['memory']:
        parts.append(f'{machine["memory"]["total_mb"]} MB, of which '
                     f'{machine["memory"]["available_mb"]} free')
    mode = (jetson.get('power_mode') or '').replace('\n', ' ')
    return ', '.join(str(part) for part in [*parts, jetson.get('release'), mode] if part)


def _software(software: Facts) -> str:
    onnx, tensorrt = software['onnxruntime'], software['tensorrt']
    packages = software['packages']
    parts = [f'NumPy {packages.get("numpy", "?")}', f'OpenCV {_short(software["opencv"])}']
    parts.append(f'ONNX Runtime {onnx["version"]}' if 'version' in onnx
                 else f'no ONNX Runtime ({_short(onnx)})')
    parts.append(f'{tensorrt["flavour"]} {tensorrt["version"]}' if 'version' in tensorrt
                 else 'no TensorRT')
    bindings = packages.get('cuda-bindings') or packages.get('cuda-python')
    parts.append(f'CUDA bindings {bindings}' if bindings else 'no CUDA bindings')
    return ', '.join(parts)


def _gpu(gpu: Facts) -> str:
    if 'name' not in gpu:
        return _short(gpu)
    return (f'{gpu["name"]}, compute capability {gpu["compute_capability"]}, '
            f'{gpu["memory_mb"]} MB, driver for CUDA {gpu["driver_cuda"]}')


def _model(model: Facts) -> str:
    if 'sha256' not in model:
        return _short(model)
    card = model['card']
    text = f'{model["file"]}, {model["bytes"] / 1e6:.1f} MB, sha256 {model["sha256"][:12]}'
    if 'precision' not in card:
        return f'{text}; {_short(card)}'
    return f'{text}, {card["precision"]}, {card["input_width"]}x{card["input_height"]}'


def _table(document: Facts) -> Iterator[str]:
    rows = [('backend', 'state', 'ready in', 'difference mean / p99', 'what', 'median', 'p95',
             'images/s')]
    for name, facts in document['backends'].items():
        head = (name, _state(facts), _ready(facts), _difference(name, facts.get('parity')))
        latencies = [
            (f'{row["what"]} x{row["images"]}', f'{row["median_ms"]:.2f} ms',
             f'{row["p95_ms"]:.2f} ms', f'{row["images_per_second"]:.1f}')
            for row in facts.get('latency', [])]
        rows += [(*(head if i == 0 else ('', '', '', '')), *row)
                 for i, row in enumerate(latencies or [('', '', '', '')])]
    yield from _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def _state(facts: Facts) -> str:
    return {'works': 'works', 'missing': 'not here'}.get(facts['status'], 'FAULTY')


def _ready(facts: Facts) -> str:
    if 'open_seconds' not in facts:
        return ''
    file = facts.get('engine_file') or {}
    origin = {'build': ' (built)', 'cache': ' (cache)'}.get(file.get('from', ''), '')
    return f'{facts["open_seconds"]:.1f} s{origin}'


def _difference(name: str, parity: Facts | None) -> str:
    if not parity or 'worst' not in parity:
        return ''
    if name == 'onnxruntime':
        return 'is the reference'
    worst = parity['worst']
    return f'{worst["mean"]:.3%} / {worst["p99"]:.3%}'


def _auto(auto: Facts) -> str:
    if 'engine' not in auto:
        return _short(auto)
    return f'the node runs on {auto["engine"]}'


def _short(value: Any) -> str:
    if isinstance(value, dict):
        text = next((value[key] for key in ('missing', 'error', 'reason') if key in value), '')
        return f'none: {text}' if 'missing' in value else str(text)
    return str(value)
