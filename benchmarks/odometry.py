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

"""
Odometry on recordings: ours next to PoseNet alone and to a classical baseline, judged by evo.

Every way goes through the same frames in the same run. A case is the name of a bag (below
--bags, or a path), the fraction from which it is measured (from=), how many frames lie from one
to the next (every=3 leaves two of three out), and files of its own:

    python benchmarks/odometry.py --bags ../shared/bags --output odometry --rendered 101 102
        --case hololens_walk --case 'kitti_odom_00 from=0.8 checkpoint=kitti/last.safetensors'
        [--page docs/results.md] [--images docs/images]

motion= and depth= name ONNX files, checkpoint= is exported to such first; without them it is
the shipped model. Rendered recordings are made by `sa4depth render-bag` with the seeds given.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
import subprocess
import sys

import cv2
from odometry_methods import compare, Models, Result
from odometry_page import BEGIN, draw_paths, END, tables, write_paths
from odometry_recording import Recording
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.files import fill_page
from sa4depth_ros.resources import DEFAULT_MODEL, DEMO_RECORDING, share_path
from training_step import processor

CASES = ('hololens_walk', 'hololens_walk from=0.8', 'tum_fr1_rpy', 'tum_fr3_structure',
         'tum_fr3_cabinet', 'kitti_raw_0005', 'demo_room')
CLI = (sys.executable, '-m', 'sa4depth_ros.cli.main')


@dataclass(frozen=True)
class Case:
    """Each ``every``-th frame from the fraction ``start`` on, and what goes through them."""

    bag: Path
    start: float
    motion: Path
    depth: Path
    every: int = 1

    @property
    def title(self) -> str:
        """Name it for people."""
        return (self.bag.name + (f', from {self.start:.0%}' if self.start else '')
                + (f', one frame in {self.every}' if self.every > 1 else ''))

    @property
    def name(self) -> str:
        """Name its files."""
        return (self.bag.name + (f'_from_{100 * self.start:.0f}' if self.start else '')
                + (f'_every_{self.every}' if self.every > 1 else ''))

    def recording(self) -> Recording:
        """Index its frames."""
        return Recording(self.bag, self.start, self.every)


def parse_case(text: str, bags: Path, output: Path) -> Case:
    """Read 'bag [from=F] [every=N] [motion=FILE] ...', as above; raises ConfigError."""
    name, *words = text.split()
    options = dict(word.partition('=')[::2] for word in words)
    unknown = set(options) - {'from', 'every', 'motion', 'depth', 'checkpoint'}
    if unknown:
        raise ConfigError(f"--case '{text}': expected from=, every=, motion=, depth= or "
                          f'checkpoint= after the bag, got {", ".join(sorted(unknown))}')
    model = share_path(DEFAULT_MODEL)
    if 'checkpoint' in options:
        model = exported(Path(options['checkpoint']), output)
    bag = share_path(DEMO_RECORDING) if name == 'demo_room' else bags / name
    try:
        start, every = float(options.get('from', 0)), int(options.get('every', 1))
    except ValueError as error:
        raise ConfigError(f"--case '{text}': expected numbers after from= and every=: "
                          f'{error}') from error
    if not 0 <= start < 1 or every < 1:
        raise ConfigError(f"--case '{text}': expected 0 <= from < 1 and every >= 1")
    return Case(bag, start, Path(options.get('motion', model)),
                Path(options.get('depth', model)), every)


def exported(checkpoint: Path, output: Path) -> Path:
    """Give the ONNX files of a checkpoint, made unless they are newer than it."""
    model = output / f'{checkpoint.resolve().parent.name}_{checkpoint.stem}.onnx'
    made = model.with_suffix('.align.onnx')
    if not made.is_file() or made.stat().st_mtime < checkpoint.stat().st_mtime:
        subprocess.run([*CLI, 'export', '--checkpoint', str(checkpoint), '--output', str(model)],
                       check=True)
    return model


def rendered(seed: int, args: argparse.Namespace) -> Case:
    """Give a rendered recording, made unless it is there."""
    bag = args.output / f'rendered_{seed}'
    if not (bag / 'metadata.yaml').is_file():
        subprocess.run([*CLI, 'render-bag', '--output', str(bag), '--seed', str(seed),
                        '--frames', str(args.frames)], check=True)
    model = share_path(DEFAULT_MODEL)
    return Case(bag, 0.0, args.motion or model, args.depth or model)


def measure(case: Case, threads: int) -> list[Result]:
    """Go every way through one case."""
    cv2.setNumThreads(threads)
    return list(compare(case.recording(), Models(case.motion, case.depth, threads)))


def results(cases: list[Case], jobs: int) -> Iterator[list[Result]]:
    """Measure all cases, several at a time, one thread each; results in the order of cases."""
    with ProcessPoolExecutor(jobs, mp_context=get_context('spawn')) as pool:
        for case, found in zip(cases, pool.map(measure, cases, [1] * len(cases))):
            print(tables({case.title: found}), flush=True)
            yield found


def main() -> None:
    """Measure, print the tables, save paths and pictures."""
    args = _arguments()
    args.output.mkdir(parents=True, exist_ok=True)
    shared = {key: path for key in ('motion', 'depth') if (path := getattr(args, key))}
    cases = [replace(parse_case(text, args.bags, args.output), **{
                 key: path for key, path in shared.items() if f'{key}=' not in text
                 and 'checkpoint=' not in text})
             for text in args.case or CASES]
    cases += [rendered(seed, args) for seed in args.rendered]
    found = dict(zip(cases, results(cases, args.jobs)))
    for case, ways in found.items():
        recording = case.recording()
        write_paths(args.output / case.name, recording, ways)
        draw_paths(args.output / f'{case.name}.png', case.title, recording, ways)
        if args.images and case.bag.name in args.drawn:
            draw_paths(args.images / f'odometry_{case.name}.png', case.title, recording, ways)
    text = tables({case.title: ways for case, ways in found.items()})
    if args.page:
        fill_page(args.page, BEGIN, END, f'{text}\n\n{processor()}.')


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('--bags', type=Path, default=Path('../shared/bags'), help='folder of the recordings')
    add('--case', action='append', metavar='CASE', help='see above; may be given several times')
    add('--rendered', type=int, nargs='*', default=[], metavar='SEED')
    add('--frames', type=int, default=120, help='of each rendered recording')
    add('--motion', type=Path, help='motion model of all cases that name none')
    add('--depth', type=Path, help='depth model of all cases that name none')
    add('--output', type=Path, default=Path('odometry'), help='for paths (TUM) and pictures')
    add('--jobs', type=int, default=2, help='cases at a time, one thread each')
    add('--page', type=Path, help='Markdown file to write the tables into')
    add('--images', type=Path, help='folder for the pictures of the cases in --drawn')
    add('--drawn', nargs='*', default=['hololens_walk', 'demo_room'], metavar='BAG',
        help='what a package may show: nothing that is made from KITTI')
    return parser.parse_args()


if __name__ == '__main__':
    main()
