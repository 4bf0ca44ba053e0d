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

"""Every failure of an emulated GPU: told in a DeviceError, nothing leaks, the process lives."""

from collections.abc import Callable
import traceback

from cuda_emulator import CudaEmulator
from cuda_parts import CUresult, MisuseError
import numpy as np
from numpy.typing import NDArray
from onnx_models import HEIGHT, WIDTH
import pytest
from sa4depth_ros.errors import BackendMissingError, DeviceError, ModelError
from sa4depth_ros.runtime.engines.tensorrt_cuda import check, CudaStream, device_info, DeviceInfo
from sa4depth_ros.runtime.engines.tensorrt_engine import TensorrtEngine

CUDA_GRAPH = pytest.mark.parametrize('cuda_graph', [False, True], ids=['enqueued', 'graph'])
OpenEngine = Callable[..., TensorrtEngine]
IMAGES = np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)


def live(opened: OpenEngine, cuda_graph: bool) -> NDArray[np.float32]:
    """Open an engine, run three frames, close it whatever happens."""
    engine = opened(cuda_graph=cuda_graph)
    try:
        return [engine.infer(IMAGES) for _ in range(3)][-1]
    finally:
        engine.close()


@CUDA_GRAPH
@pytest.mark.parametrize('code', [
    CUresult.CUDA_ERROR_OUT_OF_MEMORY, CUresult.CUDA_ERROR_LAUNCH_FAILED])
def test_each_call_may_fail_once(cuda, opened, cuda_graph, code):
    """The k-th call of each function fails, for each k: out of memory at any allocation ..."""
    live(opened, cuda_graph)
    counts = {name: cuda.calls.count(name) for name in dict.fromkeys(cuda.calls)}
    raised = 0
    for name, count in counts.items():
        for k in range(1, count + 1):
            cuda.calls.clear()
            cuda.fail = {name: (k, code)}
            try:
                np.testing.assert_array_equal(live(opened, cuda_graph), 1)
            except DeviceError:
                raised += 1
            assert cuda.leaks() == [], f'call {k} of {name}'
            cuda.repair()
    assert raised > 15
    np.testing.assert_array_equal(live(opened, cuda_graph), 1)


@CUDA_GRAPH
def test_the_device_may_be_lost_at_any_call(cuda, opened, cuda_graph):
    engine = opened(cuda_graph=cuda_graph)
    for _ in range(3):
        engine.infer(IMAGES)
    calls = len(cuda.calls)
    engine.close()
    for k in range(calls):
        cuda.calls.clear()
        cuda.lost_after = k
        with pytest.raises(DeviceError, match='CUDA_ERROR_ILLEGAL_ADDRESS|emulated fault|memory'):
            live(opened, cuda_graph)
        assert cuda.leaks() == [], f'lost after call {k}'
        cuda.repair()


def test_an_error_that_is_kept_keeps_nothing_of_tensorrt(cuda, opened):
    """The collector must not find a context later, at a time when TensorRT holds its lock."""
    engine = opened()
    cuda.fail = {'cuMemcpyDtoHAsync': (cuda.calls.count('cuMemcpyDtoHAsync') + 1,
                                       CUresult.CUDA_ERROR_LAUNCH_FAILED)}
    with pytest.raises(DeviceError) as caught:
        engine.infer(IMAGES)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    names = [frame.f_code.co_name for frame in frames]
    first = names.index('_infer')
    assert names[first:first + 3] == ['_infer', '_run', 'enqueue']
    assert [frame.f_locals for frame in frames[first:]] == [{}] * len(frames[first:])
    engine.close()


@CUDA_GRAPH
def test_a_kernel_that_fails_is_told_when_it_is_waited_for(cuda, opened, cuda_graph):
    engine = opened(cuda_graph=cuda_graph)
    engine.infer(IMAGES)
    cuda.fault_in_work = CUresult.CUDA_ERROR_LAUNCH_FAILED
    for _ in range(2):
        with pytest.raises(DeviceError, match=r'CUDA_ERROR_LAUNCH_FAILED, launch failed; the GPU '
                                              r'is lost for this process: restart the node'):
            engine.infer(IMAGES)
    engine.close()
    assert cuda.leaks() == []


@pytest.mark.parametrize(('name', 'text'), [
    ('cuMemAlloc', r'CUDA failed in cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY, out of memory; free '
                   'GPU memory: close other programs'),
    ('create_execution_context', r'for want of GPU memory:\n  Cuda Runtime \(out of memory'),
])
def test_too_little_memory_says_what_to_do(cuda, opened, name, text):
    cuda.fail[name] = (1, CUresult.CUDA_ERROR_OUT_OF_MEMORY)
    with pytest.raises(DeviceError, match=text):
        opened()
    assert cuda.leaks() == []


def test_an_engine_that_is_refused_says_why(cuda, library, plan):
    for damaged in (plan[:-1], b'', b'ftrt' + plan):
        with pytest.raises(ModelError, match=r'Serialization assertion failed\nIt must be built '
                                             'anew') as caught:
            TensorrtEngine(damaged, library, metadata={})
        assert not isinstance(caught.value, DeviceError)
        assert cuda.leaks() == []


def test_the_device_is_described(cuda):
    assert device_info() == DeviceInfo('Emulated GPU', (8, 6), 8 << 30, '12.6')


@pytest.mark.parametrize('code', [
    CUresult.CUDA_ERROR_NO_DEVICE, CUresult.CUDA_ERROR_STUB_LIBRARY])
def test_no_device_is_no_fault(cuda, code):
    cuda.fail['cuInit'] = (1, code)
    with pytest.raises(BackendMissingError, match=f'no NVIDIA GPU: {code.name}.*nvidia-smi'):
        device_info()


def test_a_device_that_does_not_start_is_one(cuda):
    cuda.fail['cuInit'] = (1, CUresult.CUDA_ERROR_UNKNOWN)
    with pytest.raises(DeviceError, match='CUDA_ERROR_UNKNOWN.*restart the node'):
        device_info()


@pytest.mark.parametrize(('version', 'good'), [
    ('12.6.2.post1', False), ('12.9.0', False), ('12.9.1', True), ('13.0.0', True)])
def test_bindings_that_hold_the_lock_of_python_are_refused(monkeypatch, version, good):
    """Measured: before 12.9.1 no other thread runs while one waits for the GPU."""
    CudaEmulator().install(monkeypatch, version)
    if good:
        assert device_info().name
        return
    with pytest.raises(BackendMissingError, match=rf'12\.9\.1 or later, found {version}'):
        device_info()


def test_a_function_that_the_driver_lacks_is_explained(cuda):
    def cuNewThing() -> None:
        raise RuntimeError('Function "cuNewThing" not found')

    with pytest.raises(DeviceError, match='cuNewThing.*the driver is older than the bindings'):
        check(cuNewThing)


def test_the_emulator_notices_misuse(cuda):
    """It must, or all that was tested with it means little."""
    stream = CudaStream()
    device, host, back = stream.allocate(8), stream.allocate_host(8), stream.allocate_host(8)
    with pytest.raises(MisuseError, match='no allocation'):
        stream.upload(device + 4, host)
    with pytest.raises(MisuseError, match='expected device memory, got host'):
        stream.upload(host.ctypes.data, host)
    host[:] = 7
    stream.upload(device, host)
    stream.download(back, device)
    assert (back != 7).all(), 'read before the stream is synchronised'
    stream.synchronize()
    assert (back == 7).all()
    cuda.cuMemFree(device)
    with pytest.raises(MisuseError, match='freed device memory'):
        stream.upload(device, host)
    with pytest.raises(MisuseError, match='freed twice'):
        stream.close()
    assert cuda.leaks() != []
