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

"""`sa4depth evaluate`: a model against the depth topic of bags."""

import argparse
import json
from pathlib import Path

from sa4depth_ros.errors import ConfigError

NAME = 'evaluate'
HELP = 'measure a model against the depth topic of bags'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('--model', type=Path, required=True,
                        help='an .onnx model, or a .safetensors checkpoint')
    parser.add_argument('--bag', type=Path, action='append', required=True,
                        help='a ROS 1 .bag file or a rosbag2 folder; give it again for more')
    parser.add_argument('--from', type=float, default=0.0, dest='start', metavar='FRACTION',
                        help='begin here in each bag; 0.8 is the part held out by training')
    parser.add_argument('--output', type=Path, default=Path('evaluation'),
                        help='folder for metrics.json and one strip of pictures per bag')
    parser.add_argument('--backend', default='auto', help='inference backend, as in the node')
    parser.add_argument('--threads', type=int, default=0, help='CPU threads of the backend')
    parser.add_argument('--min-depth', type=float, default=0.1, metavar='METRES',
                        help='ground truth nearer than this is not counted')
    parser.add_argument('--max-depth', type=float, default=20.0, metavar='METRES',
                        help='ground truth farther than this is not counted')
    for name in ('image', 'camera-info', 'depth'):
        parser.add_argument(f'--{name}-topic', default='', help='default: found by its type')


def run(args: argparse.Namespace) -> int:
    """Measure, print a table, write JSON and pictures."""
    if not 0 <= args.start < 1:
        raise ConfigError(f'--from must be in [0, 1), got {args.start}')
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator
    from sa4depth_train.data_config import DataConfig
    from sa4depth_train.evaluation import evaluate_bag, table
    from sa4depth_train.report import write_strip
    config = DataConfig(
        image_topic=args.image_topic, camera_info_topic=args.camera_info_topic,
        depth_topic=args.depth_topic, min_depth=args.min_depth, max_depth=args.max_depth)
    backend = 'torch' if args.model.suffix == '.safetensors' else args.backend
    estimator = DepthEstimator(args.model, backend=backend, threads=args.threads)
    results = [evaluate_bag(estimator, bag, config, args.start) for bag in args.bag]
    args.output.mkdir(parents=True, exist_ok=True)
    for result in results:
        write_strip(args.output / f'{result.bag}.png', result.pictures)
    report = {'model': str(args.model), 'backend': estimator.engine.name, 'from': args.start,
              'min_depth': args.min_depth, 'max_depth': args.max_depth,
              'bags': [result.to_json() for result in results]}
    (args.output / 'metrics.json').write_text(json.dumps(report, indent=1) + '\n',
                                              encoding='utf-8')
    print(f'{table(results)}\npictures and metrics.json: {args.output}')
    return 0
