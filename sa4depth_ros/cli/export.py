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

"""`sa4depth export`: a checkpoint becomes an ONNX model."""

import argparse
from pathlib import Path

NAME = 'export'
HELP = 'write a trained checkpoint as a self-describing ONNX model'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('--checkpoint', type=Path, required=True,
                        help='a .safetensors file of `sa4depth train`')
    parser.add_argument('--output', type=Path, required=True, help='the .onnx file to write')


def run(args: argparse.Namespace) -> int:
    """Export, check against torch and say how near they are."""
    from sa4depth_train.export import export_checkpoint, MAX_RELATIVE_ERROR
    error = export_checkpoint(args.checkpoint, args.output)
    size = args.output.stat().st_size / 1e6
    print(f'{args.output}: {size:.1f} MB. ONNX Runtime and torch differ by at most {error:.1e} '
          f'(relative), the bound is {MAX_RELATIVE_ERROR:.0e}')
    return 0
