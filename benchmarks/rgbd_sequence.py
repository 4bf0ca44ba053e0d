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
A sequence of 7-Scenes or of TUM RGB-D as a recording, to measure depth and odometry on.

The folder is told by what it holds: frame-000000.color.png (or .jpg), .depth.png and .pose.txt
for each frame of 7-Scenes; rgb.txt, depth.txt and groundtruth.txt of TUM RGB-D:

    python benchmarks/rgbd_sequence.py --folder redkitchen/seq-01 --output redkitchen_bag

7-Scenes is for non-commercial research: measure on it, but do not ship weights that learned it.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.tum_file import nanoseconds_of, read_tum
from sa4depth_train.bag_index import nearest
from sa4depth_train.protocols.depth_set import read_png16, read_rgb
from sa4depth_train.worlds.lens import Lens
from sa4depth_train.worlds.recording_writer import RecordedFrame, RecordingWriter
from tqdm import tqdm

_SIZE = (640, 480)
_POSE = '.pose.txt'
# Of 7-Scenes: pictures a second, and depth that is none.
_RATE, _UNKNOWN = 30, 65535
# Of TUM RGB-D: steps of depth a metre, and nanoseconds that what belongs together may be apart.
_STEPS, _APART = 5000, 20_000_000


@dataclass(frozen=True)
class Calibration:
    """fx, fy, cx, cy in pixels and distortion, plumb_bob, of a camera."""

    intrinsics: tuple[float, float, float, float]
    distortion: tuple[float, float, float, float, float] = (0.0,) * 5

    @property
    def K(self) -> NDArray[np.float64]:
        """Give the matrix (3, 3)."""
        fx, fy, cx, cy = self.intrinsics
        return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


# As the authors of the two benchmarks give them; freiburg3 is rectified.
CAMERAS = {
    '7scenes': Calibration((585.0, 585.0, 320.0, 240.0)),
    'freiburg1': Calibration((517.3, 516.5, 318.6, 255.3),
                             (0.2624, -0.9531, -0.0054, 0.0026, 1.1633)),
    'freiburg2': Calibration((520.9, 521.0, 325.1, 249.7),
                             (0.2312, -0.7849, -0.0033, -0.0001, 0.9172)),
    'freiburg3': Calibration((535.4, 539.2, 320.1, 247.6)),
}


@dataclass(frozen=True, eq=False)
class SequenceFrame:
    """Files of one frame, its stamp [ns], its pose (4, 4) T_camera2world, and steps a metre."""

    stamp: int
    color: Path
    depth: Path
    T_camera2world: NDArray[np.float64]
    steps: int

    def read(self) -> RecordedFrame:
        """Decode it; BagError for a file that cannot be read or has another size."""
        color, steps = read_rgb(self.color), read_png16(self.depth)
        for path, picture in ((self.color, color), (self.depth, steps)):
            if picture.shape[1::-1] != _SIZE:
                raise BagError(f"expected 640x480 pixels in '{path}', as the calibration is for, "
                               f'got {picture.shape[1]}x{picture.shape[0]}')
        depth = np.where(steps == _UNKNOWN, 0, steps).astype(np.float32) / self.steps
        T = self.T_camera2world
        return RecordedFrame(self.stamp, color, depth, T, T, np.zeros(6), np.zeros(6))


def write_recording(folder: Path, output: Path, camera: str = '') -> int:
    """
    Write all frames of a sequence that have depth and pose as a new bag; give their number.

    ``camera`` is one of CAMERAS, by default the one that the folder is named after. Raises
    BagError for a folder of neither kind or with an unknown camera, for a file that cannot be
    read, and for an ``output`` that exists.
    """
    is_tum = (folder / 'groundtruth.txt').is_file()
    lens = _lens(_calibration(folder, camera or ('' if is_tum else '7scenes')))
    frames = list(_tum(folder) if is_tum else _seven_scenes(folder))
    with RecordingWriter(output, lens, np.eye(4)) as writer:
        for frame in tqdm(frames, desc=folder.name, disable=None):
            writer.write(frame.read())
    return len(frames)


def _calibration(folder: Path, camera: str) -> Calibration:
    known = [name for name in CAMERAS if name == camera or (not camera and name in str(folder))]
    if len(known) != 1:
        raise BagError(f"'{folder}': the camera '{camera}' is not known; say --camera and one of "
                       f"{', '.join(CAMERAS)}")
    return CAMERAS[known[0]]


def _lens(calibration: Calibration) -> Lens:
    K = calibration.K
    return Lens(*_SIZE, K, K, calibration.distortion, rectified=False)


def _seven_scenes(folder: Path) -> Iterator[SequenceFrame]:
    poses = sorted(folder.glob(f'frame-*{_POSE}'))
    if not poses:
        raise BagError(f"'{folder}': expected groundtruth.txt of a sequence of TUM RGB-D, or "
                       f'frame-000000{_POSE} of one of 7-Scenes, found neither; name the folder '
                       'that holds them')
    for number, path in enumerate(poses):
        start = str(path).removesuffix(_POSE)
        jpeg = Path(f'{start}.color.jpg')
        color = jpeg if jpeg.is_file() else Path(f'{start}.color.png')
        # From one second on: to ROS a stamp of zero is none.
        stamp = (number + _RATE) * 10 ** 9 // _RATE
        yield SequenceFrame(stamp, color, Path(f'{start}.depth.png'), _pose(path), 1000)


def _pose(path: Path) -> NDArray[np.float64]:
    try:
        T = np.loadtxt(path)
    except ValueError as error:
        raise BagError(f"cannot read the pose '{path}': {error}") from error
    if T.shape != (4, 4) or not np.isfinite(T).all():
        raise BagError(f"expected a matrix of 4x4 finite numbers in '{path}', got shape {T.shape}")
    return T


def _tum(folder: Path) -> list[SequenceFrame]:
    colors, depths = _listed(folder / 'rgb.txt'), _listed(folder / 'depth.txt')
    times, poses = read_tum(folder / 'groundtruth.txt')
    depth_times = list(depths)
    matched = [(stamp, color, _matching(depth_times, stamp), _matching(times, stamp))
               for stamp, color in colors.items()]
    frames = [SequenceFrame(stamp, folder / color, folder / depths[depth_times[depth]],
                            poses[pose], _STEPS)
              for stamp, color, depth, pose in matched if depth is not None and pose is not None]
    if not frames:
        raise BagError(f"'{folder}': no picture has depth and pose within {_APART * 1e-9} s; are "
                       'rgb.txt, depth.txt and groundtruth.txt of one sequence?')
    return frames


def _matching(stamps: Sequence[int], stamp: int) -> int | None:
    """Give the index of the nearest of sorted stamps [ns], None when it is too far."""
    near = nearest(stamps, stamp)
    return near if near is not None and abs(stamps[near] - stamp) <= _APART else None


def _listed(path: Path) -> dict[int, str]:
    """Read lines of a stamp in seconds and a file; by stamps [ns] in their order."""
    if not path.is_file():
        raise BagError(f"expected '{path}' of a sequence of TUM RGB-D, but it is not there")
    lines = [line.split() for line in path.read_text(encoding='utf-8').splitlines()
             if line.strip() and not line.startswith('#')]
    try:
        return dict(sorted((nanoseconds_of(stamp), name) for stamp, name in lines))
    except ValueError as error:
        raise BagError(f"expected lines like '1305031102.175304 rgb/1305031102.175304.png' in "
                       f"'{path}': {error}") from error


def main() -> None:
    """Write the recording and say what it holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--folder', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True, help='a new bag')
    parser.add_argument('--camera', choices=CAMERAS, default='',
                        help='by default the one that is part of the path of the folder')
    args = parser.parse_args()
    frames = write_recording(args.folder, args.output, args.camera)
    print(f'{args.output}: {frames} frames with depth and pose')


if __name__ == '__main__':
    main()
