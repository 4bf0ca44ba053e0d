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
The recipes and the upsamplings of P2Net side by side: one recording, one budget, one command.

Trains every variant on the first 80 % of a recording, from images and CameraInfo alone, with the
same input size, batch, number of epochs and seed, and measures depth on the rest as
`sa4depth evaluate` does, scaled to the median of each frame. Nothing is chosen by what is
measured: the last epoch counts. Runs that are there are not repeated; begun ones go on, and
their minutes are not known.

    python benchmarks/recipes.py --bag ../shared/bags/hololens_walk --output recipes \
        --page docs/results.md
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
import json
import math
from pathlib import Path
import subprocess
import sys
import time

from sa4depth_ros.files import fill_page
from training_step import machine

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = '<!-- recipes: made by benchmarks/recipes.py -->', '<!-- end of recipes -->'
QUERIES = 64
COLUMNS = {
    'AbsRel': 'scaled_abs_rel', 'RMSE m': 'scaled_rmse', 'delta1': 'scaled_delta1',
    'depth scale std': 'scale_consistency', 'parameters, M': 'parameters', 'minutes': 'minutes'}


@dataclass(frozen=True)
class Variant:
    """A configuration of config/train and what is changed in it."""

    config: str
    settings: tuple[str, ...] = ()


def _refined(config: str, *settings: str, on: bool) -> Variant:
    return Variant(config, (f'motion.refinement.enabled={str(on).lower()}', *settings))


UPSAMPLINGS = {
    f'P2Net, {name}': _refined('p2net', f'network.upsampling={key}', on=False)
    for name, key in (('Nearest', 'nearest'), ('Res-T', 'res_t'), ('Res-B', 'res_b'),
                      ('Res-P', 'res_p'))}
VARIANTS = UPSAMPLINGS | {
    'P2Net, Res-P, refinement': _refined('p2net', on=True),
    'SPIdepth': _refined('spidepth', on=False), 'SPIdepth, refinement': _refined(
        'spidepth', on=True),
    'plain self-supervised': _refined('sa4depth', on=False),
    'SA4Depth': _refined('sa4depth', on=True)}


def settings(variant: Variant, args: argparse.Namespace) -> list[str]:
    """Give what makes the budgets equal, and the sizes fit to the input size."""
    height, width = args.size
    # What the configurations give in pixels is meant for 288x384.
    share = height * width / (288 * 384)
    same = [f'network.input_height={height}', f'network.input_width={width}',
            f'epochs={args.epochs}', f'batch_size={args.batch}', f'seed={args.seed}',
            f'threads={args.threads}']
    if variant.config == 'p2net':
        same += [f'photometric.keypoints.count={max(1, round(2000 * share))}',
                 f'photometric.keypoints.total={max(1, round(3000 * share))}',
                 f'photometric.superpixels.min_area={max(3, round(1000 * share))}']
    if variant.config == 'spidepth':
        same.append(f'network.self_query.patch={patch_side(height, width)}')
    return [*same, *variant.settings, *args.settings]


def patch_side(height: int, width: int) -> int:
    """Give the largest patch of a map of half the size that leaves a patch for each query."""
    return max(side for side in (1, 2, 4, 8, 16, 32)
               if (height // 2 // side) * (width // 2 // side) >= QUERIES)


def run(name: str, args: argparse.Namespace) -> dict[str, float]:
    """Train unless that is done, measure, and give the figures."""
    folder = args.output / name.lower().replace(', ', '-').replace(' ', '_')
    file = folder / 'recipes.json'
    if not file.is_file():
        minutes = _train(VARIANTS[name], folder, args)
        file.write_text(json.dumps(measure(folder / 'last.safetensors', args)
                                   | {'minutes': minutes}, indent=1) + '\n', encoding='utf-8')
    figures: dict[str, float] = json.loads(file.read_text(encoding='utf-8'))
    print(f'{name}: ' + ', '.join(f'{key} {figures[key]:.3g}' for key in COLUMNS.values()),
          flush=True)
    return figures


def _train(variant: Variant, folder: Path, args: argparse.Namespace) -> float:
    command = [sys.executable, '-m', 'sa4depth_ros.cli.main', 'train', '--output', str(folder)]
    begun = (folder / 'state').is_dir()
    if begun:
        command.append('--resume')
    else:
        command += ['--bag', str(args.bag), '--config',
                    str(ROOT / f'config/train/{variant.config}.yaml'),
                    *(word for text in settings(variant, args) for word in ('--set', text))]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return math.nan if begun else (time.perf_counter() - start) / 60


def measure(checkpoint: Path, args: argparse.Namespace) -> dict[str, float]:
    """Measure depth on the part that was held out, at image resolution."""
    from sa4depth_ros.networks.factory import load_depth_net
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator
    from sa4depth_ros.runtime.engines import EngineOptions
    from sa4depth_train.data_config import DataConfig
    from sa4depth_train.evaluation import evaluate_bag
    from sa4depth_train.excerpt import Excerpt
    estimator = DepthEstimator(
        checkpoint, backend='torch', options=EngineOptions(threads=args.threads))
    depth = evaluate_bag(estimator, args.bag, DataConfig(max_depth=args.max_depth), Excerpt(0.8))
    network, _ = load_depth_net(checkpoint)
    return dict(depth.metrics) | {'parameters': sum(p.numel() for p in network.parameters()) / 1e6}


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    """Lay the figures out in Markdown."""
    lines = ['| | ' + ' | '.join(COLUMNS) + ' |', '|---' * (len(COLUMNS) + 1) + '|']
    for name, figures in results.items():
        lines.append(f'| {name} | '
                     + ' | '.join(f'{figures[key]:.3g}' for key in COLUMNS.values()) + ' |')
    return '\n'.join(lines)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    result = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    result.add_argument('--bag', type=Path, required=True)
    result.add_argument('--output', type=Path, default=Path('recipes'))
    result.add_argument('--variants', nargs='+', default=list(VARIANTS), choices=list(VARIANTS))
    result.add_argument('--size', type=int, nargs=2, default=(128, 192), metavar=('H', 'W'))
    result.add_argument('--epochs', type=int, default=27)
    result.add_argument('--batch', type=int, default=4)
    result.add_argument('--threads', type=int, default=1)
    result.add_argument('--seed', type=int, default=0)
    result.add_argument('--max-depth', type=float, default=20.0, metavar='METRES')
    result.add_argument('--set', action='append', default=[], dest='settings', metavar='KEY=VALUE')
    result.add_argument('--page', type=Path, help='Markdown file to write the table into')
    return result


def main() -> None:
    """Train and measure all variants, print the table and write it into the page."""
    args = parser().parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    results = {name: run(name, args) for name in args.variants}
    text = (f'{table(results)}\n\n`{args.bag.name}`, trained on its first 80 %, measured on the '
            f'rest; {args.epochs} epochs, batches of {args.batch}, {args.size[0]}x{args.size[1]}, '
            f'seed {args.seed}; {machine()}, {args.threads} thread each.')
    print(text)
    if args.page:
        fill_page(args.page, BEGIN, END, text)


if __name__ == '__main__':
    main()
