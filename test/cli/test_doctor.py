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

"""`sa4depth doctor`: what it finds here, and that nothing that fails keeps it from reporting."""

import argparse
import json
import os
from pathlib import Path
import signal
import socket
import sys
from typing import Any

from cuda_emulator import CudaEmulator
import numpy as np
import pytest
from sa4depth_ros.cli import doctor, doctor_backend, doctor_machine, doctor_report
from sa4depth_ros.cli.doctor_backend import engine_file, examine, plain, recorded_images, Trial
from sa4depth_ros.cli.main import main
from sa4depth_ros.errors import BackendMissingError, DeviceError
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sa4depth_ros.runtime import depth_estimator
from sa4depth_ros.runtime.engine_cache import EngineCache, EngineKey
from sa4depth_ros.runtime.engines import tensorrt_backend
from sa4depth_ros.runtime.engines.tensorrt_library import Library
from tensorrt_emulator import tensorrt_emulator

MODEL = share_path(DEFAULT_MODEL)
QUICK = Trial(MODEL, 'onnxruntime', repeats=2, frames=1)


@pytest.fixture(scope='module')
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run the command as it is, with two of the backends."""
    home = tmp_path_factory.mktemp('home') / 'ada'
    home.mkdir()
    report = home / 'doctor.json'
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setenv('HOME', str(home))
        patched.setenv('FASTRTPS_DEFAULT_PROFILES_FILE', f'{home}/fastdds.xml')
        patched.setattr(doctor, 'ONNX_BACKENDS', ('tensorrt', 'onnxruntime'))
        patched.setattr(doctor, 'QUICK_REPEATS', 3)
        code = main(['doctor', '--quick', '--batch', '2', '--json', str(report)])
    return {'code': code, 'home': str(home), 'text': report.read_text(encoding='utf-8')}


def test_the_command_reports_what_runs_here(document: dict[str, Any]) -> None:
    facts = json.loads(document['text'])
    assert set(facts) == {'schema', 'created', 'options', 'machine', 'software', 'gpu', 'model',
                          'backends', 'auto', 'verdict'}
    assert facts['schema'] == 1
    ready = facts['backends']['onnxruntime']
    assert ready['status'] == 'works' and ready['engine'] == 'onnxruntime CPU'
    assert ready['parity']['worst']['mean'] < 1e-5
    assert set(ready['parity']['images']) >= {'probe', 'frame 0', 'probe, batch of 2'}
    rows = {(row['what'], row['images']) for row in ready['latency']}
    assert rows == {(what, n) for what in ('engine', 'frame 640x480') for n in (1, 2)}
    for row in ready['latency']:
        assert 0 < row['median_ms'] <= row['p95_ms']
        assert row['images_per_second'] == pytest.approx(1e3 * row['images'] / row['median_ms'])
    # With a GPU it may work; without one it is absent, which is no fault.
    assert facts['backends']['tensorrt']['status'] in ('works', 'missing')
    assert document['code'] == 0


def test_the_report_says_what_the_machine_and_the_model_are(document: dict[str, Any]) -> None:
    facts = json.loads(document['text'])
    assert facts['machine']['cores'] == len(os.sched_getaffinity(0))
    assert facts['machine']['memory']['total_mb'] > 100
    assert facts['software']['python'] == sys.version.split()[0]
    assert facts['software']['packages']['numpy'] == np.__version__
    assert 'CPUExecutionProvider' in facts['software']['onnxruntime']['providers']
    assert facts['model']['bytes'] == MODEL.stat().st_size
    assert facts['model']['card']['name'] == 'sa4depth_default'
    assert not any('card' in backend for backend in facts['backends'].values())


def test_the_report_names_neither_home_nor_user_nor_host(document: dict[str, Any]) -> None:
    assert document['home'] not in document['text']
    assert json.loads(document['text'])['software']['ros'][
        'FASTRTPS_DEFAULT_PROFILES_FILE'] == '~/fastdds.xml'
    host = socket.gethostname()
    assert len(host) < 6 or host not in document['text']


def test_the_users_name_leaves_every_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HOME', '/home/ada')
    monkeypatch.setattr(doctor_report, '_user', lambda: 'ada')
    assert doctor_report.without_names({'a': ['/media/ada/x', '/home/ada', '/home/adam/y', 3]}) \
        == {'a': ['/media/user/x', '~', '/home/adam/y', 3]}


def test_a_broken_model_is_reported_and_ends_in_1(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / 'broken.onnx'
    broken.write_bytes(MODEL.read_bytes()[:5000])
    monkeypatch.setattr(doctor, 'ONNX_BACKENDS', ('onnxruntime',))
    assert main(['doctor', '--quick', '--model', str(broken)]) == 1
    output = capsys.readouterr().out
    assert 'onnxruntime FAULTY: ONNX Runtime cannot load' in output
    assert 'verdict: onnxruntime FAULTY' in output


class Bent:
    """An engine whose depth is 10 % too large."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def infer(self, tensor: Any, output_name: str = '') -> Any:
        return 1.1 * self._engine.infer(tensor, output_name)


def test_a_backend_that_computes_something_else_is_faulty(
        monkeypatch: pytest.MonkeyPatch) -> None:
    opened = depth_estimator.open_engine
    monkeypatch.setattr(
        depth_estimator, 'open_engine', lambda *arguments: Bent(opened(*arguments)))
    facts = examine(QUICK, lambda facts: None)
    assert (facts['status'], facts['stage']) == ('faulty', 'parity')
    assert 'mean difference 10.00%' in facts['reason']
    assert 'latency' not in facts


@pytest.mark.parametrize(('error', 'status'), [
    (BackendMissingError('no GPU'), 'missing'),
    (DeviceError('the GPU is lost'), 'faulty'),
    (ZeroDivisionError('a bug'), 'faulty'),
])
def test_what_fails_to_open_is_missing_or_faulty(
        error: Exception, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(depth_estimator, 'open_engine', fail)
    saved: list[str] = []
    facts = examine(QUICK, lambda facts: saved.append(facts['status']))
    assert (facts['status'], facts['stage']) == (status, 'open')
    assert str(error) in facts['reason']
    assert saved == ['faulty', status]


@pytest.mark.parametrize(('code', 'said'), [
    (f'os.kill(os.getpid(), {int(signal.SIGSEGV)})', 'signal SIGSEGV'),
    (f'os.kill(os.getpid(), {int(signal.SIGKILL)})', 'out of memory?'),
    ('sys.exit(3)', 'exit code 3'),
])
def test_a_backend_that_takes_its_process_down_is_faulty(
        code: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        doctor, 'EXAMINER', (sys.executable, '-c', f'import os, sys; {code}'))
    args = argparse.Namespace(batch=1, quick=True, repeats=1, cache=None, workspace_mb=0)
    facts = doctor.examine(MODEL, 'tensorrt', args)
    assert facts['status'] == 'faulty'
    assert said in facts['reason']


def test_the_stage_of_a_crash_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was saved before the crash is kept."""
    code = ('import os, pathlib, sys; '
            'pathlib.Path(sys.argv[sys.argv.index("--output") + 1]).write_text('
            "'{\"status\": \"faulty\", \"stage\": \"latency\", \"engine\": \"x\"}'); os.abort()")
    monkeypatch.setattr(doctor, 'EXAMINER', (sys.executable, '-c', code))
    args = argparse.Namespace(batch=1, quick=True, repeats=1, cache=None, workspace_mb=0)
    facts = doctor.examine(MODEL, 'tensorrt', args)
    assert facts['engine'] == 'x'
    assert "SIGABRT in stage 'latency'" in facts['reason']


def test_tensorrt_is_built_then_found_then_compared_and_timed(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On an emulated GPU, which computes as ONNX Runtime does."""
    cuda = CudaEmulator().install(monkeypatch)
    library = Library(tensorrt_emulator(cuda), 'tensorrt', '10.3.0')
    monkeypatch.setattr(tensorrt_backend, 'load_library', lambda: library)
    trial = Trial(MODEL, 'tensorrt', batch=2, cache=tmp_path, workspace_mb=64, repeats=1, frames=1)
    built, found = (examine(trial, lambda facts: None) for _ in range(2))
    for facts, origin in ((built, 'build'), (found, 'cache')):
        assert facts['status'] == 'works', facts
        assert facts['engine_file']['from'] == origin
        assert facts['engine_file']['key']['settings'] == 'workspace 64 MiB'
        assert facts['max_batch'] == 2 and len(facts['latency']) == 4
        assert facts['parity']['worst']['mean'] < 0.005
        assert 'frame 0, batch of 2' in facts['parity']['images']
    gpu = doctor_machine.gpu_facts()
    assert set(gpu) == {'name', 'compute_capability', 'memory_mb', 'driver_cuda'}
    assert gpu['name'] == found['engine_file']['key']['device']


def test_the_engine_file_is_read_from_the_log_of_the_cache(tmp_path: Path) -> None:
    key = EngineKey('m', '0' * 64, 'tensorrt 10.3', 'Orin', '8.7', '1', 'fp16')
    for origin in ('build', 'cache'):
        lines: list[str] = []
        EngineCache(tmp_path, lines.append).obtain(key, lambda: b'engine', lambda data: data)
        found = engine_file(['something else', *lines])
        assert found['from'] == origin
        assert found['bytes'] == 6 and found['key']['device'] == 'Orin'
        assert Path(found['path']).parent == tmp_path
    assert engine_file(['no engine here']) is None


def test_the_verdict_needs_one_that_works_and_none_that_fails() -> None:
    works, missing, faulty = (
        {'status': status, 'engine': 'ort'} for status in ('works', 'missing', 'faulty'))
    assert doctor._verdict({'a': works, 'b': missing})['healthy']
    assert not doctor._verdict({'a': works, 'b': faulty})['healthy']
    assert not doctor._verdict({'b': missing})['healthy']
    assert doctor._auto({'tensorrt': missing, 'onnxruntime': works})['engine'] == 'ort'


def test_a_fact_that_cannot_be_found_out_costs_nothing_else(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise OSError('no such thing')

    monkeypatch.setattr(doctor_machine, '_memory', fail)
    facts = doctor_machine.machine_facts()
    assert facts['memory'] == {'error': 'OSError: no such thing'}
    assert facts['cores'] > 0
    doctor_report.print_report({
        'machine': {'error': 'all of it'}, 'software': {}, 'gpu': {}, 'model': {},
        'backends': {'a': {'status': 'faulty', 'reason': 'why'}}, 'auto': {'reason': 'none'},
        'verdict': {'text': 'a FAULTY'}})
    output = capsys.readouterr().out
    assert 'unknown' in output and 'a FAULTY: why' in output


def test_a_jetson_tells_its_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {'/proc/device-tree/model': 'NVIDIA Jetson Orin Nano Developer Kit\0',
             '/etc/nv_tegra_release': '# R36 (release), REVISION: 4.3, GCID: 38968081\nmore\n'}
    for i, (name, text) in enumerate(files.items()):
        files[name] = str(tmp_path / str(i))
        Path(files[name]).write_text(text, encoding='utf-8')
    monkeypatch.setattr(doctor_machine, 'Path', lambda name: Path(files.get(name, name)))
    monkeypatch.setattr(
        doctor_machine, '_output',
        lambda *command: 'NV Power Mode: MAXN_SUPER\n2' if command[0] == 'nvpmodel' else None)
    facts = doctor_machine.machine_facts()
    assert facts['jetson'] == {
        'model': 'NVIDIA Jetson Orin Nano Developer Kit', 'jetpack': None,
        'release': '# R36 (release), REVISION: 4.3, GCID: 38968081',
        'power_mode': 'NV Power Mode: MAXN_SUPER\n2'}


def test_json_holds_no_infinity() -> None:
    facts = plain({'a': [np.float32(1.5), float('inf'), float('nan')], 'b': Path('x'), 'c': None})
    assert facts == {'a': [1.5, None, None], 'b': 'x', 'c': None}
    json.dumps(facts, allow_nan=False)


def test_the_recorded_images_are_as_many_as_wanted() -> None:
    images = recorded_images(3)
    assert [image.shape for image in images] == [(360, 480, 3)] * 3
    assert np.abs(images[0].astype(float) - images[2]).mean() > 5


def test_without_rosbags_the_probe_image_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'sa4depth_train.bag_index', None)
    facts = examine(QUICK, lambda facts: None)
    assert facts['status'] == 'works'
    assert facts['images'].startswith('models/probe.png, as the recording cannot be read')


@pytest.mark.parametrize('arguments', [
    ('--repeats', '0'), ('--batch', '0'), ('--workspace-mb', '-1')])
def test_wrong_options_end_in_2(arguments: tuple[str, ...]) -> None:
    assert main(['doctor', *arguments]) == 2


def test_a_json_file_that_cannot_be_written_is_told_before_the_work(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, '_document', lambda args: pytest.fail('it began'))
    assert main(['doctor', '--json', str(tmp_path / 'no' / 'folder' / 'x.json')]) == 2


def test_the_process_writes_its_findings(tmp_path: Path) -> None:
    output = tmp_path / 'facts.json'
    assert doctor_backend.main([
        '--model', str(tmp_path / 'none.onnx'), '--backend', 'onnxruntime', '--output',
        str(output)]) == 0
    facts = json.loads(output.read_text(encoding='utf-8'))
    assert facts['status'] == 'faulty' and 'none.onnx' in facts['reason']
