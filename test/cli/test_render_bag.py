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

"""`sa4depth render-bag` from the command line."""

from pathlib import Path

import pytest
from sa4depth_ros.cli.main import main
from sa4depth_ros.cli.render_bag import parse_size
from sa4depth_ros.errors import ConfigError


def test_command_writes_a_bag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bag is there and its size is told."""
    target = tmp_path / 'new' / 'bag'
    assert main(['render-bag', '--output', str(target), '--frames', '2', '--size', '64x48']) == 0
    assert (target / 'metadata.yaml').is_file() and (target / 'bag.mcap').is_file()
    assert '2 frames 64x48' in capsys.readouterr().out


@pytest.mark.parametrize(('options', 'said'), [
    (['--size', '64'], '640x480'), (['--frames', '0'], '--frames'), (['--hfov', '200'], '--hfov')])
def test_wrong_options_end_with_a_message(tmp_path: Path, options: list[str], said: str,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, one message, no bag."""
    assert main(['render-bag', '--output', str(tmp_path / 'bag'), *options]) == 2
    message = capsys.readouterr().err
    assert said in message and 'Traceback' not in message
    assert not (tmp_path / 'bag').exists()


def test_existing_output_ends_with_a_message(tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is overwritten, and nothing is rendered in vain before saying so."""
    assert main(['render-bag', '--output', str(tmp_path)]) == 2
    assert 'exists already' in capsys.readouterr().err


def test_size_is_width_by_height() -> None:
    """640x480 is (640, 480); anything else is refused."""
    assert parse_size('640x480') == (640, 480)
    with pytest.raises(ConfigError):
        parse_size('640x')
