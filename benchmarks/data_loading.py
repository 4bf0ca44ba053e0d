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
How many training samples a second come out of a bag, by number of loader processes.

A sample is a target with two sources, augmented as config/train/sa4depth.yaml says, through
the loader that training uses. Cold: decoded from the bag; warm: from the cache of decoded
frames. Also how long it takes to find the triplets, the first time and again.

    python benchmarks/data_loading.py --bag PATH [--height 192] [--width 640] [--workers 0 1 2]
"""

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import tempfile
import time
from typing import Any

import cv2
from sa4depth_ros.resources import share_path
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.config import TrainConfig
from sa4depth_train.config_reader import read_config
from sa4depth_train.data_config import DataConfig
from sa4depth_train.loading import EpochLoader
from sa4depth_train.triplet_dataset import TripletDataset
from sa4depth_train.triplets import find_triplets, Triplet
import torch
from training_step import processor


def open_frames(args: argparse.Namespace, cache: Path) -> BagFrames:
    """Index the bag, with decoded frames kept in ``cache``."""
    config = DataConfig(cache_dir=str(cache), cache_mb=20_000, holdout=0.0)
    return BagFrames([args.bag], config, (args.width, args.height), need='nothing')


def samples_per_second(
    frames: BagFrames, args: argparse.Namespace, config: TrainConfig, workers: int,
) -> dict[str, float]:
    """Load all neighbouring triplets twice: cold, then warm with the loaders running."""
    triplets = [Triplet(i, (i - 1, i + 1)) for i in range(1, min(len(frames) - 1, args.samples))]
    dataset = TripletDataset(frames, triplets, (args.width, args.height), config.augmentation)
    loader = EpochLoader(dataset, torch.device('cpu'), workers)
    plan: list[Sequence[int]] = [
        range(first, min(first + args.batch, len(triplets)))
        for first in range(0, len(triplets), args.batch)]
    rates = {}
    for epoch, kind in enumerate(('cold', 'warm')):
        start = time.perf_counter()
        for _ in loader.batches(epoch, plan):
            pass
        rates[kind] = len(triplets) / (time.perf_counter() - start)
    return rates


def seconds_to_find_triplets(args: argparse.Namespace, config: TrainConfig) -> dict[str, Any]:
    """Time the search for triplets without and with what the first one left behind."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as cache:
        for kind in ('first', 'again'):
            start = time.perf_counter()
            frames = open_frames(args, Path(cache))
            found = find_triplets(frames, frames.train_of, config.triplets)
            result[kind] = time.perf_counter() - start
        result['log'] = found.lines()[0]
    return result


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Give all figures."""
    config = read_config(share_path('config/train/sa4depth.yaml'))
    rates = {}
    for workers in args.workers:
        with tempfile.TemporaryDirectory() as cache:
            frames = open_frames(args, Path(cache))
            rates[workers] = samples_per_second(frames, args, config, workers)
    return {'machine': processor(), 'bag': args.bag.name, 'size': f'{args.height}x{args.width}',
            'batch': args.batch, 'samples_per_second_by_workers': rates,
            'seconds_to_find_triplets': seconds_to_find_triplets(args, config)}


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--bag', type=Path, required=True)
    for name, default in (('height', 192), ('width', 640), ('batch', 8), ('samples', 300)):
        parser.add_argument(f'--{name}', type=int, default=default)
    parser.add_argument('--workers', type=int, nargs='+', default=[0, 1, 2, 4])
    # As in the training process of one loader per core.
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    print(json.dumps(measure(parser.parse_args()), indent=1))


if __name__ == '__main__':
    main()
