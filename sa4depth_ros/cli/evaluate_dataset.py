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

"""The part of `sa4depth evaluate` that judges a model on a public benchmark."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sa4depth_ros.cli.evaluated_model import open_estimator
from sa4depth_ros.errors import ConfigError

# As in sa4depth_train.protocols.catalog, which may not be imported for --help.
DATASETS = ('kitti_eigen', 'kitti_eigen_improved', 'kitti_odometry', 'nyuv2', 'cityscapes',
            'make3d')
ODOMETRY = 'kitti_odometry'
# Options with their defaults, by what they are for; elsewhere they are refused, not ignored.
_DEPTH_OPTIONS = {'split': None, 'crop': '', 'median_scaling': 'auto', 'flip': False}
_LIMITS = {'min_depth': None, 'max_depth': None}
_DATASET_OPTIONS = {'root': None, 'sequence': None, **_DEPTH_OPTIONS}
_BAG_OPTIONS = {'image_topic': '', 'camera_info_topic': '', 'depth_topic': '', 'odom_topic': ''}


def add_dataset_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of benchmarks."""
    group = parser.add_argument_group('public benchmarks, in place of --bag (docs/protocols.md)')
    group.add_argument('--dataset', choices=DATASETS, help='which benchmark')
    group.add_argument('--root', type=Path, help='its folder, as it is unpacked')
    group.add_argument('--split', type=Path, metavar='FILE',
                       help='KITTI depth: a list of frames in place of the Eigen split')
    group.add_argument('--crop', default='', choices=('none', 'garg', 'eigen'),
                       help="default: the benchmark's")
    group.add_argument('--median-scaling', default='auto', choices=('auto', 'on', 'off'),
                       help='auto: on for models without a unit')
    group.add_argument('--flip', action='store_true',
                       help='depth is the mean of that of the image and of its mirror image')
    group.add_argument('--sequence', action='append', metavar='NN',
                       help='KITTI odometry: a sequence; give it again for more; default: 09, 10')


def check_source(args: argparse.Namespace) -> None:
    """Raise ConfigError unless there are bags, worlds or a benchmark, with their own options."""
    recorded = bool(args.bag or args.worlds)
    if recorded == bool(args.dataset):
        raise ConfigError('expected either --bag or --worlds, once or more, or --dataset with '
                          f'--root; got {"both" if recorded else "neither"}')
    if args.dataset:
        _refuse(args, _BAG_OPTIONS, '--bag')
    else:
        _refuse(args, _DATASET_OPTIONS, '--dataset')


def run_dataset(args: argparse.Namespace, limits: tuple[int, int] | None) -> int:
    """Judge the model on the benchmark; print the table, write JSON, pictures and the page."""
    from sa4depth_train.excerpt import Excerpt
    if args.root is None:
        raise ConfigError(f'--dataset {args.dataset} needs --root, the folder of the benchmark; '
                          'docs/protocols.md says how it must look')
    header = {'model': str(args.model), 'root': str(args.root), 'from': args.start,
              'frames': args.frames or 'all'}
    excerpt, page = Excerpt(args.start, limits), args.html or args.output / 'index.html'
    if args.dataset == ODOMETRY:
        _refuse(args, {**_DEPTH_OPTIONS, **_LIMITS}, 'depth')
        return _run_odometry(args, excerpt, page, header)
    _refuse(args, {'sequence': None}, f'--dataset {ODOMETRY}')
    return _run_depth(args, excerpt, page, header)


def _run_depth(
    args: argparse.Namespace, excerpt: Any, page: Path, header: dict[str, Any],
) -> int:
    from sa4depth_ros.runtime.depth_estimator import DepthSettings
    from sa4depth_train.protocols.catalog import open_depth_set
    from sa4depth_train.protocols.depth_report import DepthOptions, measure_depth
    from sa4depth_train.protocols.protocol_page import depth_table, write_depth_page
    found = open_depth_set(args.dataset, args.root, args.split)
    protocol = found.protocol.changed(
        crop=args.crop, min_depth=args.min_depth, max_depth=args.max_depth)
    estimator = open_estimator(args)
    # The rules of the benchmark limit depth, after scaling.
    estimator.settings = DepthSettings(min_depth=0.0, max_depth=float('inf'))
    report = measure_depth(
        estimator, replace(found, protocol=protocol),
        DepthOptions(args.median_scaling, args.flip), excerpt)
    write_depth_page(args.output, report, {**header, 'backend': estimator.engine.name}, page)
    return _told(depth_table(report).to_text(), report.notes, args.output, page)


def _run_odometry(
    args: argparse.Namespace, excerpt: Any, page: Path, header: dict[str, Any],
) -> int:
    if args.model.suffix != '.safetensors':
        raise ConfigError(f'{ODOMETRY} needs a .safetensors checkpoint with motion networks, got '
                          f"'{args.model}'; sa4depth train writes one with the recipe sa4depth")
    from sa4depth_train.motion_estimator import load_motion_estimator
    from sa4depth_train.protocols.kitti_odometry import open_kitti_sequence, SEQUENCES
    from sa4depth_train.protocols.odometry_report import measure_sequence
    from sa4depth_train.protocols.protocol_page import odometry_table, write_odometry_page
    sequences = [open_kitti_sequence(args.root, name) for name in args.sequence or SEQUENCES]
    motion = load_motion_estimator(args.model)
    results = [measure_sequence(sequence, motion, excerpt) for sequence in sequences]
    write_odometry_page(args.output, results, header, page)
    notes = [f'{result.bag}: {note}' for result in results for note in result.notes]
    return _told(odometry_table(results).to_text(), notes, args.output, page)


def _refuse(args: argparse.Namespace, options: Mapping[str, Any], owner: str) -> None:
    given = [name for name, default in options.items() if getattr(args, name) != default]
    if given:
        raise ConfigError(f'--{given[0].replace("_", "-")} is for {owner}; leave it out here')


def _told(table: str, notes: Any, output: Path, page: Path) -> int:
    print(f'{table}\n')
    for note in notes:
        print(note)
    print(f'pictures and metrics.json: {output}; all in one page: {page}')
    return 0
