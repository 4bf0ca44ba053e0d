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
Depth of a model on RGB-D samples that lie in public repositories, to measure on and nothing else.

Clone the repositories of SETS into one folder, under their own names (a file that is missing is
named with its repository), and let the table of the model's card be made:

    python benchmarks/public_sets.py --clones FOLDER --model models/sa4depth_default.onnx \
        --page models/README.md

Each is read at the commit that is written here, so its work tree does not matter. Do not train
what you ship on them: their licences differ, and some have none.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
import re
import subprocess
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rgbd_sequence import Calibration, CAMERAS
from sa4depth_ros.errors import BagError
from sa4depth_ros.files import fill_page
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from sa4depth_ros.runtime.engines import EngineOptions
from sa4depth_ros.runtime.scale_depth import project_points
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_tally import DepthTally
from sa4depth_train.evaluation import compare, Estimator
from tqdm import tqdm

BEGIN, END = '<!-- sets: made by benchmarks/public_sets.py -->', '<!-- end of sets -->'
COLUMNS = {'AbsRel': 'abs_rel', 'AbsRel scaled': 'scaled_abs_rel', 'delta scaled': 'scaled_delta1',
           'median factor': 'median_scale', 'depth range': 'depth_range'}
_UNKNOWN = 65535


@dataclass(frozen=True)
class Files:
    """Pictures and their depth in a ``repository`` (owner/name) at ``commit``, by patterns."""

    repository: str
    commit: str
    color: str
    depth: str


@dataclass(frozen=True)
class DepthSensor:
    """Where depth that is not registered was seen from: as far to the left [m] of the lens."""

    calibration: Calibration
    aside: float


@dataclass(frozen=True)
class PublicSet:
    """
    What belongs together in one row: ``title`` as it stands there.

    ``steps`` of depth are a metre, every ``every``-th frame counts, and those at least so bright
    (mean of 0 to 255). Depth beyond ``max_depth`` [m] is no truth. Without ``sensor`` depth lies
    on the pixels of the image.
    """

    title: str
    files: tuple[Files, ...]
    camera: Calibration
    steps: int = 1000
    every: int = 1
    brightness: float = 0.0
    max_depth: float = 20.0
    sensor: DepthSensor | None = None


_ALIGN3D = ('otaviog/align3d', 'f141f0c2e0e0fb3489f516853a8762e6ed69786c')
_XTION = Calibration((544.473, 544.473, 320.0, 240.0))
SETS = (
    PublicSet('7-Scenes red kitchen (Kinect)', (Files(
        'andyzeng/tsdf-fusion-python', '3f22a940d90f684145b1f29b1feaa92e09eb1db6',
        r'data/.*\.color\.jpg', r'data/.*\.depth\.png'),), CAMERAS['7scenes'], every=12),
    PublicSet('NYU v2 dining room (Kinect)', (Files(
        'gaoxiang12/slambook', '853abac78495533dfbe3e4e8d4619017111d5842',
        r'ch5/joinMap/color/.*', r'ch5/joinMap/depth/.*'),),
        Calibration((518.86, 519.47, 325.58, 253.74))),
    PublicSet('RealSense, 0.3 m above a bedroom floor', (Files(
        'felixchenfy/ros_detect_planes_from_depth_img', '4d0037cdc67ab919545d4b8c2f14394a1e5eb405',
        r'data/color/.*', r'data/depth/.*'),), Calibration((617.25, 617.549, 317.392, 245.98))),
    PublicSet('RealSense on a robot in a laboratory (K and registration estimated)', (Files(
        'CMU-AI-Maker-Space/aims-slam', '988ed2edc0b551e418d6e4aecdd7e13001d8ece0',
        r'data/rgb/.*', r'data/depth/.*'),), Calibration((615.0, 615.0, 320.0, 240.0)),
        every=4, brightness=60, max_depth=6.0,
        sensor=DepthSensor(Calibration((385.0, 385.0, 320.0, 240.0)), 0.015)),
    PublicSet('a chair in the corner of a room (probably SceneNN)', (Files(
        *_ALIGN3D, r'tests/data/rgbd/sample1/.*_rgb\.png',
        r'tests/data/rgbd/sample1/.*_depth\.png'),), _XTION),
    PublicSet('renders of a living room', (Files(
        *_ALIGN3D, r'tests/data/rgbd/sample2/.*_rgb\.png',
        r'tests/data/rgbd/sample2/.*_depth\.png'),), _XTION, steps=5000),
    PublicSet("TUM fr2, a robot's view of a hall (K assumed)", (Files(
        'suho0515/RGBD-tutorial', '5a55c6d3aa6dbead36042739f09866b0ac29aa35',
        r'data/rgb/.*', r'data/depth/.*'),), CAMERAS['freiburg2'], steps=5000),
    PublicSet('TUM fr1 desk and 360, single frames (the camera of tum_fr1_rpy)', (Files(
        'pfontana96/dense-visual-odometry', '0f5bd84541b27862fd542144f8182cf669551253',
        r'tests/test_data/rgb/.*', r'tests/test_data/depth/.*'), Files(
        'EdwardjkFeng/rgbd-vo', 'd6f0859ac466465d11c371917d09ca5c0af55149',
        r'data_examples/TUM/color/.*', r'data_examples/TUM/depth/.*')),
        CAMERAS['freiburg1'], steps=5000),
)


def measure(estimator: Estimator, of: PublicSet, clones: Path) -> dict[str, float]:
    """Give the metrics of a set; BagError for a clone that is missing or holds other files."""
    pairs = [(files, *pair) for files in of.files for pair in paired(files, clones)][::of.every]
    config = DataConfig(max_depth=of.max_depth)
    tally = DepthTally(len(pairs), config.min_depth, config.max_depth)
    for files, color, depth in tqdm(pairs, desc=of.title, disable=None):
        bgr = _picture(files, color, clones, cv2.IMREAD_COLOR)
        if bgr.mean() < of.brightness:
            continue
        metres = in_metres(_picture(files, depth, clones, cv2.IMREAD_UNCHANGED), of)
        tally.add(*compare(estimator, np.ascontiguousarray(bgr[..., ::-1]), metres,
                           _camera(of.camera, bgr), config, of.title))
    return tally.result(of.title).metrics


def paired(files: Files, clones: Path) -> list[tuple[str, str]]:
    """Give the pictures and their depth, both in the order of the numbers in their names."""
    names = _git(files, clones, 'ls-tree', '-r', '--name-only', '-z', files.commit)
    colors, depths = (sorted((name for name in names.decode().split('\0')
                              if re.fullmatch(pattern, name)), key=_numbers)
                      for pattern in (files.color, files.depth))
    if not colors or len(colors) != len(depths):
        raise BagError(f'{files.repository}: expected as many pictures as depth images, got '
                       f'{len(colors)} and {len(depths)}; is it the commit {files.commit}?')
    return list(zip(colors, depths))


def in_metres(picture: NDArray[Any], of: PublicSet) -> NDArray[np.float32]:
    """Give depth (h, w) on the pixels of the colour image, 0 where it is unknown."""
    if picture.dtype != np.uint16 or picture.ndim != 2:
        raise BagError(f'{of.title}: expected depth of 16 bits, got {picture.dtype} of shape '
                       f'{picture.shape}')
    metres = np.where(picture == _UNKNOWN, 0, picture).astype(np.float32) / np.float32(of.steps)
    if of.sensor is None:
        return metres
    v, u = np.nonzero(metres)
    rays = np.linalg.solve(of.sensor.calibration.K, np.stack([u, v, np.ones(len(u))]))
    T_sensor2camera = np.eye(4)
    T_sensor2camera[0, 3] = of.sensor.aside
    return project_points((rays * metres[v, u]).T, T_sensor2camera, of.camera.K,
                          (metres.shape[1], metres.shape[0]))


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    """Lay out in Markdown: a row for each set, and what they have in the mean."""
    lines = ['| set | frames | ' + ' | '.join(COLUMNS) + ' |', '|---' * (len(COLUMNS) + 2) + '|']
    for title, metrics in results.items():
        figures = ' | '.join(f'{metrics[key]:.3f}' for key in COLUMNS.values())
        lines.append(f'| {title} | {metrics["frames"]:.0f} | {figures} |')
    mean = np.mean([metrics['scaled_abs_rel'] for metrics in results.values()])
    return '\n'.join([*lines, f'\nMean of the {len(results)} sets, AbsRel scaled: {mean:.3f}.'])


def _camera(calibration: Calibration, picture: NDArray[np.uint8]) -> CameraModel:
    return CameraModel.from_calibration(
        width=picture.shape[1], height=picture.shape[0], K=calibration.K.reshape(-1).tolist(),
        distortion_model='plumb_bob', D=calibration.distortion)


def _picture(files: Files, name: str, clones: Path, flags: int) -> NDArray[Any]:
    data = np.frombuffer(_git(files, clones, 'show', f'{files.commit}:{name}'), np.uint8)
    picture = cv2.imdecode(data, flags) if data.size else None
    if picture is None:
        raise BagError(f"{files.repository}: cannot decode '{name}'")
    return picture


def _git(files: Files, clones: Path, *command: str) -> bytes:
    folder = clones / files.repository.partition('/')[2]
    result = subprocess.run(['git', '-C', str(folder), *command], check=False,
                            capture_output=True)
    if result.returncode:
        raise BagError(f"expected a clone of https://github.com/{files.repository} in '{folder}': "
                       f"{result.stderr.decode(errors='replace').strip()}")
    return result.stdout


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r'\d+', name)]


def main() -> None:
    """Measure the model on all sets, print the table and write it into a page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--clones', type=Path, required=True)
    parser.add_argument('--model', type=Path, required=True)
    parser.add_argument('--page', type=Path, help='with the markers of the table')
    parser.add_argument('--threads', type=int, default=0)
    args = parser.parse_args()
    estimator = DepthEstimator(
        args.model, options=EngineOptions(threads=args.threads, faithful=True))
    text = table({each.title: measure(estimator, each, args.clones) for each in SETS})
    print(text)
    if args.page is not None:
        fill_page(args.page, BEGIN, END, text)


if __name__ == '__main__':
    main()
