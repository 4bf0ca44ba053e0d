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

"""``sa4depth render-worlds``: many rendered worlds with exact depth, as a cache for training."""

import argparse
import os
from pathlib import Path
import time

from sa4depth_ros.cli.render_bag import parse_size

NAME = 'render-worlds'
HELP = 'render many worlds with exact ground truth into a cache for training'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add('--output', type=Path, required=True, metavar='DIR',
        help='folder of the cache; worlds that it holds already are kept')
    add('--worlds', type=int, default=500, metavar='N', help='number of worlds (default 500)')
    add('--frames', type=int, default=40, metavar='N', help='frames of each world (default 40)')
    add('--seed', type=int, default=0, help='another seed gives other worlds (default 0)')
    add('--kind', default='', help='only worlds of one kind, for example corridor (default all)')
    add('--size', default='320x256', metavar='WxH', help='image size (default 320x256)')
    add('--rate', type=float, default=0.0, metavar='HZ',
        help='frames a second of videos (default 0: each frame 0.3 to 0.5 m or 10 to 20 degrees '
             'from the one before)')
    add('--unseen', action='store_true',
        help='with surfaces that no other world has, for testing')
    add('--jobs', type=int, default=os.cpu_count() or 1, metavar='N',
        help='processes (default: one for each core)')


def run(args: argparse.Namespace) -> int:
    """Render, with a progress bar; return the exit code."""
    from sa4depth_train.worlds.render_worlds import render_worlds
    from sa4depth_train.worlds.rendered_world import WorldsSettings
    from tqdm import tqdm
    width, height = parse_size(args.size)
    settings = WorldsSettings(seed=args.seed, frames=args.frames, width=width, height=height,
                              kind=args.kind, unseen=args.unseen, rate=args.rate)
    start = time.monotonic()
    with tqdm(total=args.worlds * args.frames, unit='frame', desc='rendering') as bar:
        seconds = render_worlds(args.output, settings, args.worlds, jobs=args.jobs,
                                progress=bar.update)
    parts = ', '.join(f'{part} {spent:.0f} s' for part, spent in seconds.items())
    print(f'{args.output}: {args.worlds} worlds of {args.frames} frames {width}x{height} in '
          f'{time.monotonic() - start:.0f} s ({parts}, in all processes)')
    return 0
