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

"""A depth node whose TensorRT fails in the way that the first argument names."""

import sys
import time

from sa4depth_ros.errors import DeviceError, ModelError
from sa4depth_ros.nodes.depth_node import main
from sa4depth_ros.runtime import engines
from sa4depth_ros.runtime.engines import BuildStep

DEADLY = 200
_open = engines._open


class LosesItsDevice:
    """Answers until it sees an image of one grey level, and never again."""

    def __init__(self, engine):
        self._engine = engine
        self._lost = False
        self.name = 'tensorrt'
        self.max_batch = engine.max_batch
        self.metadata, self.input_shape = engine.metadata, engine.input_shape
        self.input_dtype, self.remarks = engine.input_dtype, ()

    def infer(self, tensor, output_name=''):
        self._lost = self._lost or tensor.max() == DEADLY
        if self._lost:
            raise DeviceError('CUDA error 46: the device is gone')
        return self._engine.infer(tensor, output_name)

    def close(self):
        self._engine.close()


def lost(model, options):
    return LosesItsDevice(_open(model, 'onnxruntime', options))


def refused(_model, _options):
    raise ModelError('the self-check failed: mean relative error 0.3, bound 0.01')


def building(_model, options):
    for step in range(10_000):
        time.sleep(0.02)
        if not options.progress(BuildStep('Tactics', step, 10_000, 0.4)):
            raise ModelError('the build was cancelled')
    raise AssertionError('nobody ended the build')


def patched(model, backend, options):
    if backend == 'tensorrt':
        return globals()[sys.argv[1]](model, options)
    return _open(model, backend, options)


if __name__ == '__main__':
    engines._open = patched
    sys.exit(main())
