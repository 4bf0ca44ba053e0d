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

"""Cityscapes: 1525 test images against the disparity of their stereo pairs."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.protocols.depth_protocol import DepthProtocol
from sa4depth_train.protocols.depth_set import (
    DepthSample, DepthSet, Guide, pinhole, read_png16, read_rgb)

CITYSCAPES = DepthProtocol('cityscapes', 1e-3, 80.0, 1525)
GUIDE = Guide(
    'Cityscapes',
    'www.cityscapes-dataset.com (needs an account, non-commercial licence): '
    'leftImg8bit_trainvaltest.zip, disparity_trainvaltest.zip and camera_trainvaltest.zip', """\
ROOT/leftImg8bit/test/berlin/berlin_000000_000019_leftImg8bit.png
ROOT/disparity/test/berlin/berlin_000000_000019_disparity.png
ROOT/camera/test/berlin/berlin_000000_000019_camera.json""")

# The car's own bonnet fills the lowest quarter: the model does not see it. Of the rest, the
# truth counts in rows 256 to 767 and columns 192 to 1855 of 1024 x 2048 pixels.
_SIZE = (2048, 1024)
_SEEN_ROWS = 768
_ROWS, _COLUMNS = slice(256, _SEEN_ROWS), slice(192, 1856)


def open_cityscapes(root: Path) -> DepthSet:
    """
    Find all test images with their disparity and camera.

    Raises BagError when there is none, or when one lacks its disparity or camera.
    """
    images = sorted((root / 'leftImg8bit' / 'test').glob('*/*_leftImg8bit.png'))
    if not images:
        raise GUIDE.missing(root, 'leftImg8bit/test/*/*_leftImg8bit.png')
    for image in images:
        for kind in ('disparity.png', 'camera.json'):
            if not (path := _beside(root, image, kind)).is_file():
                raise GUIDE.missing(root, str(path.relative_to(root)))

    def read(index: int) -> DepthSample:
        image = images[index]
        rgb, disparity = read_rgb(image), read_png16(_beside(root, image, 'disparity.png'))
        if rgb.shape[1::-1] != _SIZE or disparity.shape[::-1] != _SIZE:
            raise BagError(f"'{image}' and its disparity are {rgb.shape[1::-1]} and "
                           f'{disparity.shape[::-1]}; expected {_SIZE} for both')
        K, baseline = _camera(_beside(root, image, 'camera.json'))
        depth = disparity_depth(disparity, float(K[0, 0]), baseline)[:_SEEN_ROWS]
        target = np.zeros_like(depth)
        target[_ROWS, _COLUMNS] = depth[_ROWS, _COLUMNS]
        seen = np.ascontiguousarray(rgb[:_SEEN_ROWS])
        return DepthSample(seen, pinhole(K, (_SIZE[0], _SEEN_ROWS)), target)

    return DepthSet(CITYSCAPES, [image.stem.removesuffix('_leftImg8bit') for image in images],
                    read)


def disparity_depth(
    stored: NDArray[np.uint16], focal: float, baseline: float,
) -> NDArray[np.float32]:
    """
    Turn stored disparities (h, w) into metres, 0 where there is none.

    By the data set's README the disparity of a value p > 0 is (p - 1) / 256 pixels. ``focal``
    is in pixels, ``baseline`` in metres.
    """
    disparity = (stored.astype(np.float32) - 1) / 256
    known = disparity > 0
    depth = np.zeros(stored.shape, dtype=np.float32)
    depth[known] = focal * baseline / disparity[known]
    return depth


def _beside(root: Path, image: Path, kind: str) -> Path:
    name = image.name.removesuffix('leftImg8bit.png') + kind
    return root / kind.partition('.')[0] / 'test' / image.parent.name / name


def _camera(path: Path) -> tuple[NDArray[np.float64], float]:
    try:
        values = json.loads(path.read_text(encoding='utf-8'))
        inner, baseline = values['intrinsic'], float(values['extrinsic']['baseline'])
        fx, fy, cx, cy = (float(inner[name]) for name in ('fx', 'fy', 'u0', 'v0'))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BagError(f"the camera '{path}' cannot be read: {error!r}; expected "
                       'extrinsic.baseline, and fx, fy, u0, v0 in intrinsic') from error
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), baseline
