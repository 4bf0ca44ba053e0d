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
from pathlib import Path
import time

import numpy as np
import onnxruntime


def main() -> None:
    """Print milliseconds of each file, on a made-up pair of frames."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model', type=Path, help='the depth model that they lie beside')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=60)
    args = parser.parse_args()
    features, align, pose = (_session(args.model.with_suffix(f'.{kind}.onnx'), args.threads)
                             for kind in ('features', 'align', 'pose'))
    _, height, width, _ = pose.get_inputs()[0].shape
    frames = _frames(height, width)
    names = [output.name for output in features.get_outputs()]
    maps = [dict(zip(names, features.run(None, {'image': frame}))) for frame in frames]
    plane = np.ones((1, 1, height, width), np.float32)
    K = np.array([[[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]]], np.float32)
    feed = {f'target_{name}': values for name, values in maps[0].items()}
    feed |= {f'source_{name}': maps[1][name] for name in names if name != 'gradient'}
    feed |= {'depth': 2 * plane, 'seen': plane, 'K': K, 'T_initial': np.eye(4, dtype='f')[None]}
    feeds = ((features, 'features', {'image': frames[0]}), (align, 'align', feed),
             (pose, 'pose', dict(zip(('first', 'second'), frames))))
    for session, kind, inputs in feeds:
        times = [_milliseconds(session, inputs) for _ in range(args.rounds)]
        print(f'{kind}: {np.median(times):.1f} ms (p95 {np.quantile(times, 0.95):.1f})')


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])


def _frames(height: int, width: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (height // 8, width // 8 + 1, 3), dtype=np.uint8)
    wide = np.kron(small, np.ones((8, 8, 1), np.uint8))[None]
    return [np.ascontiguousarray(wide[:, :, start:start + width]) for start in (0, 3)]


def _milliseconds(session: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray]) -> float:
    start = time.perf_counter()
    session.run(None, inputs)
    return 1e3 * (time.perf_counter() - start)


if __name__ == '__main__':
    main()
