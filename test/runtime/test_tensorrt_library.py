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

"""Which TensorRT is found, what it says, and how far it says that it is."""

import ctypes.util
import sys
from types import SimpleNamespace

from cuda_emulator import CudaEmulator
import pytest
from sa4depth_ros.errors import BackendMissingError, ModelError
from sa4depth_ros.runtime.engines.options import BuildStep
from sa4depth_ros.runtime.engines.tensorrt_builder import build_engine
from sa4depth_ros.runtime.engines.tensorrt_cuda import device_info
from sa4depth_ros.runtime.engines.tensorrt_library import Library, load_library
from sa4depth_ros.runtime.engines.tensorrt_progress import BuildProgress
from tensorrt_emulator import tensorrt_emulator
from tensorrt_models import save_batch_model

ERROR, WARNING, INFO = 1, 2, 3


@pytest.fixture
def fresh(monkeypatch):
    """Forget what was found before, and have neither flavour."""
    load_library.cache_clear()
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    monkeypatch.setitem(sys.modules, 'tensorrt_rtx', None)
    yield monkeypatch
    load_library.cache_clear()


def module(version: str = '10.3.0') -> SimpleNamespace:
    values = vars(tensorrt_emulator(CudaEmulator())) | {'__version__': version}
    return SimpleNamespace(**values)


def test_none_is_no_fault(fresh):
    with pytest.raises(BackendMissingError, match='python3-libnvinfer.*pip install tensorrt-rtx'):
        load_library()


def test_tensorrt_is_preferred(fresh):
    fresh.setitem(sys.modules, 'tensorrt_rtx', module('1.7.1'))
    assert load_library().flavour == 'tensorrt_rtx'
    load_library.cache_clear()
    fresh.setitem(sys.modules, 'tensorrt', module('10.3.0'))
    library = load_library()
    assert (library.flavour, library.version) == ('tensorrt', '10.3.0')
    assert load_library() is library


@pytest.mark.parametrize(('found', 'text'), [
    (module('10.2.0'), r'version 10\.2\.0 is too old, expected 10\.3'),
    (module('8.6.1'), 'too old'),
    # What the package tensorrt-stubs looks like to Python.
    (SimpleNamespace(), 'without its libraries'),
])
def test_what_cannot_serve_is_passed_over(fresh, found, text):
    fresh.setitem(sys.modules, 'tensorrt', found)
    with pytest.raises(BackendMissingError, match=text):
        load_library()
    fresh.setitem(sys.modules, 'tensorrt_rtx', module('1.7.1'))
    assert load_library().flavour == 'tensorrt_rtx'


def test_who_listens_hears_what_is_said_meanwhile():
    library = Library(module(), 'tensorrt', '10.3.0')
    lines: list[str] = []
    library.logger.log(ERROR, 'before')
    with library.messages.listen(lines.append) as heard:
        library.logger.log(ERROR, 'an error\n')
        library.logger.log(WARNING, 'a warning')
        library.logger.log(INFO, 'chatter')
        library.logger.log(ERROR, 'an error')
    library.logger.log(ERROR, 'after')
    assert lines == ['TensorRT: an error', 'TensorRT: a warning', 'TensorRT: an error']
    assert heard.why('nothing') == 'an error'
    with library.messages.listen() as heard:
        assert heard.why('nothing') == 'nothing'


def test_progress_nests_and_never_falls():
    steps: list[BuildStep] = []
    progress = BuildProgress(lambda step: steps.append(step) or True)
    progress.phase_start('all', None, 2)
    progress.phase_start('part', 'all', 4)
    assert all(progress.step_complete('part', i) for i in range(2))
    progress.phase_start('deeper', 'part', 2)
    assert progress.step_complete('deeper', 0)
    progress.phase_finish('deeper')
    progress.phase_finish('part')
    assert progress.step_complete('all', 0)
    # A part that nobody knew of before begins at 0 within the next step.
    progress.phase_start('late', 'all', 10)
    progress.phase_finish('late')
    progress.phase_finish('all')
    assert [step.fraction for step in steps] == [
        0, 0, 1 / 8, 2 / 8, 2 / 8, 2.5 / 8, 1 / 2, 1 / 2, 1]
    assert steps[5] == BuildStep('deeper', 1, 2, 2.5 / 8)
    assert not progress.cancelled


def test_progress_that_says_no_is_not_asked_again():
    asked: list[BuildStep] = []
    progress = BuildProgress(lambda step: bool(asked.append(step)))
    progress.phase_start('all', None, 3)
    assert not progress.step_complete('all', 0)
    assert not progress.step_complete('all', 1)
    assert progress.cancelled
    assert len(asked) == 1


@pytest.mark.parametrize(('said', 'advice'), [
    ('Requested amount of GPU memory (9 bytes) could not be allocated.', 'give the machine swap'),
    ('Error Code 1: Cuda Runtime (out of memory)', 'a smaller workspace_mb'),
    ('Error Code 10: Internal Error (Could not find any implementation for node x)',
     'a greater workspace_mb'),
])
def test_a_failed_build_says_why_and_what_to_do(tmp_path, monkeypatch, said, advice):
    trt = module()
    library = Library(trt, 'tensorrt', '10.3.0')

    def fail(builder: object, network: object, config: object) -> None:
        library.logger.log(ERROR, said)

    monkeypatch.setattr(trt.Builder, 'build_serialized_network', fail)
    model = save_batch_model(tmp_path / 'batch.onnx')
    with pytest.raises(ModelError) as caught:
        build_engine(library, model)
    assert said in str(caught.value)
    assert advice in str(caught.value)


def test_a_builder_that_does_not_start_is_no_fault_of_the_model(tmp_path, monkeypatch):
    """So does TensorRT without a GPU: a null pointer, which pybind11 makes a TypeError."""
    trt = module()

    def fail(builder: object, logger: object) -> None:
        raise TypeError('pybind11::init(): factory function returned nullptr')

    monkeypatch.setattr(trt.Builder, '__init__', fail)
    model = save_batch_model(tmp_path / 'batch.onnx')
    with pytest.raises(BackendMissingError, match='returned nullptr.*\n.*nvidia-smi'):
        build_engine(Library(trt, 'tensorrt', '10.3.0'), model)


def test_the_timing_cache_is_kept_and_survives_damage(tmp_path):
    library = Library(module(), 'tensorrt', '10.3.0')
    model, path = save_batch_model(tmp_path / 'batch.onnx'), tmp_path / 'a' / 'timing.cache'
    for expected in (b'timed', b'timedtimed'):
        build_engine(library, model, timing_cache=path)
        assert path.read_bytes() == expected
    path.write_bytes(b'damaged')
    build_engine(library, model, timing_cache=path)
    assert path.read_bytes() == b'timed'


def test_a_timing_cache_that_cannot_be_written_ends_no_build(tmp_path):
    (tmp_path / 'file').touch()
    lines: list[str] = []
    library = Library(module(), 'tensorrt', '10.3.0')
    model = save_batch_model(tmp_path / 'batch.onnx')
    assert build_engine(library, model, timing_cache=tmp_path / 'file' / 'timing.cache',
                        report=lines.append)
    assert 'cannot write the timing cache' in lines[-1]


def test_another_target_needs_tensorrt_for_rtx(tmp_path):
    model = save_batch_model(tmp_path / 'batch.onnx')
    with pytest.raises(ModelError, match='install TensorRT for RTX'):
        build_engine(Library(module(), 'tensorrt', '10.3.0'), model, compute_capability=(8, 6))


def test_the_machine_as_it_is():
    """With bindings and driver a GPU is described, without it is missing; never another error."""
    if ctypes.util.find_library('cuda') is None:
        with pytest.raises(BackendMissingError, match='no NVIDIA driver|pip install'):
            device_info()
    else:
        assert device_info().memory_bytes > 1 << 28


def test_no_bindings_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'cuda.bindings', None)
    with pytest.raises(BackendMissingError, match="pip install 'cuda-python>=12.9.1,<13'"):
        device_info()
