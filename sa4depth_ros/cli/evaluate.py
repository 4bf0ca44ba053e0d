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

"""`sa4depth evaluate`: a model against depth and odometry of bags, worlds or a benchmark."""

import argparse
from pathlib import Path
from typing import Any

from sa4depth_ros.cli.evaluate_dataset import add_dataset_arguments, check_source, run_dataset
from sa4depth_ros.cli.evaluated_model import open_estimator
from sa4depth_ros.errors import ConfigError

NAME = 'evaluate'
HELP = 'measure a model against depth and odometry, of bags or of a public benchmark'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('--model', type=Path, required=True,
                        help='an .onnx model, or a .safetensors checkpoint')
    parser.add_argument('--bag', type=Path, action='append',
                        help='a ROS 1 .bag file or a rosbag2 folder; give it again for more')
    parser.add_argument('--worlds', type=Path, action='append',
                        help='a cache of `sa4depth render-worlds`, beside bags or in place of '
                             'them; give it again for more')
    parser.add_argument('--from', type=float, default=0.0, dest='start', metavar='FRACTION',
                        help='begin here in each bag or cache; 0.8 is the part of a bag that '
                             'training held out')
    parser.add_argument('--frames', default='', metavar='A:B',
                        help='only the frames A to B - 1 of each bag or cache, counted from 0')
    parser.add_argument('--output', type=Path, default=Path('evaluation'),
                        help='folder for metrics.json, pictures, and the page that shows them')
    parser.add_argument('--html', type=Path, nargs='?', metavar='FILE',
                        help='the page, one file that needs no other; default: index.html in the '
                             'folder of --output')
    parser.add_argument('--backend', default='auto', help='inference backend, as in the node')
    parser.add_argument('--threads', type=int, default=0, help='CPU threads of the backend')
    parser.add_argument('--min-depth', type=float, metavar='METRES',
                        help='ground truth nearer than this is not counted; default: 0.1, or '
                             'that of the benchmark')
    parser.add_argument('--max-depth', type=float, metavar='METRES',
                        help='ground truth farther than this is not counted; default: 20, or '
                             'that of the benchmark')
    for name in ('image', 'camera-info', 'depth', 'odom'):
        parser.add_argument(f'--{name}-topic', default='', help='default: found by its type')
    add_dataset_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure, print tables, write JSON, pictures and a page."""
    check_source(args)
    limits = _limits(args)
    if args.dataset:
        return run_dataset(args, limits)
    return _run_bags(args, limits)


def _run_bags(args: argparse.Namespace, limits: tuple[int, int] | None) -> int:
    from sa4depth_train.bag_report import measure_bag, tables, write_report
    from sa4depth_train.excerpt import Excerpt
    from sa4depth_train.rendered_evaluation import measure_worlds
    estimator = open_estimator(args)
    motion = _motion_estimator(args.model) if args.model.suffix == '.safetensors' else None
    config = _data_config(args)
    excerpt = Excerpt(args.start, limits)
    reports = [measure_bag(bag, config, excerpt, estimator, motion) for bag in args.bag or ()]
    reports += [measure_worlds(path, config, excerpt, estimator) for path in args.worlds or ()]
    header = {'model': str(args.model), 'backend': estimator.engine.name, 'from': args.start,
              'frames': args.frames or 'all', 'min_depth': config.min_depth,
              'max_depth': config.max_depth}
    page = args.html or args.output / 'index.html'
    reports = write_report(args.output, reports, header, page)
    for table in tables(reports):
        print(f'{table.to_text()}\n')
    for report in reports:
        for note in report.notes:
            print(f'{report.bag}: {note}')
    print(f'pictures and metrics.json: {args.output}; all in one page: {page}')
    return 0


def _limits(args: argparse.Namespace) -> tuple[int, int] | None:
    if not 0 <= args.start < 1:
        raise ConfigError(f'--from must be in [0, 1), got {args.start}')
    if not args.frames:
        return None
    first, colon, stop = args.frames.partition(':')
    if args.start or not (colon and first.isdecimal() and stop.isdecimal()):
        raise ConfigError('--frames must be A:B, two numbers from 0, and without --from; got '
                          f"'{args.frames}' and --from {args.start}. Example: --frames 150:180")
    return int(first), int(stop)


def _motion_estimator(checkpoint: Path) -> Any:
    from sa4depth_ros.networks.factory import holds_motion
    from sa4depth_train.motion_estimator import load_motion_estimator
    return load_motion_estimator(checkpoint) if holds_motion(checkpoint) else None


def _data_config(args: argparse.Namespace) -> Any:
    from sa4depth_train.data_config import DataConfig
    return DataConfig(
        image_topic=args.image_topic, camera_info_topic=args.camera_info_topic,
        depth_topic=args.depth_topic, odom_topic=args.odom_topic,
        min_depth=0.1 if args.min_depth is None else args.min_depth,
        max_depth=20.0 if args.max_depth is None else args.max_depth)
