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

"""`sa4depth build-engine`, with TensorRT on an emulated GPU."""

from pathlib import Path
import sys

from cuda_emulator import CudaEmulator
from cuda_parts import CUresult
import pytest
from sa4depth_ros.cli.main import main
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions
from sa4depth_ros.runtime.engines.tensorrt_library import load_library
from tensorrt_emulator import tensorrt_emulator
from tensorrt_models import save_batch_model


class Machine:
    """A machine with an emulated GPU, a model and an empty cache."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cuda = CudaEmulator().install(monkeypatch)
        self.model = save_batch_model(folder / 'batch.onnx')
        self.cache = folder / 'cache'
        self._monkeypatch = monkeypatch
        self.install()

    def install(self, bias: float = 0.0, rtx: bool = False) -> None:
        """Have TensorRT, or that for RTX, whose engines are off by ``bias`` metres."""
        load_library.cache_clear()
        self.tensorrt = tensorrt_emulator(self.cuda, bias, rtx)
        self._monkeypatch.setitem(sys.modules, 'tensorrt', None if rtx else self.tensorrt)
        self._monkeypatch.setitem(sys.modules, 'tensorrt_rtx', self.tensorrt if rtx else None)

    def run(self, *arguments: str) -> int:
        return main(['build-engine', '--model', str(self.model), *arguments])

    def fill(self, *arguments: str) -> int:
        return self.run('--cache', str(self.cache), *arguments)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    yield Machine(tmp_path, monkeypatch)
    load_library.cache_clear()


@pytest.mark.parametrize('batch', [1, 3])
def test_the_node_finds_the_engine(machine, monkeypatch, capsys, batch):
    assert machine.fill('--batch', str(batch), '--workspace-mb', '64') == 0
    output = capsys.readouterr()
    assert f'ready on tensorrt 10.3.0 on Emulated GPU, batch {batch}' in output.out
    assert '100%' in output.err
    assert machine.cuda.leaks() == []

    monkeypatch.delattr(machine.tensorrt, 'Builder')
    options = EngineOptions(batch=batch, cache=machine.cache, workspace_mb=64)
    estimator = DepthEstimator(machine.model, backend='tensorrt', options=options)
    assert estimator.engine.max_batch == batch
    estimator.close()


def test_the_default_is_the_cache_of_the_user(machine, monkeypatch, tmp_path):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'home'))
    assert machine.run() == 0
    assert len(list((tmp_path / 'home' / 'sa4depth_ros' / 'engines').glob('*.engine'))) == 1


def test_an_engine_that_is_wrong_is_refused(machine, capsys):
    machine.install(bias=1.0)
    assert machine.fill() == 2
    error = capsys.readouterr().err
    assert 'error: ' in error
    assert 'Emulated GPU' in error
    assert machine.cuda.leaks() == []


@pytest.mark.parametrize(('capability', 'target'), [((7, 5), b'SM75'), ((8, 6), b'any')])
def test_turing_is_a_target_of_its_own(machine, capability, target):
    """By default TensorRT for RTX builds for Ampere and later."""
    machine.install(rtx=True)
    machine.cuda.capability = capability
    assert machine.fill() == 0
    (engine,) = machine.cache.glob('*.engine')
    assert b'"target": "' + target + b'"' in engine.read_bytes()


def test_an_engine_file(machine, tmp_path, capsys):
    path = tmp_path / 'batch.engine'
    assert machine.run('--output', str(path), '--batch', '2') == 0
    assert path.read_bytes().startswith(b'emulated engine')
    assert 'built, but not run' in capsys.readouterr().out
    assert not machine.cache.exists()


def test_without_a_gpu_it_tells_the_other_way(machine, capsys):
    machine.cuda.fail['cuInit'] = (1, CUresult.CUDA_ERROR_NO_DEVICE)
    assert machine.fill() == 2
    error = capsys.readouterr().err
    assert 'no NVIDIA GPU' in error
    assert '--compute-capability 8.6 --output FILE' in error


def test_without_tensorrt_it_tells_what_to_install(machine, monkeypatch, capsys):
    load_library.cache_clear()
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    monkeypatch.setitem(sys.modules, 'tensorrt_rtx', None)
    assert machine.fill() == 2
    assert 'python3-libnvinfer' in capsys.readouterr().err


@pytest.mark.parametrize(('arguments', 'text'), [
    (('--batch', '0'), '--batch 1 or more'),
    (('--workspace-mb', '-1'), '--workspace-mb 0 or more'),
    (('--compute-capability', '8.6'), 'expected --output FILE with --compute-capability'),
    (('--compute-capability', '8.6', '--output', 'x'), 'install TensorRT for RTX'),
    (('--cache', 'x', '--output', 'y'), 'expected --cache or --output, got both'),
    (('--output', 'no/folder/x'), "expected a folder 'no/folder'"),
    (('--output', '.'), 'cannot write --output'),
    (('--model', 'no.onnx'), "a model file at 'no.onnx', but there is none"),
    (('--model', 'no.onnx', '--output', 'x'), "a model file at 'no.onnx', but there is none"),
    (('--model', 'best.safetensors'), 'sa4depth export'),
])
def test_what_cannot_be_is_explained(machine, monkeypatch, capsys, tmp_path, arguments, text):
    monkeypatch.chdir(tmp_path)
    assert machine.run(*arguments) == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize('text', ['8', '86', '8.', 'sm86', '8.61', '-8.6'])
def test_a_compute_capability_has_two_numbers(text, capsys):
    with pytest.raises(SystemExit) as caught:
        main(['build-engine', f'--compute-capability={text}'])
    assert caught.value.code == 2
    assert f"expected two numbers such as 8.6, got '{text}'" in capsys.readouterr().err


def test_an_interrupt_ends_the_build(machine, monkeypatch, capsys):
    def interrupt(bar: object, amount: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr('tqdm.tqdm.update', interrupt)
    assert machine.fill() == 130
    assert list(machine.cache.glob('*.engine')) == []
