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

"""Make3D: 134 test images against a coarse laser grid, error C1."""

from pathlib import Path

import numpy as np
from sa4depth_ros.errors import BagError
from sa4depth_train.protocols.depth_protocol import DepthProtocol
from sa4depth_train.protocols.depth_set import DepthSample, DepthSet, Guide, read_rgb
from sa4depth_train.protocols.matlab import matlab_values

MAKE3D = DepthProtocol('make3d', 1e-3, 70.0, 134, nearest=True)
GUIDE = Guide(
    'Make3D',
    'make3d.cs.cornell.edu/data.html, "Make3D Laser+Image data", Test134.tar.gz and '
    'Test134Depth.tar.gz', """\
ROOT/Test134/img-math7-p-282t0.jpg
ROOT/Gridlaserdata/depth_sph_corr-math7-p-282t0.mat""")

_GRID = (55, 305)
# The middle of the image, twice as wide as high, and what of the grid lies in it.
_GRID_ROWS = slice((55 - 21) // 2, (55 + 21) // 2)


def open_make3d(root: Path) -> DepthSet:
    """
    Find the test images that have a laser grid.

    Image and grid are cropped to the middle, 2:1, as Godard et al. do; no camera is published.
    Raises BagError when there is none.
    """
    pairs = [(image, grid) for image in sorted((root / 'Test134').glob('img-*.jpg'))
             if (grid := _grid(root, image)).is_file()]
    if not pairs:
        raise GUIDE.missing(root, 'Test134/img-*.jpg with Gridlaserdata/depth_sph_corr-*.mat')

    def read(index: int) -> DepthSample:
        image, grid = pairs[index]
        rgb = read_rgb(image)
        height, width = rgb.shape[:2]
        if height < width // 2:
            raise BagError(f"'{image}' is {width}x{height}; expected the original portrait image")
        top = (height - width // 2) // 2
        depth = matlab_values(grid, 'Position3DGrid')
        if depth.shape != (*_GRID, 4):
            raise BagError(f"'{grid}' has a grid of {depth.shape}; expected {(*_GRID, 4)}")
        target = np.ascontiguousarray(depth[_GRID_ROWS, :, 3], dtype=np.float32)
        return DepthSample(np.ascontiguousarray(rgb[top:top + width // 2]), None, target)

    return DepthSet(MAKE3D, [image.stem.removeprefix('img-') for image, _ in pairs], read)


def _grid(root: Path, image: Path) -> Path:
    name = f'depth_sph_corr-{image.stem.removeprefix("img-")}.mat'
    return root / 'Gridlaserdata' / name
