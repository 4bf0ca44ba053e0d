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
What pose refinement does to depth and motion: the same training with and without it.

Trains every variant on the first 80 % of each recording with one seed and one budget, and
measures depth and motion as `sa4depth evaluate` does: kitti_odom_00 has no depth, so its depth
is measured on kitti_raw_0005, which no variant has seen. Runs that are there are not repeated,
begun ones go on.

    python benchmarks/ablation.py --bags ../shared/bags --output ablation [--seeds 0 1 2]
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
import json
import math
from pathlib import Path
import subprocess
import sys

import numpy as np
from training_step import machine

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = '<!-- ablation: made by benchmarks/ablation.py -->', '<!-- end of ablation -->'

VARIANTS = {
    'no refinement': ('motion.refinement.enabled=false',),
    'refinement': (),
    'refinement, depth detached': ('motion.refinement.detach_depth=true',),
    # Choices that method.md leaves open; by default only the three above are run.
    'refinement, gradient through all levels': ('motion.refinement.detach_between_levels=false',),
    'refinement, coarse levels taught': ('photometric.distill_levels=1',),
    'refinement, damping from 0.001': ('motion.refinement.initial_damping=0.001',),
    'refinement, adaptive damping': ('motion.refinement.damping=adaptive',),
    'refinement, sources 0.15 s away': ('triplets.min_interval=0.15',),
    'refinement, PoseNet by photometric error': (
        'photometric.distill=0', 'photometric.unrefined=0.5'),
}
MAIN = tuple(VARIANTS)[:3]


@dataclass(frozen=True)
class Recording:
    """A bag to train on; depth is measured on ``depth_bag`` from ``depth_from`` on."""

    bag: str
    depth_bag: str
    depth_from: float
    max_depth: float
    epochs: int
    settings: tuple[str, ...]


RECORDINGS = (
    Recording('kitti_odom_00', 'kitti_raw_0005', 0.0, 80.0, 9, (
        'network.input_height=96', 'network.input_width=320', 'network.canonical_focal=280',
        'data.max_depth=80')),
    Recording('hololens_walk', 'hololens_walk', 0.8, 20.0, 27, (
        'network.input_height=128', 'network.input_width=192', 'network.canonical_focal=280')),
)
# Column -> where it stands in the numbers of a run.
COLUMNS = {
    'AbsRel': 'scaled_abs_rel', 'delta1': 'scaled_delta1', 'depth scale std': 'scale_consistency',
    'near': 'near_consistency', 'depth range': 'depth_range',
    **{f'{title}, {kind}': f'{kind.lower()}_{key}' for title, key in (
        ('pose scale std', 'scale_std'), ('its spread', 'scale_spread'), ('ATE m', 'ate_sim3'),
        ('degrees a step', 'rpe_rotation')) for kind in ('PoseNet', 'refined')},
}


@dataclass(frozen=True)
class Job:
    """One training: recording, variant, seed, and the folder that it leaves behind."""

    recording: Recording
    variant: str
    seed: int
    folder: Path

    def command(self, args: argparse.Namespace) -> list[str]:
        """Give the command line of the training, or of what is left of it."""
        train = [sys.executable, '-m', 'sa4depth_ros.cli.main', 'train', '--output',
                 str(self.folder)]
        if (self.folder / 'state').is_dir():
            return [*train, '--resume']
        settings = [
            f'name={self.folder.name}', f'seed={self.seed}', f'threads={args.threads}',
            f'epochs={max(1, round(self.recording.epochs * args.budget))}',
            *self.recording.settings, *VARIANTS[self.variant], *args.settings]
        return [*train, '--bag', str(args.bags / self.recording.bag), '--config',
                str(ROOT / 'config/train/sa4depth.yaml'),
                *(word for setting in settings for word in ('--set', setting))]


def jobs(args: argparse.Namespace) -> Iterator[Job]:
    """List the trainings, one seed of everything before the next seed."""
    for seed in args.seeds:
        for variant, recording in product(args.variants, RECORDINGS):
            if recording.bag in args.only:
                name = f'{recording.bag}-{variant.replace(", ", "-").replace(" ", "_")}-{seed}'
                yield Job(recording, variant, seed, args.output / name)


def train_and_measure(job: Job, args: argparse.Namespace) -> dict[str, float]:
    """Train unless that is done, measure, and give the numbers."""
    file = job.folder / 'ablation.json'
    if not file.is_file():
        with (args.output / f'{job.folder.name}.log').open('w', encoding='utf-8') as log:
            subprocess.run(job.command(args), check=True, stdout=log, stderr=subprocess.STDOUT)
        # A fixed budget, no choice by what is measured: the last epoch counts.
        numbers = measure(job, args, job.folder / 'last.safetensors')
        file.write_text(json.dumps(numbers, indent=1) + '\n', encoding='utf-8')
    print(f'{job.folder.name} done', flush=True)
    return dict(json.loads(file.read_text(encoding='utf-8')))


def measure(job: Job, args: argparse.Namespace, checkpoint: Path) -> dict[str, float]:
    """Measure depth at full resolution and motion on the part that was held out."""
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator
    from sa4depth_ros.runtime.engines import EngineOptions
    from sa4depth_train.data_config import DataConfig
    from sa4depth_train.evaluation import evaluate_bag
    from sa4depth_train.excerpt import Excerpt
    from sa4depth_train.motion_estimator import evaluate_motion
    config = DataConfig(max_depth=job.recording.max_depth)
    estimator = DepthEstimator(
        checkpoint, backend='torch', options=EngineOptions(threads=args.threads))
    depth = evaluate_bag(estimator, args.bags / job.recording.depth_bag, config,
                         Excerpt(job.recording.depth_from))
    motion = evaluate_motion(checkpoint, args.bags / job.recording.bag, config, Excerpt(0.8))
    # Both know the scale of depth, but the depth may have been measured on another bag.
    return motion | dict(depth.metrics)


def table(results: dict[str, dict[str, list[dict[str, float]]]]) -> str:
    """Lay the results out in Markdown, mean and range over seeds."""
    lines = []
    for recording, variants in results.items():
        lines += [f'\n**{recording}**\n', '| variant | ' + ' | '.join(COLUMNS) + ' |',
                  '|---' * (len(COLUMNS) + 1) + '|']
        for variant, runs in variants.items():
            cells = [cell([run.get(key, math.nan) for run in runs])
                     for key in COLUMNS.values()]
            lines.append(f'| {variant} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def cell(values: Sequence[float]) -> str:
    """Give the mean, and the range if there is more than one value."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return '-'
    text = f'{np.mean(known):.3g}'
    return text if len(known) == 1 else f'{text} ({min(known):.3g} to {max(known):.3g})'


def write_table(page: Path, text: str) -> None:
    """Put ``text`` between the two markers of a page."""
    before, _, rest = page.read_text(encoding='utf-8').partition(BEGIN)
    page.write_text(f'{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}', encoding='utf-8')


def main() -> None:
    """Run everything and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--bags', type=Path, required=True, help='folder of the recordings')
    parser.add_argument('--output', type=Path, default=Path('ablation'))
    parser.add_argument('--seeds', type=int, nargs='+', default=[0])
    parser.add_argument('--only', nargs='+', default=[r.bag for r in RECORDINGS])
    parser.add_argument('--variants', nargs='+', default=MAIN, choices=VARIANTS, metavar='NAME')
    parser.add_argument('--budget', type=float, default=1.0, help='factor on the epochs')
    parser.add_argument('--jobs', type=int, default=2, help='trainings at a time')
    parser.add_argument('--threads', type=int, default=1, help='CPU threads of each')
    parser.add_argument('--set', action='append', default=[], dest='settings', metavar='KEY=VALUE')
    parser.add_argument('--page', type=Path, help='Markdown file to write the table into')
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    todo = list(jobs(args))
    with ThreadPoolExecutor(args.jobs) as pool:
        numbers = list(pool.map(lambda job: train_and_measure(job, args), todo))
    results: dict[str, dict[str, list[dict[str, float]]]] = {}
    for job, found in zip(todo, numbers):
        results.setdefault(job.recording.bag, {}).setdefault(job.variant, []).append(found)
    text = (f'{table(results)}\n\n{machine()}, threads of each training: {args.threads}, '
            f'seeds: {args.seeds}.')
    print(text)
    if args.page:
        write_table(args.page, text)


if __name__ == '__main__':
    main()
