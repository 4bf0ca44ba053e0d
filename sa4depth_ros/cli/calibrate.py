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

"""`sa4depth calibrate`: the factor that makes a model's depth metric, into its card."""

import argparse
from dataclasses import asdict
import json
from pathlib import Path
from typing import Any

from sa4depth_ros.errors import ConfigError, ModelError

NAME = 'calibrate'
HELP = 'find the metric scale of a model from a bag'

_TOPICS = ('image', 'camera-info', 'depth', 'lidar', 'odom')
# A pixel stands for the square of this side around it.
_PIXEL = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add = parser.add_argument
    add('--model', type=Path, required=True, help='an .onnx model, or a .safetensors checkpoint')
    add('--bag', type=Path, required=True, help='a ROS 1 .bag file or a rosbag2 folder')
    add('--output', type=Path, help='the calibrated model (default: MODEL_calibrated, or the YAML '
        'card beside the model); a .yaml gets the card alone')
    add('--camera', default='', metavar='NAME', help='keep the scale for this camera alone: its '
        'name in the node, or its frame_id (default: for all cameras)')
    add('--reference', default='', metavar='KIND', help='depth, lidar, odometry or distance '
        '(default: the first of them that the bag has)')
    add('--motion', default='tracks', choices=('tracks', 'networks'), help='compare odometry with '
        'followed points (default), or with the motion networks of a checkpoint')
    for name in _TOPICS:
        add(f'--{name}-topic', default='', help='default: found by its type')
    add('--odom-frame', default='', metavar='FRAME',
        help='whose poses the odometry gives, where its messages do not say')
    add('--frames', type=int, default=200, help='most images to look at (default 200); odometry '
        'looks at all')
    add('--from', type=float, default=0.0, dest='start', metavar='FRACTION',
        help='begin here in the bag')
    add('--max-time-difference', type=float, default=0.05, metavar='SECONDS',
        help='between an image and its reference (default 0.05)')
    add('--min-depth', type=float, default=0.1, metavar='METRES', help='nearer is not counted')
    add('--max-depth', type=float, default=80.0, metavar='METRES', help='farther is not counted')
    add('--max-spread', type=float, default=0.3, metavar='FRACTION', help='refuse when single '
        'measurements differ by more (robust standard deviation, default 0.3)')
    _add_distance(parser)
    add('--backend', default='auto', help='inference backend, as in the node')
    add('--threads', type=int, default=0, help='CPU threads of the backend')
    add('--json', type=Path, metavar='FILE', help='write the result here, too')
    add('--dry-run', action='store_true', help='measure, but write no model')


def _add_distance(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        'known distances', 'by tape from the lens to something in one image; give all of '
        '--distance, --frame and --pixel (or --box) once for each place')
    add = group.add_argument
    add('--distance', type=float, action='append', default=[], metavar='METRES')
    add('--frame', type=int, action='append', default=[], metavar='N',
        help='number of the image in the bag, from 0')
    add('--pixel', type=int, nargs=2, action='append', default=[], metavar=('X', 'Y'))
    add('--box', type=int, nargs=4, action='append', default=[],
        metavar=('X', 'Y', 'WIDTH', 'HEIGHT'))
    add('--along-axis', action='store_true',
        help='distances are along the optical axis: to a wall that the camera faces')
    add('--tape-error', type=float, default=0.01, metavar='METRES',
        help='standard deviation of the distances (default 0.01)')


def run(args: argparse.Namespace) -> int:
    """Measure, print what was found, write the model."""
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator, DepthSettings
    from sa4depth_ros.runtime.engines import EngineOptions
    from sa4depth_train.model_file import check_output, default_output, write_card
    from sa4depth_train.scale_calibration import calibrate_bag
    checkpoint = _checkpoint(args)
    config = _config(args)
    output = args.output or default_output(args.model)
    if not args.dry_run:
        check_output(args.model, output)
    estimator = DepthEstimator(
        args.model, backend='torch' if args.model.suffix == '.safetensors' else args.backend,
        options=EngineOptions(threads=args.threads, faithful=True))
    # The limits of the node are metres, which are only to be found.
    estimator.settings = DepthSettings(min_depth=0.0, max_depth=float('inf'))
    result = calibrate_bag(estimator, estimator.card, args.bag, config, checkpoint)
    card = estimator.card.with_scale(result.record, args.camera)
    estimator.close()
    written = '' if args.dry_run else str(output)
    if written:
        write_card(args.model, card, output)
    _report(args, result, card, written)
    return 0


def _checkpoint(args: argparse.Namespace) -> Path | None:
    if args.motion == 'tracks':
        return None
    if args.model.suffix != '.safetensors':
        raise ModelError('expected a .safetensors checkpoint for --motion networks, got '
                         f"'{args.model}'; its motion networks are not in an exported model")
    return Path(args.model)


def _config(args: argparse.Namespace) -> Any:
    from sa4depth_ros.runtime.scale import ScaleLimits
    from sa4depth_train.scale_config import ScaleConfig
    if not args.max_spread > 0:
        raise ConfigError(f'--max-spread must be above 0, got {args.max_spread}')
    topics = {f'{name.replace("-", "_")}_topic': getattr(args, f'{name.replace("-", "_")}_topic')
              for name in _TOPICS}
    return ScaleConfig(
        reference=args.reference, odom_frame=args.odom_frame, frames=args.frames,
        start=args.start, max_time_difference=args.max_time_difference,
        min_depth=args.min_depth, max_depth=args.max_depth, distances=_distances(args),
        along_axis=args.along_axis, tape_error=args.tape_error,
        limits=ScaleLimits(spread=args.max_spread), **topics)


def _distances(args: argparse.Namespace) -> tuple[Any, ...]:
    from sa4depth_train.scale_config import KnownDistance
    boxes = [tuple(box) for box in args.box] or [
        (x - _PIXEL // 2, y - _PIXEL // 2, _PIXEL, _PIXEL) for x, y in args.pixel]
    counts = len(args.distance), len(args.frame), len(boxes)
    if len(set(counts)) > 1 or (args.box and args.pixel):
        raise ConfigError(
            'expected --distance, --frame and one of --pixel or --box for each place, got '
            f'{counts[0]} distances, {counts[1]} frames, {len(args.pixel)} pixels and '
            f'{len(args.box)} boxes')
    return tuple(KnownDistance(*place) for place in zip(args.distance, args.frame, boxes))


def _report(args: argparse.Namespace, result: Any, card: Any, written: str) -> None:
    from sa4depth_train.tables import Table
    record, estimate = result.record, result.estimate
    columns = ('reference', 'factor', '95 % interval', 'spread', 'used', 'refused')
    table = Table('Scale', columns, [[
        f'{record.reference} {record.topic}'.strip(), f'{estimate.scale:.4f}',
        f'{estimate.low:.4f} .. {estimate.high:.4f}', f'{estimate.spread:.1%}',
        f'{estimate.used}', f'{sum(estimate.refused.values())}']])
    print(table.to_text())
    for cause, count in sorted(estimate.refused.items()):
        print(f'  refused: {count} x {cause}')
    print(f'whole factor on the output of the model: {record.scale:.4f}; camera '
          f'{record.frame_id}, {record.camera}')
    for note in result.notes:
        print(f'note: {note}')
    if args.json:
        values = {'model': str(args.model), 'output': written, 'camera': args.camera,
                  'estimate': asdict(estimate), 'record': asdict(record),
                  'notes': list(result.notes)}
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(values, indent=1), encoding='utf-8')
    _next(args, card, written)


def _next(args: argparse.Namespace, card: Any, written: str) -> None:
    if not written:
        print('nothing was written (--dry-run)')
        return
    whose = f"camera '{args.camera}'" if args.camera else 'all cameras'
    print(f'written for {whose}: {written} (unit of depth: {card.unit_of(args.camera)})')
    model = args.model if written.endswith('.yaml') else written
    if args.model.suffix == '.safetensors' and not written.endswith('.yaml'):
        print(f'next: sa4depth export --checkpoint {written} --output MODEL.onnx')
    else:
        print(f'next: ros2 launch sa4depth_ros depth.launch.py model:={Path(model).resolve()}')
