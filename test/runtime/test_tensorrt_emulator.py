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

"""The emulated GPU against the real modules: it may not have anything that they have not."""

import ast
import inspect
from pathlib import Path
import re

from cuda.bindings import driver
from cuda_emulator import CudaEmulator
from cuda_parts import CUresult, FREEING, WITHOUT_CONTEXT
import pytest
from tensorrt_emulator import CLASSES, RTX_CLASSES
import tensorrt_rtx

ENGINES = Path(__file__).resolve().parents[2] / 'sa4depth_ros/runtime/engines'
# Set by the emulator's tests, or how a Python class comes by what is a property of pybind11.
OWN = {'run', 'bias', 'cuda', 'content', 'inputs', 'cache', 'limits', 'profiles', 'shapes',
       'names', 'image', 'logger', 'target'}
# What only one of the flavours has; each is used after a look whether it is there.
BY_CHECK = {'CudaGraphStrategy', 'ComputeCapability', 'NetworkDefinitionCreationFlag'}
FUNCTIONS = sorted(n for n in vars(CudaEmulator) if re.match('cu[A-Z]', n))


def public(thing: object) -> list[str]:
    return [name for name in vars(thing) if not name.startswith('_') and name not in OWN]


@pytest.mark.parametrize('cls', CLASSES + RTX_CLASSES, ids=lambda cls: cls.__name__)
def test_each_class_is_one_of_tensorrt(cls):
    real = getattr(tensorrt_rtx, cls.__name__)
    missing = [name for name in public(cls) if not hasattr(real, name)]
    assert missing == []


@pytest.mark.parametrize('cls', CLASSES + RTX_CLASSES, ids=lambda cls: cls.__name__)
def test_each_method_takes_what_the_real_one_takes(cls):
    """By the number of arguments that the documentation of pybind11 tells."""
    for name in public(cls):
        method = vars(cls)[name]
        if not inspect.isfunction(method):
            continue
        text = getattr(getattr(tensorrt_rtx, cls.__name__), name).__doc__ or ''
        signatures = re.findall(rf'^\s*(?:\d+\. )?{name}\(self: [^,)]*,? ?(.*)\) -> ', text, re.M)
        count = len(inspect.signature(method).parameters) - 1
        # Arguments with a default may be left out.
        fits = [len(re.findall(r'\w+: ', all_of)) - all_of.count(' = ') <= count
                <= len(re.findall(r'\w+: ', all_of)) for all_of in signatures]
        assert any(fits), f'{name}: {text[:200]}'


@pytest.mark.parametrize('name', FUNCTIONS)
def test_each_function_is_one_of_the_driver(name):
    signature = (getattr(driver, name).__doc__ or '').splitlines()[0]
    given = signature.partition('(')[2].rpartition(')')[0]
    real = len(given.split(',')) if given else 0
    assert len(inspect.signature(getattr(CudaEmulator, name)).parameters) - 1 == real, signature


def test_the_lists_of_functions_name_functions():
    assert {*FREEING, *WITHOUT_CONTEXT} <= set(FUNCTIONS)


@pytest.mark.parametrize('code', CUresult)
def test_each_error_is_one_of_the_driver(code):
    assert int(getattr(driver.CUresult, code.name)) == code


def test_each_constant_is_one_of_the_driver():
    for name in ('CUdevice_attribute', 'CUstream_flags', 'CUevent_flags', 'CUstreamCaptureMode'):
        for constant in vars(getattr(CudaEmulator, name)):
            assert hasattr(getattr(driver, name), constant), f'{name}.{constant}'


def used_of(root: str, files: str) -> set[str]:
    """Name the attributes of ``root`` (self._driver, self._trt ...) that our code takes."""
    used = set()
    for path in ENGINES.glob(files):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Attribute) and re.search(root, ast.unparse(node.value)):
                used.add(node.attr)
            if (isinstance(node, ast.Call) and ast.unparse(node.func) == 'getattr'
                    and re.search(root, ast.unparse(node.args[0]))):
                used.add(ast.literal_eval(node.args[1]))
    return used


def test_all_that_our_code_takes_of_the_driver_is_there():
    used = used_of(r'^(self\.)?_?driver$', 'tensorrt_cuda.py')
    assert len(used) > 20
    assert [name for name in used if not hasattr(driver, name)] == []
    assert used <= {*FUNCTIONS, *vars(CudaEmulator)}


def test_all_that_our_code_takes_of_the_module_is_there():
    """Also what getattr asks for: a wrong name there would just never be found."""
    used = used_of(r'^(self\._trt|trt|(self\._)?(library\.)?module)$', 'tensorrt_*.py')
    assert used >= {'Builder', 'OnnxParser', 'Runtime', 'MemoryPoolType', *BY_CHECK}
    assert [name for name in used if not hasattr(tensorrt_rtx, name)] == []


def test_what_is_asked_of_tensorrt_for_rtx_alone_is_there():
    """No stub has these."""
    assert hasattr(tensorrt_rtx.CudaGraphStrategy, 'WHOLE_GRAPH_CAPTURE')
    assert hasattr(tensorrt_rtx.ICudaEngine, 'create_runtime_config')
    assert hasattr(tensorrt_rtx.IRuntimeConfig, 'cuda_graph_strategy')
    assert hasattr(tensorrt_rtx.IBuilderConfig, 'num_compute_capabilities')
    assert hasattr(tensorrt_rtx.IBuilderConfig, 'set_compute_capability')
    assert {'SM75', 'SM86', 'SM120'} <= set(tensorrt_rtx.ComputeCapability.__members__)
    assert hasattr(tensorrt_rtx.NetworkDefinitionCreationFlag, 'STRONGLY_TYPED')
