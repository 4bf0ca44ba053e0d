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
Time the motion files of one export in ONNX Runtime on the CPU.

Run as: python benchmarks/motion_files.py mine.onnx [--threads 2]
"""

import argparse
from collections.abc import Callable
from pathlib import Path
import time

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.motion_engines import MotionEngines


def main() -> None:
    """Print milliseconds of each file, on a made-up pair of frames."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model', type=Path, help='the depth model that they lie beside')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=60)
    args = parser.parse_args()
    engines = MotionEngines(args.model, threads=args.threads)
    width, height = engines.size
    first, second = _frames(height, width)
    maps = engines.features(first), engines.features(second)
    plane = np.ones((height, width), np.float32)
    K = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]])
    calls: dict[str, Callable[[], object]] = {
        'features': lambda: engines.features(first),
        'align': lambda: engines.align(*maps, 2 * plane, plane, K, np.eye(4), 0.3, 3.0)}
    if engines.has_guess:
        calls['pose'] = lambda: engines.guess(first, second)
    print(f'{width}x{height} pixels, {args.threads} thread(s)')
    for kind, call in calls.items():
        times = [_milliseconds(call) for _ in range(args.rounds)]
        print(f'{kind}: {np.median(times):.1f} ms (p95 {np.quantile(times, 0.95):.1f})')


def _frames(height: int, width: int) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (height // 8, width // 8 + 1, 3), dtype=np.uint8)
    wide = np.kron(small, np.ones((8, 8, 1), np.uint8))
    return [np.ascontiguousarray(wide[:, start:start + width]) for start in (0, 3)]


def _milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - start)


if __name__ == '__main__':
    main()
