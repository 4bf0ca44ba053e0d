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
What makes supervised training faster on a CPU, step by step.

It is bfloat16, shallow layers that stand still, and an allocator that keeps its memory.

The steps of all variants take turns in one process, once with glibc's own settings and once
with memory kept, as `sa4depth train` has it; random images, batch 8 at 256x320, and the ratio
of medians is printed.

    python benchmarks/supervised_step.py [--threads 2] [--steps 8]
"""

import argparse
from dataclasses import replace
import json
import subprocess
import sys
import time

import numpy as np
from sa4depth_train.checkpoint import start_network
from sa4depth_train.config import LossConfig, OptimizerConfig, TrainConfig
from sa4depth_train.memory import keep_freed_memory
from sa4depth_train.parameters import freeze_encoder_norms, parameter_groups
from sa4depth_train.recipes.supervised import depth_losses
import torch
from training_step import processor

# By name: bfloat16, and the stride down to which layers stand still.
VARIANTS = {'fp32': (False, 0), 'bf16': (True, 0), 'bf16, frozen_stride 4': (True, 4)}
BATCH, HEIGHT, WIDTH = 8, 256, 320
LOSS = LossConfig(silog_mean=0.0, per_image=True, scale=2.0, gradient=2.0)


class Step:
    """The default network with its optimizer, stepped on one batch of invented images."""

    def __init__(self, half: bool, frozen: int) -> None:
        """Build the network with random weights; their speed is that of trained ones."""
        torch.manual_seed(0)
        self._half = half
        config = replace(TrainConfig(initial_weights='random'),
                         optimizer=OptimizerConfig(frozen_stride=frozen))
        network = start_network(config).train().to(memory_format=torch.channels_last)
        freeze_encoder_norms(network)
        self._network = network
        self._optimizer = torch.optim.AdamW(parameter_groups(network, config.optimizer))
        image = torch.rand(BATCH, 3, HEIGHT, WIDTH)
        self._image = image.contiguous(memory_format=torch.channels_last)
        self._target = 0.5 + 5 * torch.rand(BATCH, 1, HEIGHT, WIDTH)

    def run(self) -> float:
        """Make one step and give its seconds."""
        start = time.perf_counter()
        with torch.autocast('cpu', torch.bfloat16, enabled=self._half):
            loss = depth_losses(self._network(self._image), self._target, LOSS)['loss']
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._optimizer.zero_grad()
        return time.perf_counter() - start


def measure(rounds: int) -> dict[str, float]:
    """Give the median seconds of a step of each variant, after a round to warm up."""
    steps = {name: Step(*setting) for name, setting in VARIANTS.items()}
    taken = [{name: step.run() for name, step in steps.items()} for _ in range(rounds + 1)]
    return {name: float(np.median([one[name] for one in taken[1:]])) for name in steps}


def measured_apart(kind: str) -> dict[str, float]:
    """Measure in a process of its own: how glibc keeps memory cannot be taken back."""
    done = subprocess.run([sys.executable, __file__, *sys.argv[1:], '--here', kind], check=True,
                          capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description='the speed of a supervised step on a CPU')
    parser.add_argument('--steps', type=int, default=8)
    parser.add_argument('--threads', type=int, default=0)
    parser.add_argument('--here', choices=('plain', 'kept'), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.here == 'kept':
        keep_freed_memory()
    if args.here:
        print(json.dumps(measure(args.steps)))
        return
    seconds = measured_apart('plain')
    seconds |= {f'{name}, memory kept': value for name, value in measured_apart('kept').items()}
    print(json.dumps({
        'machine': processor(), 'batch': BATCH, 'size': f'{HEIGHT}x{WIDTH}',
        'threads': args.threads, 'seconds_per_step': seconds,
        'times_as_fast_as_fp32': {n: seconds['fp32'] / s for n, s in seconds.items()}}, indent=1))


if __name__ == '__main__':
    main()
