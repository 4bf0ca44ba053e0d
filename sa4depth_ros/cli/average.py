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

"""`sa4depth average`: checkpoints become one with the mean of their weights."""

import argparse
from pathlib import Path

from sa4depth_ros.errors import ConfigError

NAME = 'average'
HELP = 'write the mean of the weights of several checkpoints as one'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('--checkpoint', type=Path, required=True, action='append',
                        help='a .safetensors file of `sa4depth train`; give it again for more, '
                             'or for more of the same')
    parser.add_argument('--output', type=Path, required=True,
                        help='the .safetensors file to write')


def run(args: argparse.Namespace) -> int:
    """Average, write and say what to do next."""
    from sa4depth_train.checkpoint_mean import average_checkpoints
    if args.output.suffix != '.safetensors':
        raise ConfigError(f"expected an output named *.safetensors, got '{args.output}'")
    card = average_checkpoints(args.checkpoint, args.output)
    print(f'{args.output}: mean of {len(args.checkpoint)} checkpoints, {card.output}, not measured'
          f' yet\nnext: sa4depth evaluate --model {args.output} --bag BAG')
    return 0
