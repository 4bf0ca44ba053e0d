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

"""NYU Depth v2: the 654 labelled test frames."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_train.protocols.depth_protocol import DepthProtocol
from sa4depth_train.protocols.depth_set import DepthSample, DepthSet, Guide, pinhole
from sa4depth_train.protocols.matlab import matlab_values

NYUV2 = DepthProtocol('nyuv2', 0.1, 10.0, 654)
GUIDE = Guide(
    'NYU Depth v2',
    'cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html: "Labeled dataset" (2.8 GB) and "Train/Test '
    'split"', """\
ROOT/nyu_depth_v2_labeled.mat
ROOT/splits.mat""")

# Eigen et al. (2014): the frame of white and unmeasured pixels is cut off, from the image, too.
_ROWS, _COLUMNS = slice(44, 471), slice(40, 601)
_SIZE = (640, 480)
# The colour camera of the toolbox that comes with the data (camera_params.m): fx, fy, cx, cy.
_CAMERA = (518.85790117450188, 519.46961112127485, 325.58244941119034, 253.73616633400465)


def open_nyuv2(root: Path) -> DepthSet:
    """
    Read the official test frames.

    The truth is the filled-in depth (``depths``), as in the papers. Image and truth are cropped
    before the model sees them. Raises BagError when a file is missing or is another one.
    """
    labelled, splits = root / 'nyu_depth_v2_labeled.mat', root / 'splits.mat'
    for path in (labelled, splits):
        if not path.is_file():
            raise GUIDE.missing(root, path.name)
    numbers = _test_numbers(splits)
    content = _open(labelled)
    count = len(content['images'])
    if numbers.max() > count:
        raise BagError(f"'{splits}' names frame {numbers.max()}, '{labelled}' has {count}; take "
                       'both from the same page')
    K = np.array([[_CAMERA[0], 0, _CAMERA[2] - _COLUMNS.start],
                  [0, _CAMERA[1], _CAMERA[3] - _ROWS.start], [0, 0, 1]])

    def read(index: int) -> DepthSample:
        place = int(numbers[index]) - 1
        # MATLAB stores columns first: (3, 640, 480) and (640, 480).
        rgb = _cropped(np.asarray(content['images'][place]).transpose(2, 1, 0))
        depth = _cropped(np.asarray(content['depths'][place]).T).astype(np.float32)
        camera = pinhole(K, (rgb.shape[1], rgb.shape[0]))
        return DepthSample(rgb, camera, np.where(np.isfinite(depth), depth, np.float32(0)))

    return DepthSet(NYUV2, [f'{number:04d}' for number in numbers], read)


def _test_numbers(path: Path) -> NDArray[np.int64]:
    return matlab_values(path, 'testNdxs').reshape(-1).astype(np.int64)


def _open(path: Path) -> Any:
    import h5py
    try:
        content = h5py.File(path, 'r')
        shapes = content['images'].shape, content['depths'].shape
    except (OSError, KeyError) as error:
        raise BagError(f"'{path}' cannot be read: {error}; expected the file of the labelled data "
                       'set (HDF5, MATLAB 7.3) with images and depths') from error
    count = shapes[0][0]
    if shapes != ((count, 3, *_SIZE), (count, *_SIZE)):
        raise BagError(f"'{path}' has images {shapes[0]} and depths {shapes[1]}; expected "
                       '(N, 3, 640, 480) and (N, 640, 480)')
    return content


def _cropped(values: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.ascontiguousarray(values[_ROWS, _COLUMNS])
