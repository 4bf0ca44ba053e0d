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

"""The command itself: help, exit codes and messages of every subcommand."""

import importlib
import os
import subprocess
import sys

import pytest
from sa4depth_ros.cli.main import COMMANDS, main
from sa4depth_ros.errors import ConfigError


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, '-m', 'sa4depth_ros.cli.main', *arguments], text=True,
        capture_output=True, timeout=120, check=False, env={**os.environ, **(env or {})})


def module_of(name: str) -> object:
    return importlib.import_module(f'sa4depth_ros.cli.{name.replace("-", "_")}')


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_is_its_own_file(name: str) -> None:
    module = module_of(name)
    assert (module.NAME, module.HELP) == (name, COMMANDS[name])


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = run(name, '--help')
    assert result.returncode == 0, result.stderr
    assert f'sa4depth {name}' in result.stdout


def test_help_lists_every_command() -> None:
    result = run('--help')
    assert result.returncode == 0
    assert all(name in result.stdout for name in COMMANDS)


@pytest.mark.parametrize('arguments', [(), ('paint',)])
def test_a_wrong_command_line_ends_in_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert 'COMMAND' in result.stderr
    assert 'Traceback' not in result.stderr


def failing_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def fail(args: object) -> int:
        raise error

    module = module_of('demo')
    monkeypatch.setattr(module, 'run', fail)
    monkeypatch.setattr(module, 'add_arguments', lambda parser: None)
    return main(['demo'])


def test_our_errors_are_one_message(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert failing_with(ConfigError('expected a bag, got a fish'), monkeypatch) == 2
    assert capsys.readouterr().err == 'sa4depth: error: expected a bag, got a fish\n'


@pytest.mark.parametrize(('module', 'remedy'), [
    ('torch', "pip install 'sa4depth_ros[train]'"),
    ('moderngl', "pip install 'sa4depth_ros[render]'"),
    ('rosbags.highlevel', "pip install 'sa4depth_ros[demo]'"),
    ('cuda.bindings', "pip install 'sa4depth_ros[tensorrt]'"),
    ('tensorrt', 'apt install python3-libnvinfer'),
    ('rclpy', 'Source a ROS 2 installation'),
])
def test_a_missing_dependency_names_its_remedy(
        module: str, remedy: str, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    error = ModuleNotFoundError(f'No module named {module!r}', name=module)
    assert failing_with(error, monkeypatch) == 2
    assert remedy in capsys.readouterr().err


def test_other_errors_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        failing_with(ZeroDivisionError(), monkeypatch)
    with pytest.raises(ModuleNotFoundError):
        failing_with(ModuleNotFoundError('No module named fish', name='fish'), monkeypatch)


def test_an_interrupt_is_quiet(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert failing_with(KeyboardInterrupt(), monkeypatch) == 130
    assert 'Traceback' not in capsys.readouterr().err
