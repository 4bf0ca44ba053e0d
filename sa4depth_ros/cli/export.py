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
from collections.abc import Mapping
from pathlib import Path
import sys

NAME = 'export'
HELP = 'write a trained checkpoint as a self-describing ONNX model'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('--checkpoint', type=Path, required=True,
                        help='a .safetensors file of `sa4depth train`')
    parser.add_argument('--output', type=Path, required=True, help='the .onnx file to write')
    parser.add_argument('--precision', choices=('fp32', 'fp16', 'int8'), default='fp32',
                        help='of the arithmetic in the file; input and output stay as they are')
    parser.add_argument('--target', choices=('gpu', 'cpu'), default='gpu',
                        help='who runs an int8 file: TensorRT (gpu) or ONNX Runtime on a CPU')
    parser.add_argument('--bag', type=Path,
                        help='frames to compare on and to calibrate int8 on; default: the '
                             'recording that the package ships')
    parser.add_argument('--image-topic', default='', help='default: found by its type')
    parser.add_argument('--frames', type=int, default=48, metavar='N',
                        help='how many frames int8 is calibrated on')
    parser.add_argument('--motion', action=argparse.BooleanOptionalAction,
                        help='write the motion networks, too, beside the output; default: if the '
                             'checkpoint holds them')
    parser.add_argument('--points', type=int, default=512, metavar='N',
                        help='about how many points the refinement of motion follows')
    parser.add_argument('--iterations', type=int, default=0, metavar='N',
                        help='of the refinement, on each level; default: as in training')
    parser.add_argument('--motion-size', type=_size, metavar='WIDTHxHEIGHT',
                        help='of the images that motion gets, multiples of 32; default: as depth')


def run(args: argparse.Namespace) -> int:
    """Export, compare with torch and say how near they are."""
    from sa4depth_train.export import export_checkpoint
    if args.precision == 'int8' and args.bag is None:
        print('sa4depth: warning: calibrating on the recording that the package ships. int8 wants '
              'frames of your own camera: --bag', file=sys.stderr)
    motion = _export_motion(args)
    report = export_checkpoint(
        args.checkpoint, args.output, precision=args.precision, target=args.target, bag=args.bag,
        image_topic=args.image_topic, frames=args.frames)
    print(f'{args.output}: {args.output.stat().st_size / 1e6:.1f} MB\n'
          f'layers: {_counts(report.layers)}; numbers stored: {_counts(report.weights)}')
    if report.calibrated_on:
        print(f'calibrated for a {args.target} on {report.calibrated_on}')
    print(f'compared with fp32 torch on {report.compared_on}:\n  {report.parity}\n'
          f'  allowed: {report.bounds}{motion}')
    return 0


def _export_motion(args: argparse.Namespace) -> str:
    """Export what is asked for, or what there is, and say so."""
    from sa4depth_ros.networks.factory import holds_motion
    wanted = holds_motion(args.checkpoint) if args.motion is None else args.motion
    if not wanted:
        return ''
    from sa4depth_train.motion_export import export_motion
    report = export_motion(args.checkpoint, args.output, points=args.points,
                           iterations=args.iterations, size=args.motion_size, bag=args.bag,
                           image_topic=args.image_topic)
    sizes = ''.join(f'\n{path}: {path.stat().st_size / 1e6:.1f} MB'
                    for path in report.files.values())
    name, worst = max(report.parity.items(), key=lambda item: item[1])
    return (f'{sizes}\ncompared with torch on {report.compared_on}:\n  '
            f'largest difference of motion {worst:.2g} ({name})')


def _size(text: str) -> tuple[int, int]:
    """Read (height, width)."""
    width, height = (int(side) for side in text.split('x'))
    return height, width


def _counts(counts: Mapping[str, int]) -> str:
    return ', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))
