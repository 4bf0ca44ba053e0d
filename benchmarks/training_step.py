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
What pose refinement costs in a training step, and how many samples a second are trained.

Both variants take turns in one run, on random images at 192x640, batch 8, and the ratio of
their medians is printed; memory is the peak of a process of its own for each.

    python benchmarks/training_step.py [--threads 2] [--steps 6] [--bf16]
"""

import argparse
from dataclasses import replace
import json
from pathlib import Path
import platform
import subprocess
import sys
import time
from typing import Any

import numpy as np
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_train.parameters import freeze_encoder_norms
from sa4depth_train.photometric import PhotometricConfig
from sa4depth_train.self_supervised_model import SelfSupervisedModel
import torch
from torch import Tensor

# The last one also has the photometric error under PoseNet's own motion, which is optional.
VARIANTS = ('plain', 'refined', 'refined, unrefined: 0.5')


class Step:
    """A model with its optimizer, stepped on one batch of invented images."""

    def __init__(self, variant: str, args: argparse.Namespace) -> None:
        """Build the networks with random weights; their speed is that of trained ones."""
        torch.manual_seed(0)
        motion = MotionConfig()
        motion = replace(motion, refinement=replace(motion.refinement,
                                                    enabled=variant != 'plain'))
        loss = PhotometricConfig(unrefined=0.5 if variant.endswith('0.5') else 0.0)
        size = DepthNetConfig(input_height=args.height, input_width=args.width)
        model = SelfSupervisedModel(DepthNet(size), MotionNet(motion), loss)
        self.device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self.model = model.to(self.device, memory_format=torch.channels_last).train()
        freeze_encoder_norms(model)
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        self.batch = invented_batch(args, self.device)
        self.mixed = args.bf16

    def run(self) -> float:
        """Make one step and give its seconds."""
        self._wait()
        start = time.perf_counter()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed):
            loss = self.model(self.batch)['loss']
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self._wait()
        return time.perf_counter() - start

    def _wait(self) -> None:
        if self.device.type == 'cuda':
            torch.cuda.synchronize()


def invented_batch(args: argparse.Namespace, device: torch.device) -> dict[str, Tensor]:
    """Give smooth random images and K in the layout of the triplet dataset."""
    size = (args.batch * 3, 3, args.height // 8, args.width // 8)
    images = torch.nn.functional.interpolate(
        torch.rand(size), scale_factor=8.0, mode='bilinear').unflatten(0, (args.batch, 3))
    K = torch.tensor([[0.58 * args.width, 0, args.width / 2],
                      [0, 0.58 * args.width, args.height / 2], [0, 0, 1]])
    batch = {'images': images, 'inputs': images, 'K': K.expand(args.batch, 3, 3),
             'seen': torch.ones(args.batch, 1, args.height, args.width),
             'earlier': torch.tensor([[True, False]]).expand(args.batch, 2)}
    return {name: value.to(device) for name, value in batch.items()}


def peak_memory_mb(variant: str) -> float:
    """Run two steps of ``variant`` in a process of its own and give its peak memory."""
    command = [sys.executable, __file__, *sys.argv[1:], '--memory-of', variant]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def measure_memory(step: Step) -> float:
    """Give the peak of this process (CPU) or of its tensors (GPU) in MB after two steps."""
    for _ in range(2):
        step.run()
    if step.device.type == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**20
    # ru_maxrss would start with what the parent had when it forked.
    status = Path('/proc/self/status').read_text(encoding='utf-8')
    return float(status.partition('VmHWM:')[2].split()[0]) / 1024


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Time the variants in turn and give the figures."""
    steps = {variant: Step(variant, args) for variant in VARIANTS}
    seconds: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    for number in range(args.steps + 1):
        for variant, step in steps.items():
            taken = step.run()
            # The first round warms up.
            if number:
                seconds[variant].append(taken)
    medians = {variant: float(np.median(values)) for variant, values in seconds.items()}
    return {
        'machine': machine(), 'batch': args.batch, 'size': f'{args.height}x{args.width}',
        'threads': torch.get_num_threads(), 'bf16': args.bf16,
        'seconds_per_step': medians,
        'samples_per_second': {v: args.batch / s for v, s in medians.items()},
        'ratio_to_plain': {v: s / medians['plain'] for v, s in medians.items()},
        'peak_memory_mb': {variant: peak_memory_mb(variant) for variant in VARIANTS}}


def machine() -> str:
    """Name the processor that computes: the GPU if there is one."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else processor()


def processor() -> str:
    """Name the CPU and count its cores."""
    text = Path('/proc/cpuinfo').read_text(encoding='utf-8')
    names = [line.partition(':')[2].strip() for line in text.splitlines()
             if line.startswith('model name')]
    return f'{len(names)} cores of {names[0] if names else platform.processor()}'


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    for name, default in (('height', 192), ('width', 640), ('batch', 8), ('steps', 6),
                          ('threads', 0)):
        parser.add_argument(f'--{name}', type=int, default=default)
    parser.add_argument('--bf16', action='store_true', help='bfloat16 where autocast allows')
    parser.add_argument('--memory-of', choices=VARIANTS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.memory_of:
        print(measure_memory(Step(args.memory_of, args)))
    else:
        print(json.dumps(measure(args), indent=1))


if __name__ == '__main__':
    main()
