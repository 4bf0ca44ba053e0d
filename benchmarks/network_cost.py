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
What each depth network costs: parameters, multiply-adds, time on this CPU.

All decoders and heads over one encoder and input size, with random weights: their cost is that
of trained ones. Multiply-adds are those of convolutions and matrix products. Each network is
exported to ONNX, and the files take turns in ONNX Runtime, as on a robot. Ends with the networks
of the configurations that are named, each at its own size.

    python benchmarks/network_cost.py [--threads 2] [--rounds 20] [--config config/train/x.yaml]
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
import json
from pathlib import Path
import tempfile

import numpy as np
import onnx
import onnxruntime
from precision import interleaved
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.ada_bins_head import AdaBinsConfig
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import build_network, DeployedDepth
from sa4depth_ros.networks.upproj_decoder import UPSAMPLINGS
from sa4depth_train.config_reader import read_config
from sa4depth_train.tracing import trace_network
import torch
from torch.utils.flop_counter import FlopCounterMode
from training_step import machine

# Widths of P2Net's decoder (config/train/p2net.yaml), those of the default one are the default.
_UPPROJ = (16, 32, 64, 128, 256)
SHARED = {
    'unet, sigmoid (default)': {},
    'unet, self_query (SPIdepth)': {'head': 'self_query'},
    'unet, metric_bins': {'head': 'metric_bins'},
    # Patches of 8 pixels, for the paper's 16 need an input of twice the size.
    'unet, ada_bins': {'head': 'ada_bins', 'ada_bins': AdaBinsConfig(patch=8)},
    **{f'upproj {name}, sigmoid (P2Net)': {
        'decoder': 'upproj', 'upsampling': name, 'decoder_channels': _UPPROJ}
       for name in UPSAMPLINGS}}


@dataclass(frozen=True)
class Cost:
    """Of one image: millions of parameters, milliards of multiply-adds, milliseconds."""

    size: str
    parameters: float
    head: float
    multiply_adds: float
    median_ms: float


def main() -> None:
    """Measure all networks and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--threads', type=int, default=2, help='of one inference')
    parser.add_argument('--rounds', type=int, default=20)
    parser.add_argument('--encoder', default=DepthNetConfig.encoder)
    parser.add_argument('--height', type=int, default=256)
    parser.add_argument('--width', type=int, default=320)
    parser.add_argument('--config', type=Path, action='append', default=[],
                        help='the network of a training configuration, too; repeatable')
    parser.add_argument('--json', type=Path, help='file for all figures')
    args = parser.parse_args()
    costs = measure(_networks(args), args.threads, args.rounds)
    print(table(costs))
    print(f'\n{machine()}; {args.threads} threads, ONNX Runtime {onnxruntime.__version__}, fp32; '
          f'encoder {args.encoder}; medians of {args.rounds} rounds')
    if args.json:
        args.json.write_text(json.dumps({name: vars(cost) for name, cost in costs.items()},
                                        indent=1))


def _networks(args: argparse.Namespace) -> dict[str, DepthNetConfig]:
    own = {path.stem: read_config(path).network for path in args.config}
    return {name: DepthNetConfig(
        **{'encoder': args.encoder, 'input_height': args.height, 'input_width': args.width,
           **values}) for name, values in SHARED.items()} | own


def measure(
    networks: Mapping[str, DepthNetConfig], threads: int, rounds: int,
) -> dict[str, Cost]:
    """Give the costs by name; networks of one size take turns."""
    counted = {name: count(config) for name, config in networks.items()}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f'{number}.onnx' for number, name in enumerate(networks)}
        for name, config in networks.items():
            _export(config, files[name])
        for size in dict.fromkeys(cost.size for cost in counted.values()):
            same = {name: files[name] for name, cost in counted.items() if cost.size == size}
            height, width = map(int, size.split('x'))
            image = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
            times = interleaved(same, image, threads, rounds)
            seconds |= {name: float(np.median(values)) for name, values in times.items()}
    return {name: replace(cost, median_ms=1000 * seconds[name])
            for name, cost in counted.items()}


def count(config: DepthNetConfig) -> Cost:
    """Count parameters and multiply-adds; the time is not known yet."""
    network = build_network(config).eval()
    size = f'{config.input_height}x{config.input_width}'
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 3, config.input_height, config.input_width))
    # It counts a multiplication and an addition as two.
    return Cost(size, _parameters(network), _parameters(network.head),
                counter.get_total_flops() / 2e9, float('nan'))


def _parameters(network: torch.nn.Module) -> float:
    return sum(one.numel() for one in network.parameters()) / 1e6


def _export(config: DepthNetConfig, path: Path) -> None:
    network: DepthNet = build_network(config)
    card = ModelCard('cost', config.input_height, config.input_width)
    onnx.save_model(trace_network(DeployedDepth(network).eval(), card), str(path))


def table(costs: Mapping[str, Cost]) -> str:
    """Give the costs as a table in Markdown; times also as multiples of the first of a size."""
    lines = ['| network | input | parameters [M] | of the head [M] | multiply-adds [G] | '
             'time [ms] | relative |', '|---|---|---|---|---|---|---|']
    first: dict[str, float] = {}
    for name, cost in costs.items():
        base = first.setdefault(cost.size, cost.median_ms)
        lines.append(
            f'| {name} | {cost.size} | {cost.parameters:.2f} | {cost.head:.2f} | '
            f'{cost.multiply_adds:.2f} | {cost.median_ms:.1f} | {cost.median_ms / base:.2f} |')
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
