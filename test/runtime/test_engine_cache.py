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

"""An engine is built once and found again; one that is not exactly the right one never loads."""

from dataclasses import fields, replace
import json
from pathlib import Path
import subprocess
import sys
import time

import pytest
from sa4depth_ros.errors import DeviceError, ModelError
from sa4depth_ros.runtime.engine_cache import (
    content_hash, default_folder, EngineCache, EngineKey)

KEY = EngineKey(
    model='room', model_sha256='ab' * 32, library='tensorrt 10.3.0', device='Orin (nvgpu)',
    compute_capability='8.7', shapes='1..1 x (256, 320, 3)', precision='fp16')
ENGINE = bytes(range(256)) * 40


class Builder:
    """Builds ENGINE and loads what it is given, counting both."""

    def __init__(self, folder):
        self.lines = []
        self.builds = 0
        self.loaded = []
        self.cache = EngineCache(folder, self.lines.append)
        self.accept = lambda serialized: None

    def build(self):
        self.builds += 1
        return ENGINE

    def load(self, serialized):
        self.accept(serialized)
        self.loaded.append(serialized)
        return f'engine of {len(serialized)} bytes'

    def obtain(self, key=KEY):
        return self.cache.obtain(key, self.build, self.load)


@pytest.fixture
def builder(tmp_path):
    return Builder(tmp_path / 'engines')


def test_the_second_start_finds_what_the_first_has_built(builder, tmp_path) -> None:
    assert builder.obtain() == 'engine of 10240 bytes'
    again = Builder(tmp_path / 'engines')
    assert again.obtain() == 'engine of 10240 bytes'
    assert (builder.builds, again.builds) == (1, 0)
    assert again.loaded == [ENGINE]
    assert again.lines == [f"engine from '{again.cache.path(KEY)}'"]
    sidecar = json.loads(again.cache.path(KEY).with_suffix('.json').read_text())
    assert sidecar['key']['device'] == 'Orin (nvgpu)'
    assert sidecar['bytes'] == len(ENGINE)
    assert {p.suffix for p in again.cache.folder.iterdir()} == {'.engine', '.json', '.lock'}


@pytest.mark.parametrize('name', [f.name for f in fields(EngineKey)])
def test_every_part_of_the_key_counts(builder, name) -> None:
    builder.obtain()
    builder.obtain(replace(KEY, **{name: 'another'}))
    assert builder.builds == 2
    builder.obtain()
    assert builder.builds == 2


def damage(path: Path, kind: str) -> None:
    sidecar = path.with_suffix('.json')
    values = json.loads(sidecar.read_text())
    if kind == 'truncated':
        path.write_bytes(ENGINE[:5000])
    elif kind == 'empty':
        path.write_bytes(b'')
    elif kind == 'one bit':
        path.write_bytes(ENGINE[:99] + bytes([ENGINE[99] ^ 1]) + ENGINE[100:])
    elif kind == 'no sidecar':
        sidecar.unlink()
    elif kind == 'sidecar cut':
        sidecar.write_text(sidecar.read_text()[:40])
    elif kind == 'sidecar no object':
        sidecar.write_text('[1]')
    elif kind == 'sidecar binary':
        sidecar.write_bytes(b'\xff\xfe\x00')
    elif kind == 'stale':
        values['key']['library'] = 'tensorrt 10.2.0'
        sidecar.write_text(json.dumps(values))
    elif kind == 'of an older format':
        sidecar.write_text(json.dumps(values | {'format': 0}))


@pytest.mark.parametrize('kind', [
    'truncated', 'empty', 'one bit', 'no sidecar', 'sidecar cut', 'sidecar no object',
    'sidecar binary', 'stale', 'of an older format'])
def test_a_damaged_or_foreign_engine_is_built_anew_and_never_loaded(
    builder, tmp_path, kind,
) -> None:
    builder.obtain()
    damage(builder.cache.path(KEY), kind)
    again = Builder(tmp_path / 'engines')
    again.obtain()
    assert again.builds == 1
    assert again.loaded == [ENGINE]
    assert 'is not used and is built anew' in again.lines[0]
    # And it is whole again.
    last = Builder(tmp_path / 'engines')
    last.obtain()
    assert last.builds == 0


def test_an_engine_that_does_not_load_is_built_anew(builder, tmp_path) -> None:
    builder.obtain()
    again = Builder(tmp_path / 'engines')

    def refuse_once(_):
        again.accept = lambda serialized: None
        raise ModelError('serialised by another version')
    again.accept = refuse_once
    again.obtain()
    assert again.builds == 1
    assert 'another version' in again.lines[0]


def test_a_device_that_fails_is_no_reason_to_build(builder, tmp_path) -> None:
    builder.obtain()
    again = Builder(tmp_path / 'engines')

    def lost(_):
        raise DeviceError('out of memory')
    again.accept = lost
    with pytest.raises(DeviceError, match='out of memory'):
        again.obtain()
    assert again.builds == 0
    assert again.cache.path(KEY).is_file()


def test_a_build_that_fails_leaves_nothing_and_frees_the_lock(builder) -> None:
    def broken():
        raise ModelError('node 3 is not supported')
    with pytest.raises(ModelError, match='node 3'):
        builder.cache.obtain(KEY, broken, builder.load)
    assert {p.suffix for p in builder.cache.folder.iterdir()} <= {'.lock'}
    builder.obtain()
    assert builder.builds == 1


def test_where_nothing_can_be_written_the_engine_lives_in_memory(tmp_path) -> None:
    (tmp_path / 'file').write_text('not a folder')
    builder = Builder(tmp_path / 'file' / 'engines')
    assert builder.obtain() == 'engine of 10240 bytes'
    assert builder.builds == 1
    assert 'cannot be written' in builder.lines[0]
    assert 'built in memory' in builder.lines[0]
    # A read-only folder, even for root: no file can be made in /proc.
    builder = Builder(Path('/proc/self/engines'))
    builder.obtain()
    assert 'built in memory' in builder.lines[0]


def test_a_full_disk_costs_the_file_but_not_the_engine(builder, monkeypatch) -> None:
    def full(descriptor):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr('sa4depth_ros.runtime.engine_cache.os.fsync', full)
    assert builder.obtain() == 'engine of 10240 bytes'
    assert 'No space left' in builder.lines[-1]
    assert {p.suffix for p in builder.cache.folder.iterdir()} == {'.lock'}


ONE_OF_TWO = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_engine_cache import ENGINE, EngineCache, KEY
def build():
    Path(sys.argv[2], 'builds').open('a').write('built\\n')
    time.sleep(1.0)
    return ENGINE
got = EngineCache(Path(sys.argv[2]), lambda line: print(line, flush=True)).obtain(KEY, build, len)
print(got)
"""


def start(folder):
    return subprocess.Popen(
        [sys.executable, '-c', ONE_OF_TWO, str(Path(__file__).parent), str(folder)],
        stdout=subprocess.PIPE, text=True)


def test_two_processes_that_start_together_build_once(tmp_path) -> None:
    outputs = [process.communicate(timeout=60)[0]
               for process in [start(tmp_path) for _ in range(3)]]
    assert [output.splitlines()[-1] for output in outputs] == ['10240'] * 3
    assert (tmp_path / 'builds').read_text() == 'built\n'
    assert sum('engine from' in output for output in outputs) == 2


def test_a_builder_that_is_killed_does_not_lock_others_out(tmp_path) -> None:
    process = start(tmp_path)
    while not (tmp_path / 'builds').exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    builder = Builder(tmp_path)
    builder.obtain()
    assert builder.builds == 1


def test_waiting_can_be_ended(tmp_path) -> None:
    process = start(tmp_path)
    while not (tmp_path / 'builds').exists():
        assert process.poll() is None
        time.sleep(0.01)
    cache = EngineCache(tmp_path, lambda line: None, go_on=lambda: False)
    with pytest.raises(ModelError, match='while another process built'):
        cache.obtain(KEY, lambda: ENGINE, len)
    process.communicate(timeout=60)


def test_the_folder_is_the_users_cache(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert default_folder() == tmp_path / 'sa4depth_ros' / 'engines'
    for nothing in ('', 'relative'):
        monkeypatch.setenv('XDG_CACHE_HOME', nothing)
        monkeypatch.setenv('HOME', '/home/somebody')
        assert default_folder() == Path('/home/somebody/.cache/sa4depth_ros/engines')


def test_the_hash_is_that_of_the_content(tmp_path) -> None:
    (tmp_path / 'a').write_bytes(b'abc')
    assert content_hash(tmp_path / 'a') == (
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
