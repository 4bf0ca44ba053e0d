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

"""Execution on an emulated GPU: results, batches, threads, graphs; faults are in the next file."""

from concurrent.futures import ThreadPoolExecutor

from cuda_parts import CUresult
import numpy as np
from numpy.typing import NDArray
from onnx_models import HEIGHT, WIDTH
import onnxruntime
import pytest
from sa4depth_ros.errors import ModelError
from sa4depth_ros.runtime.engines.tensorrt_builder import build_engine
from sa4depth_ros.runtime.engines.tensorrt_engine import TensorrtEngine
from sa4depth_ros.runtime.engines.tensorrt_library import Library
from tensorrt_emulator import tensorrt_emulator
from tensorrt_models import MOST, save_batch_model

SIZES = (1, 3, 2, 3, 1, 2, 3, 3)
CUDA_GRAPH = pytest.mark.parametrize('cuda_graph', [False, True], ids=['enqueued', 'graph'])


def images(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(
        0, 256, (count, HEIGHT, WIDTH, 3), dtype=np.uint8)


def expected(tensor: NDArray[np.uint8], output: str = 'depth') -> NDArray[np.float32]:
    depth = tensor.mean(axis=3, dtype=np.float64) + 1
    return (depth * (2 if output == 'twice' else 1)).astype(np.float32)


@CUDA_GRAPH
def test_it_gives_what_onnx_runtime_gives(cuda, opened, tmp_path, cuda_graph):
    """The shipped way of memory, streams and shapes changes no bit of the result."""
    session = onnxruntime.InferenceSession(str(tmp_path / 'batch.onnx'))
    engine = opened(cuda_graph=cuda_graph)
    for i, count in enumerate(SIZES):
        for output in ('depth', 'twice', ''):
            tensor = images(count, seed=i)
            (same,) = session.run([output or 'depth'], {'image': tensor})
            found = engine.infer(tensor, output)
            assert found.shape == (count, HEIGHT, WIDTH)
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, same[:, 0])
    engine.close()
    assert cuda.leaks() == []


def test_what_it_says_of_itself(opened):
    engine = opened()
    assert engine.name == 'tensorrt 10.3.0 on Emulated GPU'
    assert engine.metadata == {'a': 'b'}
    assert engine.input_shape == (-1, HEIGHT, WIDTH, 3)
    assert engine.input_dtype == np.uint8
    assert engine.max_batch == MOST
    assert engine.remarks == ()


def test_a_static_model_takes_one_image(library, tmp_path):
    model = save_batch_model(tmp_path / 'static.onnx', batch=1)
    engine = TensorrtEngine(build_engine(library, model, batch=MOST), library, metadata={})
    assert (engine.max_batch, engine.input_shape[0]) == (1, 1)
    np.testing.assert_allclose(engine.infer(images(1)), expected(images(1)), rtol=1e-6)
    with pytest.raises(ModelError, match=r'uint8 .*1\.\.1.*, got uint8 \(2, 48, 64, 3\)'):
        engine.infer(images(2))


@CUDA_GRAPH
def test_a_result_outlives_the_next_frame_and_the_engine(opened, cuda_graph):
    engine = opened(cuda_graph=cuda_graph)
    first = engine.infer(images(2, seed=1))
    engine.infer(images(2, seed=2))
    engine.close()
    np.testing.assert_allclose(first, expected(images(2, seed=1)), rtol=1e-6)


def test_input_that_is_not_contiguous_is_taken(opened):
    tensor = images(2)[:, ::-1, ::-1]
    np.testing.assert_allclose(opened().infer(tensor), expected(tensor), rtol=1e-6)


@pytest.mark.parametrize('tensor', [
    images(MOST + 1), images(0), images(1)[:, 1:], images(1).astype(np.float32), images(1)[0]])
def test_wrong_input_is_refused(cuda, opened, tensor):
    engine = opened()
    with pytest.raises(ModelError, match=r'expected an input of uint8 .*48, 64, 3'):
        engine.infer(tensor)
    np.testing.assert_allclose(engine.infer(images(1)), expected(images(1)), rtol=1e-6)


def test_an_unknown_output_is_refused(opened):
    with pytest.raises(ModelError, match=r"no output 'mask', only \['depth', 'twice'\]"):
        opened().infer(images(1), 'mask')


@CUDA_GRAPH
def test_any_thread_may_call(cuda, opened, cuda_graph):
    """Configured in one thread, used by another, closed by a third; then by two at once."""
    def work(seed: int) -> None:
        tensor = images(1 + seed % MOST, seed)
        np.testing.assert_allclose(engine.infer(tensor), expected(tensor), rtol=1e-6)

    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(2) as others:
        engine = first.submit(opened, cuda_graph=cuda_graph).result()
        list(others.map(work, range(24)))
        work(7)
        first.submit(engine.close).result()
    assert cuda.leaks() == []


def test_memory_is_allocated_once(cuda, opened):
    engine = opened()
    before = len(cuda.memory)
    # Both sides of the image and of two outputs.
    assert before == 6
    for count in SIZES:
        engine.infer(images(count))
    assert len(cuda.memory) == before


def test_waiting_does_not_spin(cuda, opened):
    """An event of the blocking kind; waiting for a stream takes a core of the robot."""
    opened().infer(images(1))
    assert 'cuEventSynchronize' in cuda.calls
    assert 'cuStreamSynchronize' not in cuda.calls


def test_one_graph_for_each_number_of_images(cuda, opened):
    engine = opened(cuda_graph=True)
    for count in SIZES:
        engine.infer(images(count))
    assert cuda.calls.count('cuGraphInstantiate') == len(set(SIZES))
    assert cuda.calls.count('cuGraphLaunch') == len(SIZES) - len(set(SIZES))
    assert cuda.calls.count('create_execution_context') == len(set(SIZES))


@CUDA_GRAPH
def test_tensorrt_for_rtx_records_graphs_itself(cuda, plan, cuda_graph):
    trt = tensorrt_emulator(cuda, rtx=True)
    engine = TensorrtEngine(plan, Library(trt, 'tensorrt_rtx', '1.7'), metadata={},
                            cuda_graph=cuda_graph)
    for count in SIZES:
        tensor = images(count)
        np.testing.assert_allclose(engine.infer(tensor), expected(tensor), rtol=1e-6)
    ((_, context),) = engine._contexts.items()
    strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
    assert (context.get_runtime_config().cuda_graph_strategy is strategy) == cuda_graph
    assert 'cuStreamBeginCapture' not in cuda.calls


@pytest.mark.parametrize('name', [
    'cuStreamBeginCapture', 'cuStreamEndCapture', 'cuGraphInstantiate', 'execute_async_v3'])
def test_a_capture_that_fails_leaves_the_plain_way(cuda, opened, name):
    lines: list[str] = []
    engine = opened(cuda_graph=True, report=lines.append)
    # The run before the capture is the first call of execute_async_v3.
    which = 2 if name == 'execute_async_v3' else 1
    cuda.fail[name] = (which, CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED)
    for i in range(4):
        tensor = images(2, seed=i)
        np.testing.assert_allclose(engine.infer(tensor), expected(tensor), rtol=1e-6)
    assert sum('no CUDA graph' in line for line in lines) == 1
    assert 'cuGraphLaunch' not in cuda.calls
    engine.close()
    assert cuda.leaks() == []


def test_closing_twice_and_using_after_is_told(cuda, opened):
    engine = opened()
    engine.close()
    engine.close()
    assert cuda.leaks() == []
    with pytest.raises(ModelError, match='is closed'):
        engine.infer(images(1))


def test_two_engines_share_the_context(cuda, opened):
    first, second = opened(), opened()
    first.close()
    np.testing.assert_allclose(second.infer(images(3)), expected(images(3)), rtol=1e-6)
    second.close()
    assert cuda.leaks() == []
