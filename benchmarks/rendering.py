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
How many frames of rendered worlds a second, everything included, and what takes the time.

Runs `sa4depth render-worlds` into a temporary folder, as a user would: processes start, places
are built, pictures are drawn, spoiled as by a real camera, and written. Seconds by part are
summed over the processes; frames a second are those of the whole run.

    python benchmarks/rendering.py [--worlds 50] [--frames 40] [--size 320x240] [--jobs 2]
"""

import argparse
from collections import Counter
import json
from pathlib import Path
import resource
import tempfile
import time
from typing import Any

from sa4depth_ros.cli.render_bag import parse_size
from sa4depth_train.worlds.render_worlds import render_worlds
from sa4depth_train.worlds.rendered_world import WorldsSettings
from sa4depth_train.worlds.world_cache import WorldCache
from training_step import processor


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Render and give all figures."""
    width, height = parse_size(args.size)
    settings = WorldsSettings(seed=args.seed, frames=args.frames, width=width, height=height)
    start = time.perf_counter()
    parts = render_worlds(folder / 'cache', settings, args.worlds, jobs=args.jobs)
    wall = time.perf_counter() - start
    cache = WorldCache(folder / 'cache')
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        'machine': processor(), 'jobs': args.jobs, 'size': args.size, 'worlds': len(cache),
        'kinds': dict(Counter(world.kind.partition('/')[0] for world in cache.worlds)),
        'frames': cache.frames, 'seconds': round(wall, 1),
        'frames_per_second': round(cache.frames / wall, 1),
        # A machine that does other things as well shows it here.
        'frames_per_core_second': round(cache.frames / (used.ru_utime + used.ru_stime), 1),
        'ms_per_frame': {part: round(1e3 * spent / cache.frames, 1)
                         for part, spent in parts.items()},
        'megabytes': round(sum(f.stat().st_size for f in folder.rglob('*.npy')) / 1e6)}


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    for name, default in (('worlds', 50), ('frames', 40), ('jobs', 2), ('seed', 0)):
        parser.add_argument(f'--{name}', type=int, default=default)
    parser.add_argument('--size', default='320x240')
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(parser.parse_args(), Path(folder)), indent=1))


if __name__ == '__main__':
    main()
