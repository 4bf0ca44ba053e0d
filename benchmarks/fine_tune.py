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
What fine-tuning without labels does: a model on a recording that it never saw, before and after.

Trains with `sa4depth train` and config/train/fine_tune.yaml on the first 80 % of the recording,
twice: from images and CameraInfo alone, and with the lengths of motion by its odometry. Measures
the last fifth as `sa4depth evaluate` does. A model whose card says that it was trained on this
recording is refused. A finished run is not repeated.

    python benchmarks/fine_tune.py --start blind.safetensors --bag hololens_walk \
        --output fine_tune --page docs/fine_tuning.md --picture docs/images/fine_tuning.jpg
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
import json
from pathlib import Path
import subprocess
import sys
import time

import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions
from sa4depth_train.bag_index import fingerprint
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_tally import BagResult
from sa4depth_train.evaluation import evaluate_bag
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.report import relative_error, write_comparison
from training_step import machine

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = '<!-- fine_tune: made by benchmarks/fine_tune.py -->', '<!-- end of fine_tune -->'
HELD_OUT = Excerpt(0.8)
EVEN_ROWS = (0, 2, 4)
FIGURES = {
    'AbsRel': 'abs_rel', 'delta < 1.25': 'delta1', 'AbsRel scaled': 'scaled_abs_rel',
    'delta scaled': 'scaled_delta1', 'median factor': 'median_scale',
    'scale consistency': 'scale_consistency', 'depth range': 'depth_range'}
ODOMETRY = ('photometric.odometry=0.1', 'photometric.anchor_scale=0')
RUNS: Mapping[str, Sequence[str]] = {'images': (), 'images and odometry': ODOMETRY}
SHOWN = 'images and odometry'
ERRORS = ('abs_rel', 'scaled_abs_rel', 'scale_consistency')


def check_unseen(card: ModelCard, bag: Path) -> None:
    """Raise ConfigError when the card names the recording as something it was trained on."""
    trained_on = card.training_data.partition('only measured:')[0]
    if fingerprint(bag)[:16] in trained_on:
        raise ConfigError(f"'{card.name}' was trained on '{bag.name}'; expected a model that "
                          f'never saw it. Its card says: {card.training_data}')
    if not card.training_data:
        print(f"warning: the card of '{card.name}' does not say what it was trained on")


def network_settings(network: DepthNetConfig) -> Iterator[str]:
    """Give the settings that make the configuration's network that of the checkpoint."""
    yield f"network.decoder_channels=[{','.join(map(str, network.decoder_channels))}]"
    if network.upsampling:
        yield f'network.upsampling={network.upsampling}'
    for key in ('encoder', 'decoder', 'input_height', 'input_width', 'min_depth', 'max_depth',
                'canonical_focal'):
        yield f'network.{key}={getattr(network, key)}'


def run_folder(args: argparse.Namespace, name: str) -> Path:
    """Give the folder of one of RUNS."""
    return Path(args.output / name.replace(' ', '_'))


def train(args: argparse.Namespace, network: DepthNetConfig, name: str) -> float:
    """Fine-tune as RUNS says, unless that is done, and give the minutes that it took."""
    run = run_folder(args, name)
    file = run / 'minutes.json'
    if not file.is_file():
        settings = [f'initial_weights={args.start.resolve()}', f'threads={args.threads}',
                    f'seed={args.seed}', *network_settings(network), *RUNS[name], *args.settings]
        command = [sys.executable, '-m', 'sa4depth_ros.cli.main', 'train', '--bag', str(args.bag),
                   '--config', str(args.config), '--output', str(run),
                   *(word for setting in settings for word in ('--set', setting))]
        start = time.perf_counter()
        subprocess.run(command, check=True)
        file.write_text(json.dumps((time.perf_counter() - start) / 60), encoding='utf-8')
    return float(json.loads(file.read_text(encoding='utf-8')))


def measure(model: Path, args: argparse.Namespace) -> BagResult:
    """Measure the held-out part at image resolution."""
    options = EngineOptions(threads=args.threads, faithful=True)
    estimator = DepthEstimator(model, backend='torch', options=options)
    return evaluate_bag(estimator, args.bag, DataConfig(max_depth=args.max_depth), HELD_OUT)


def table(before: Mapping[str, float], afters: Mapping[str, Mapping[str, float]]) -> str:
    """Lay the figures out in Markdown; of errors also the change to ``before``."""
    rows = ['| | ' + ' | '.join(FIGURES) + ' |', '|---' * (len(FIGURES) + 1) + '|',
            _row('before', (f'{before[key]:.3f}' for key in FIGURES.values()))]
    for name, after in afters.items():
        changes = (f'{after[key] / before[key] - 1:+.0%}' if key in ERRORS else ''
                   for key in FIGURES.values())
        rows += [_row(name, (f'{after[key]:.3f}' for key in FIGURES.values())),
                 _row('change', changes)]
    return '\n'.join(rows)


def _row(name: str, cells: Iterable[str]) -> str:
    return f'| {name} | ' + ' | '.join(cells) + ' |'


def shown_rows(result: BagResult) -> Sequence[int]:
    """Choose some frames evenly, and last the worst of the others."""
    others = [i for i in range(len(result.pictures)) if i not in EVEN_ROWS]
    even = [i for i in EVEN_ROWS if i < len(result.pictures)]
    errors = np.nan_to_num([relative_error(result.pictures[i]) for i in others])
    return [*even, *([others[int(errors.argmax())]] if others else [])]


def write_page(page: Path, text: str) -> None:
    """Put ``text`` between the two markers of a page."""
    before, marker, rest = page.read_text(encoding='utf-8').partition(BEGIN)
    if not marker:
        raise ConfigError(f"expected the line '{BEGIN}' in '{page}'")
    page.write_text(f'{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}', encoding='utf-8')


def main() -> None:
    """Train, measure, print, and write page and picture."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--start', type=Path, required=True, help='.safetensors to start from')
    parser.add_argument('--bag', type=Path, required=True)
    parser.add_argument('--config', type=Path, default=ROOT / 'config/train/fine_tune.yaml')
    parser.add_argument('--output', type=Path, default=Path('fine_tune'))
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--max-depth', type=float, default=20.0, metavar='METRES')
    parser.add_argument('--set', action='append', default=[], dest='settings', metavar='KEY=VALUE')
    parser.add_argument('--page', type=Path, help='Markdown file to write the table into')
    parser.add_argument('--picture', type=Path, help='PNG or JPEG file for the pictures')
    args = parser.parse_args()
    start, card = load_depth_net(args.start)
    check_unseen(card, args.bag)
    args.output.mkdir(parents=True, exist_ok=True)
    before = measure(args.start, args)
    minutes = {name: train(args, start.config, name) for name in RUNS}
    afters = {name: measure(run_folder(args, name) / 'best.safetensors', args) for name in RUNS}
    figures = {'start': args.start.name, 'bag': args.bag.name, 'minutes': minutes,
               'before': before.metrics} | {name: of.metrics for name, of in afters.items()}
    (args.output / 'fine_tune.json').write_text(json.dumps(figures, indent=1) + '\n',
                                                encoding='utf-8')
    write_comparison(args.picture or args.output / 'fine_tune.png',
                     {'before': before.pictures, 'after': afters[SHOWN].pictures},
                     shown_rows(afters[SHOWN]))
    config = load_depth_net(run_folder(args, SHOWN) / 'best.safetensors')[0].config
    text = (f'{table(before.metrics, {name: of.metrics for name, of in afters.items()})}\n\n'
            f'`{args.bag.name}`, frames from {before.first_frame} on; training '
            f"{' and '.join(f'{value:.0f}' for value in minutes.values())} minutes at "
            f'{config.input_height}x{config.input_width}, {args.threads} threads, '
            f'{machine()}, seed {args.seed}; start: {card.name}.')
    print(text)
    if args.page:
        write_page(args.page, text)


if __name__ == '__main__':
    main()
