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

"""``sa4depth render-bag``: a rendered recording with exact depth and poses."""

import argparse
from pathlib import Path

from sa4depth_ros.errors import ConfigError

NAME = 'render-bag'
HELP = 'render a room or another world with exact ground truth into a bag'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add('--output', type=Path, required=True, metavar='DIR', help='folder of the new bag')
    add('--seed', type=int, default=0,
        help='varies colours, textures, books, pictures and noise (default 0)')
    add('--frames', type=int, default=120, help='number of frames (default 120)')
    add('--rate', type=float, default=15.0, metavar='HZ', help='frames a second (default 15)')
    add('--size', default='480x360', metavar='WxH', help='image size (default 480x360)')
    add('--hfov', type=float, metavar='DEG',
        help='horizontal field of view in degrees (default 75, with --world any)')
    add('--world', default='', metavar='KIND',
        help='instead of the furnished room and its perfect camera a place of this kind, for '
             "example corridor, or 'random', with a carrier and a real camera's faults")
    add('--jpeg-quality', type=int, default=92, metavar='Q', help='1..100 (default 92)')


def run(args: argparse.Namespace) -> int:
    """Render, with a progress bar; return the exit code."""
    from sa4depth_train.worlds.render_recording import render_recording, RenderSettings
    from tqdm import tqdm
    width, height = parse_size(args.size)
    settings = RenderSettings(seed=args.seed, frames=args.frames, rate=args.rate, width=width,
                              height=height, hfov=args.hfov, jpeg_quality=args.jpeg_quality,
                              world=args.world)
    with tqdm(total=settings.frames, unit='frame', desc='rendering') as bar:
        render_recording(args.output, settings, bar.update)
    size = sum(file.stat().st_size for file in args.output.iterdir()) / 1e6
    print(f'{args.output}: {settings.frames} frames {width}x{height}, {size:.1f} MB')
    return 0


def parse_size(text: str) -> tuple[int, int]:
    """Read ``640x480`` as (width, height); raises ConfigError."""
    width, separator, height = text.lower().partition('x')
    if not (separator and width.isdigit() and height.isdigit()):
        raise ConfigError(f'--size must look like 640x480, not {text!r}.')
    return int(width), int(height)
