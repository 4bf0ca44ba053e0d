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

"""What `sa4depth train` makes of its options about data, without a process of its own."""

import argparse
from pathlib import Path
import shlex

import pytest
from sa4depth_ros.cli import train
from sa4depth_ros.errors import ConfigError


def parsed(line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    return parser.parse_args(shlex.split(line))


def test_the_command_of_the_card_gives_the_same_options_again() -> None:
    args = parsed("--set 'name=my model' --bag a --heldout-bag 'b c' --worlds w --worlds v "
                  '--bag d --config x.yaml --output somewhere')
    command = train._command(args)
    assert command.startswith('sa4depth train --config x.yaml ')
    again = parsed(command.removeprefix('sa4depth train'))
    assert again.output is None
    assert (again.bag, again.heldout_bag) == ([Path('a'), Path('d')], [Path('b c')])
    assert again.worlds == [Path('w'), Path('v')]
    assert again.settings == ['name=my model']


def test_worlds_alone_are_enough() -> None:
    train._check(parsed('--worlds w --config x.yaml'))


@pytest.mark.parametrize(('line', 'message'), [
    ('--heldout-bag b --config x.yaml', 'training needs --bag or --worlds'),
    ('--resume --output o --worlds w', 'leave out --bag, --heldout-bag, --worlds'),
    ('--resume --output o --heldout-bag w', 'leave out --bag, --heldout-bag, --worlds')])
def test_options_that_do_not_go_together_are_named(line, message) -> None:
    with pytest.raises(ConfigError, match=message):
        train._check(parsed(line))
