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

"""`sa4depth render-worlds` from the command line."""

from pathlib import Path

import pytest
from sa4depth_ros.cli.main import main


def test_command_renders_a_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The index and the world are there, and what took how long is told."""
    target = tmp_path / 'cache'
    options = ['--worlds', '1', '--frames', '2', '--size', '48x32', '--kind', 'corridor']
    assert main(['render-worlds', '--output', str(target), *options, '--jobs', '1']) == 0
    assert (target / 'worlds.json').is_file() and (target / '000000' / 'rgb.npy').is_file()
    said = capsys.readouterr().out
    assert '1 worlds of 2 frames 48x32' in said and 'drawing' in said


@pytest.mark.parametrize(('options', 'said'), [
    (['--size', '64'], '640x480'), (['--frames', '0'], '--frames'), (['--kind', 'x'], '--kind'),
    (['--jobs', '0'], '--jobs')])
def test_wrong_options_end_with_a_message(tmp_path: Path, options: list[str], said: str,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, one message, no cache."""
    assert main(['render-worlds', '--output', str(tmp_path / 'cache'), *options]) == 2
    message = capsys.readouterr().err
    assert said in message and 'Traceback' not in message
    assert not (tmp_path / 'cache').exists()
