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

Trains every variant on the first 80 % of a recording, recipes from images and CameraInfo alone,
decoders once more from depth, with the same input size, batch, number of epochs and seed, and
measures depth on the rest as `sa4depth evaluate` does, scaled to the median of each frame, next
to one depth everywhere, which knows nothing. Nothing is chosen by what is measured: the last
epoch counts. Decoded frames, superpixels and measured motion are shared, so the first run that
needs them pays for them. Runs that are there are not repeated; begun ones go on, and their
minutes are not known.

    python benchmarks/recipes.py --bag ../shared/bags/icsl_corridor --output recipes \
        --page docs/results.md
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
import json
import math
from pathlib import Path
import resource
import subprocess
import sys

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.files import fill_page
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_train.data_config import DataConfig
from sa4depth_train.evaluation import Estimator, evaluate_bag
from sa4depth_train.excerpt import Excerpt
from training_step import machine

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = '<!-- recipes: made by benchmarks/recipes.py -->', '<!-- end of recipes -->'
QUERIES = 64
COLUMNS = {
    'AbsRel': 'scaled_abs_rel', 'RMSE m': 'scaled_rmse', 'delta1': 'scaled_delta1',
    'depth scale std': 'scale_consistency', 'depth range': 'depth_range',
    'parameters, M': 'parameters', 'CPU minutes': 'minutes'}
FLAT = 'one depth everywhere'


@dataclass(frozen=True)
class Variant:
    """A configuration of config/train and what is changed in it."""

    config: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flat:
    """Depth of an image that is the same everywhere, and what makes it."""

    image: NDArray[np.uint8]
    unit: str = 'relative'

    @property
    def depth(self) -> NDArray[np.float32]:
        """Give 1 at all pixels."""
        return np.ones(self.image.shape[:2], np.float32)

    def color(self) -> NDArray[np.uint8]:
        """Give the image."""
        return self.image

    def estimate(self, rgb: NDArray[np.uint8], camera: CameraModel | None) -> 'Flat':
        """Give the same of another image."""
        return Flat(rgb)


def _refined(config: str, *settings: str, on: bool) -> Variant:
    return Variant(config, (f'motion.refinement.enabled={str(on).lower()}', *settings))


UPSAMPLINGS = {'Nearest': 'nearest', 'Res-T': 'res_t', 'Res-B': 'res_b', 'Res-P': 'res_p'}
# Trained on images alone.
RECIPES = {
    'plain self-supervised': _refined('sa4depth', on=False),
    'SA4Depth': _refined('sa4depth', on=True),
    'SPIdepth': _refined('spidepth', on=False),
    'SPIdepth, refinement': _refined('spidepth', on=True),
    **{f'P2Net, {name}{text}': _refined('p2net', f'network.upsampling={key}', on=on)
       for name, key in UPSAMPLINGS.items()
       for on, text in ((False, ''), (True, ', refinement'))}}
# Trained on depth, which shows what a decoder can do in far fewer steps.
DECODERS = {'supervised, unet': Variant('supervised')} | {
    f'supervised, {name}': Variant('supervised', (
        'network.decoder=upproj', f'network.upsampling={key}',
        'network.decoder_channels=[16,32,64,128,256]'))
    for name, key in UPSAMPLINGS.items()}
VARIANTS = RECIPES | DECODERS
# P2Net's other upsamplings on images alone need a larger budget to differ.
MAIN = tuple(name for name in VARIANTS if not name.startswith('P2Net') or 'Res-P' in name)


def settings(variant: Variant, args: argparse.Namespace) -> list[str]:
    """Give what makes the budgets equal and fits sizes in pixels to the input."""
    height, width = args.size
    # What the configurations give in pixels is meant for 288x384.
    share = height * width / (288 * 384)
    same = [f'network.input_height={height}', f'network.input_width={width}',
            f'epochs={args.epochs}', f'batch_size={args.batch}', f'seed={args.seed}',
            f'threads={args.threads}', f'data.cache_dir={args.output / "cache"}']
    if variant.config == 'p2net':
        same += [f'photometric.keypoints.count={max(1, round(2000 * share))}',
                 f'photometric.keypoints.total={max(1, round(3000 * share))}',
                 # Segments of the same part of the picture: larger ones are no planes, and
                 # then the flat wall that has the least of this loss wins.
                 f'photometric.superpixels.scale={100 * share}',
                 f'photometric.superpixels.min_size={max(10, round(50 * share))}',
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
    start = _children_seconds()
    subprocess.run(command, check=True)
    return math.nan if begun else (_children_seconds() - start) / 60


def _children_seconds() -> float:
    # Of the CPU: another program on the machine changes the time of the clock, but not this.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(checkpoint: Path, args: argparse.Namespace) -> dict[str, float]:
    """Measure depth on the part that was held out, at image resolution."""
    from sa4depth_ros.networks.factory import load_depth_net
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator
    from sa4depth_ros.runtime.engines import EngineOptions
    estimator = DepthEstimator(
        checkpoint, backend='torch', options=EngineOptions(threads=args.threads))
    network, _ = load_depth_net(checkpoint)
    weights = sum(p.numel() for p in network.parameters())
    return _depth_metrics(estimator, args) | {'parameters': weights / 1e6}


def flat(args: argparse.Namespace) -> dict[str, float]:
    """Measure one depth everywhere on the same frames."""
    nothing = Flat(np.zeros((0, 0, 3), np.uint8))
    return {'parameters': math.nan, 'minutes': math.nan} | _depth_metrics(nothing, args)


def _depth_metrics(estimator: Estimator, args: argparse.Namespace) -> dict[str, float]:
    config = DataConfig(max_depth=args.max_depth)
    return dict(evaluate_bag(estimator, args.bag, config, Excerpt(0.8)).metrics)


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    """Lay the figures out in Markdown."""
    lines = ['| | ' + ' | '.join(COLUMNS) + ' |', '|---' * (len(COLUMNS) + 1) + '|']
    for name, figures in results.items():
        lines.append(f'| {name} | '
                     + ' | '.join(_cell(figures[key]) for key in COLUMNS.values()) + ' |')
    return '\n'.join(lines)


def _cell(figure: float) -> str:
    return f'{figure:.3g}' if math.isfinite(figure) else '-'


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    result = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    result.add_argument('--bag', type=Path, required=True)
    result.add_argument('--output', type=Path, default=Path('recipes'))
    result.add_argument('--variants', nargs='+', default=MAIN, choices=list(VARIANTS),
                        metavar='NAME')
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
    results = {FLAT: flat(args)} | {name: run(name, args) for name in args.variants}
    text = (f'{table(results)}\n\n`{args.bag.name}`, trained on its first 80 %, measured on the '
            f'rest; {args.epochs} epochs, batches of {args.batch}, {args.size[0]}x{args.size[1]}, '
            f'seed {args.seed}; {machine()}, {args.threads} thread each.')
    print(text)
    if args.page:
        fill_page(args.page, BEGIN, END, text)


if __name__ == '__main__':
    main()
