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

"""The real parser and builder of TensorRT for RTX, which need no GPU."""

from collections.abc import Callable
from pathlib import Path
import sys
import traceback

import pytest
from sa4depth_ros.cli.main import main
from sa4depth_ros.errors import ModelError
from sa4depth_ros.runtime.engines.options import BuildStep
from sa4depth_ros.runtime.engines.tensorrt_builder import build_engine
from sa4depth_ros.runtime.engines.tensorrt_library import Library, load_library
from tensorrt_models import save_bad_model, save_batch_model
import tensorrt_rtx

LIBRARY = Library(tensorrt_rtx, 'tensorrt_rtx', tensorrt_rtx.__version__)
AMPERE, BLACKWELL = (8, 6), (12, 0)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_batch_model(tmp_path / 'batch.onnx')


@pytest.mark.parametrize('capability', [AMPERE, BLACKWELL, None])
@pytest.mark.parametrize('batch', [1, 3])
def test_it_builds(model, capability, batch):
    engine = build_engine(LIBRARY, model, batch=batch, compute_capability=capability)
    # The magic of a plan of TensorRT for RTX.
    assert engine[:4] == b'vtrt'
    assert len(engine) > 10_000


def test_each_profile_and_each_target_is_its_own_engine(model):
    def build(**kwargs: object) -> bytes:
        return build_engine(LIBRARY, model, **{'compute_capability': AMPERE} | kwargs)

    assert build() == build()
    assert build(batch=3) != build()
    assert build(compute_capability=BLACKWELL) != build()


def test_a_static_model_builds_for_one_image_whatever_the_batch(tmp_path):
    static = save_batch_model(tmp_path / 'static.onnx', batch=1)
    one, four = (build_engine(LIBRARY, static, batch=b, compute_capability=AMPERE)
                 for b in (1, 4))
    assert one == four


def recorder(steps: list[BuildStep], until: float = 2.0) -> Callable[[BuildStep], bool]:
    def progress(step: BuildStep) -> bool:
        steps.append(step)
        return step.fraction < until

    return progress


def test_progress_rises_to_the_end(model):
    steps: list[BuildStep] = []
    build_engine(LIBRARY, model, compute_capability=AMPERE, progress=recorder(steps))
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert len(set(fractions)) > 10
    assert all(0 <= step.step <= step.steps for step in steps)
    assert len({step.phase for step in steps}) > 3


def test_progress_cancels(model):
    steps: list[BuildStep] = []
    with pytest.raises(ModelError, match='cancelled'):
        build_engine(LIBRARY, model, compute_capability=AMPERE,
                     progress=recorder(steps, until=0.3))
    assert steps[-1].fraction >= 0.3
    assert all(step.fraction < 0.3 for step in steps[:-1])


@pytest.mark.parametrize('error', [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_in_progress_comes_out_of_the_build(model, error):
    def progress(step: BuildStep) -> bool:
        raise error

    with pytest.raises(error):
        build_engine(LIBRARY, model, compute_capability=AMPERE, progress=progress)


def test_the_library_still_builds_after_a_cancelled_build(model):
    with pytest.raises(ModelError):
        build_engine(LIBRARY, model, compute_capability=AMPERE, progress=lambda step: False)
    assert build_engine(LIBRARY, model, compute_capability=AMPERE)


@pytest.mark.parametrize(('kind', 'expected'), [
    ('unsupported', [r'node 2 toss_a_coin \[Bernoulli\]', r'node 3 without_doubles \[Unique\]']),
    ('ill typed', [r'node 3 half_and_float \[Add\]', 'Half and Float']),
    ('uint8', [r'node 0 too_early \[Transpose\]', 'UInt8']),
])
def test_refused_nodes_are_named(tmp_path, kind, expected):
    """Strong typing shows in the second case: a weakly typed network would insert a cast."""
    heard: list[str] = []
    with pytest.raises(ModelError) as caught:
        build_engine(LIBRARY, save_bad_model(tmp_path / 'bad.onnx', kind),
                     compute_capability=AMPERE, report=heard.append)
    for pattern in expected:
        caught.match(pattern)
    assert any(line.startswith('TensorRT: ') for line in heard)


def test_wrong_files_are_refused(tmp_path, foreign_model):
    with pytest.raises(ModelError, match='there is none'):
        build_engine(LIBRARY, tmp_path / 'no.onnx', compute_capability=AMPERE)
    (tmp_path / 'bad.onnx').write_bytes(b'\x00 this is no model')
    with pytest.raises(ModelError, match='there is no network in it'):
        build_engine(LIBRARY, tmp_path / 'bad.onnx', compute_capability=AMPERE)
    (tmp_path / 'bad.onnx').write_bytes(b'# A text')
    with pytest.raises(ModelError, match=r'the file: .*Failed to parse'):
        build_engine(LIBRARY, tmp_path / 'bad.onnx', compute_capability=AMPERE)
    with pytest.raises(ModelError, match=r'\(-1, 3, -1, -1\).*export the model with one'):
        build_engine(LIBRARY, foreign_model, compute_capability=AMPERE)


def test_an_unknown_target_names_the_known_ones(model):
    with pytest.raises(ModelError, match=r'compute capability 9\.0, only for SM75, .*SM120'):
        build_engine(LIBRARY, model, compute_capability=(9, 0))


def test_the_workspace_is_capped(model, monkeypatch):
    limits = []

    def note(config: object, pool: object, size: int) -> None:
        limits.append((pool, size, original(config, pool, size),
                       config.get_memory_pool_limit(pool)))

    original = tensorrt_rtx.IBuilderConfig.set_memory_pool_limit
    monkeypatch.setattr(tensorrt_rtx.IBuilderConfig, 'set_memory_pool_limit', note)
    build_engine(LIBRARY, model, compute_capability=AMPERE)
    assert limits == []
    build_engine(LIBRARY, model, compute_capability=AMPERE, workspace_mb=64)
    workspace = tensorrt_rtx.MemoryPoolType.WORKSPACE
    assert limits == [(workspace, 64 << 20, None, 64 << 20)]


@pytest.mark.filterwarnings('error::DeprecationWarning')
def test_rtx_is_asked_for_no_timing_cache(model, tmp_path):
    """It times nothing, and warns who asks."""
    path = tmp_path / 'timing.cache'
    assert build_engine(LIBRARY, model, compute_capability=AMPERE, timing_cache=path)
    assert not path.exists()


def test_the_timing_cache_api_is_there(model, tmp_path):
    """Where TensorRT for RTX keeps the calls, though they do nothing, they must go through."""
    path = tmp_path / 'folder' / 'timing.cache'
    tensorrt = Library(tensorrt_rtx, 'tensorrt', tensorrt_rtx.__version__)
    with pytest.warns(DeprecationWarning, match='no-ops'):
        build_engine(tensorrt, model, compute_capability=AMPERE, timing_cache=path)
    first = path.read_bytes()
    assert first
    path.write_bytes(b'damaged')
    with pytest.warns(DeprecationWarning, match='no-ops'):
        build_engine(tensorrt, model, compute_capability=AMPERE, timing_cache=path)
    assert path.read_bytes() == first
    assert list(path.parent.iterdir()) == [path]


def test_the_command_builds_without_a_gpu(model, tmp_path, monkeypatch):
    load_library.cache_clear()
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    path = tmp_path / 'batch.engine'
    assert main(['build-engine', '--model', str(model), '--batch', '3', '--output', str(path),
                 '--compute-capability', '8.6']) == 0
    assert path.read_bytes() == build_engine(LIBRARY, model, batch=3, compute_capability=AMPERE)
    load_library.cache_clear()


def test_an_error_that_is_kept_keeps_nothing_of_tensorrt(tmp_path):
    """The collector might free it in a call of the logger, where TensorRT holds its lock."""
    path = tmp_path / 'bad.onnx'
    path.write_bytes(b'no model')
    with pytest.raises(ModelError) as caught:
        build_engine(LIBRARY, path, compute_capability=AMPERE)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    names = [frame.f_code.co_name for frame in frames]
    assert names[-2:] == ['built', 'parse']
    assert [frame.f_locals for frame in frames[names.index('built'):]] == [{}, {}]
