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

"""mypy really looks at what is called of TensorRT, by the stubs of the real one."""

from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[2]
# File -> a call in it, which is spelled wrong to see whether that is noticed.
CALLS = {
    'tensorrt_builder': 'parse_from_file(',
    'tensorrt_engine': 'execute_async_v3(',
    'tensorrt_library': 'dims[',
}


def test_a_slip_in_a_call_is_an_error(tmp_path):
    for name, call in CALLS.items():
        code = (ROOT / f'sa4depth_ros/runtime/engines/{name}.py').read_text(encoding='utf-8')
        assert code.count(call) == 1, f'{name}: {call}'
        wrong = call.replace('(', '_wrong(').replace('[', '.wrong[')
        (tmp_path / f'{name}_wrong.py').write_text(code.replace(call, wrong), encoding='utf-8')
    result = subprocess.run(
        [sys.executable, '-m', 'mypy', '--config-file', str(ROOT / 'pyproject.toml'),
         *map(str, tmp_path.glob('*.py'))],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    for name in CALLS:
        lines = [line for line in result.stdout.splitlines() if f'{name}_wrong.py' in line]
        assert any('has no attribute' in line for line in lines), (name, result.stdout)
