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

"""`sa4depth train`: train a network on bags and rendered worlds."""

import argparse
from pathlib import Path
import shlex
from typing import TYPE_CHECKING

from sa4depth_ros.errors import ConfigError

if TYPE_CHECKING:
    from sa4depth_train.run_folder import RunFolder

NAME = 'train'
HELP = 'train a network on bags and rendered worlds'
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('--bag', type=Path, action='append', default=[], metavar='BAG',
                        help='a ROS 1 .bag file or a rosbag2 folder; give it again for more')
    parser.add_argument('--heldout-bag', type=Path, action='append', default=[], metavar='BAG',
                        help='a bag that is measured only, never trained on; repeatable')
    parser.add_argument('--worlds', type=Path, action='append', default=[], metavar='DIR',
                        help='a cache of rendered worlds (sa4depth render-worlds) to train on; '
                        'worlds made with --unseen are measured only; repeatable')
    parser.add_argument('--config', type=Path, help='YAML file, e.g. config/train/supervised.yaml')
    parser.add_argument('--output', type=Path, help='folder of the run; default runs/<name>')
    parser.add_argument('--resume', action='store_true',
                        help='go on with the run in --output, with its own bags and config')
    parser.add_argument('--set', action='append', default=[], metavar='KEY=VALUE', dest='settings',
                        help='change one key of the config, e.g. optimizer.lr=1e-4')


def run(args: argparse.Namespace) -> int:
    """Train and say where the result is."""
    _check(args)
    from sa4depth_train.memory import keep_freed_memory
    from sa4depth_train.processes import agree, leave, processes, use_cpu
    from sa4depth_train.trainer import Trainer
    if use_cpu():
        keep_freed_memory()
    try:
        folder = agree(lambda: _folder(args))
        finished = Trainer(folder, resume=args.resume).run()
        if processes().is_main_process:
            print(_last_words(folder, finished=finished))
    finally:
        leave()
    return 0 if finished else INTERRUPTED


def _last_words(folder: 'RunFolder', *, finished: bool) -> str:
    if not finished:
        return f'stopped, state saved. Go on with: {folder.resume_command}'
    return (f'best checkpoint: {folder.best}\nnext: sa4depth export --checkpoint {folder.best} '
            f'--output {folder.config.name}.onnx')


def _check(args: argparse.Namespace) -> None:
    data = (*args.bag, *args.worlds)
    if args.resume and (data or args.heldout_bag or args.config or args.settings):
        raise ConfigError('--resume goes on with the data and the config of the run itself: leave '
                          'out --bag, --heldout-bag, --worlds, --config and --set')
    if args.resume and args.output is None:
        raise ConfigError('--resume needs --output, the folder of the run')
    if not args.resume and (not data or args.config is None):
        raise ConfigError('training needs --bag or --worlds (once or more) and --config')


def _folder(args: argparse.Namespace) -> 'RunFolder':
    from sa4depth_train.config_reader import read_config
    from sa4depth_train.run_folder import create_run, open_run
    if args.resume:
        return open_run(args.output)
    config = read_config(args.config, args.settings)
    return create_run(args.output or Path('runs') / config.name, config, args.bag,
                      heldout_bags=args.heldout_bag, worlds=args.worlds, command=_command(args))


def _command(args: argparse.Namespace) -> str:
    """Give the line that does the same again, for the card."""
    words = ['sa4depth', 'train', '--config', args.config]
    for option, values in (('--worlds', args.worlds), ('--bag', args.bag),
                           ('--heldout-bag', args.heldout_bag), ('--set', args.settings)):
        words += [word for value in values for word in (option, value)]
    return shlex.join(map(str, words))
