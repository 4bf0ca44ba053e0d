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

"""hadolint finds nothing in the Dockerfiles."""

from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
HADOLINT = Path(sys.executable).with_name('hadolint')


def lint(dockerfile: Path) -> subprocess.CompletedProcess[str]:
    command = str(HADOLINT) if HADOLINT.exists() else 'hadolint'
    return subprocess.run(
        [command, '--config', str(ROOT / 'docker/.hadolint.yaml'), str(dockerfile)],
        capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.linter
@pytest.mark.parametrize('name', ['Dockerfile.desktop', 'Dockerfile.jetson'])
def test_the_dockerfiles_are_clean(name: str) -> None:
    result = lint(ROOT / 'docker' / name)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.linter
def test_hadolint_would_find_something(tmp_path: Path) -> None:
    bad = tmp_path / 'Dockerfile'
    bad.write_text('FROM ubuntu\nRUN cd /tmp && sudo apt install curl\n', encoding='utf-8')
    result = lint(bad)
    assert result.returncode != 0
    assert {'DL3004', 'DL3006'} <= set(result.stdout.split())
