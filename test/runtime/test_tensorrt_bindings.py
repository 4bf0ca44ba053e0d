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

"""
The real cuda.bindings over a libcuda of ours: that they take what we give, and let threads run.

The emulator in Python stands for the bindings, too, so it cannot tell either.
"""

import os
from pathlib import Path
import subprocess
import sys

import pytest

TEST = Path(__file__).resolve().parents[1]
PRELUDE = """
import ctypes
import threading
import time
import warnings
import numpy as np
from sa4depth_ros.errors import DeviceError
from sa4depth_ros.runtime.engines.tensorrt_cuda import CudaStream, device_info
warnings.simplefilter('error')
held = ctypes.CDLL('libcuda.so.1').stand_in_held
stream = CudaStream()
device, here, back = stream.allocate(64), stream.allocate_host(64), stream.allocate_host(64)
here[:], back[:] = np.arange(64), 0

def there_and_back():
    stream.upload(device, here)
    stream.download(back, device)
"""


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('libcuda')
    subprocess.run(
        ['gcc', '-Wall', '-Werror', '-shared', '-fPIC', '-Wl,-soname,libcuda.so.1',
         '-o', str(folder / 'libcuda.so.1'), str(TEST / 'libcuda_stand_in.c'), '-ldl'],
        check=True, timeout=60)
    return folder


def run(folder: Path, code: str) -> None:
    result = subprocess.run(
        [sys.executable, '-c', PRELUDE + code], text=True, capture_output=True, timeout=60,
        check=False, env={**os.environ, 'LD_LIBRARY_PATH': str(folder)})
    assert result.returncode == 0, result.stderr


def test_the_device_is_described(folder):
    run(folder, """
info = device_info()
assert (info.name, info.compute_capability) == ('stand-in 0', (8, 7)), info
assert (info.memory_bytes, info.driver_version) == (7 << 30, '12.6'), info
""")


def test_memory_streams_and_graphs(folder):
    run(folder, """
there_and_back()
assert not back.any()
stream.synchronize()
assert (back == here).all()
graph = stream.capture(there_and_back)
here[:] = 9
stream.launch(graph)
stream.synchronize()
assert (back == 9).all()
""")


def test_other_threads_run_while_one_waits_for_the_gpu(folder):
    run(folder, """
ticks = []
def tick():
    while not done.wait(0.005):
        ticks.append(time.monotonic())
done = threading.Event()
thread = threading.Thread(target=tick)
thread.start()
start = time.monotonic()
stream.synchronize()
end = time.monotonic()
done.set()
thread.join()
assert end - start > 0.19
assert sum(start < t < end for t in ticks) > 5, (start, end, ticks)
""")


def test_each_thread_needs_the_context(folder):
    run(folder, """
def other():
    try:
        stream.allocate(1)
    except DeviceError as error:
        said.append(str(error))
    stream.activate()
    stream.allocate(1)
    said.append('well')
said = []
thread = threading.Thread(target=other)
thread.start()
thread.join()
assert 'CUDA_ERROR_INVALID_CONTEXT, a stand-in' in said[0], said
assert said[1:] == ['well'], said
""")


def test_errors_and_the_end(folder):
    run(folder, """
try:
    stream.allocate(2 << 30)
except DeviceError as error:
    assert 'cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY, a stand-in; free GPU' in str(error), error
try:
    stream.capture(lambda: 1 / 0)
except ZeroDivisionError:
    there_and_back()
    stream.synchronize()
    assert (back == here).all()
stream.capture(there_and_back)
assert held() == 7, held()
stream.close()
stream.close()
assert held() == 0, held()
""")
