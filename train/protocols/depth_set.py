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

"""The frames of a benchmark, read one by one from its official folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_train.protocols.depth_protocol import DepthProtocol


@dataclass(frozen=True, eq=False)
class DepthSample:
    """
    One frame: what the model sees and what is true.

    ``rgb`` (h, w, 3) uint8; ``camera`` of these pixels, None where nobody published it;
    ``target`` (rows, columns) float32 metres, 0 where unknown, of the same part of the scene
    but perhaps another size.
    """

    rgb: NDArray[np.uint8]
    camera: CameraModel | None
    target: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DepthSet:
    """The frames of a benchmark that are there: ``names``, and how to ``read`` each by number."""

    protocol: DepthProtocol
    names: Sequence[str]
    read: Callable[[int], DepthSample]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guide:
    """Where to get a benchmark and how its folder, ``--root``, must look."""

    title: str
    where: str
    layout: str

    def text(self) -> str:
        """Say where to get it and how its folder must look."""
        return f'Get it: {self.where}\nThe folder must look so:\n{self.layout}'

    def missing(self, root: Path, what: str) -> BagError:
        """Make the error that says ``what`` is not under ``root``, and what to do."""
        return BagError(f"--root '{root}' is not the folder of {self.title}: {what} is not "
                        f'there.\n{self.text()}')


def pinhole(matrix: NDArray[np.floating], size: tuple[int, int]) -> CameraModel:
    """Make the camera of rectified images of ``size`` (width, height) from K (3, 3)."""
    return CameraModel.from_calibration(
        width=size[0], height=size[1], K=[float(x) for x in np.asarray(matrix).reshape(-1)])


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read a picture as (h, w, 3) RGB; BagError when it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise BagError(f"cannot read the picture '{path}': missing, or no PNG or JPEG")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def read_png16(path: Path) -> NDArray[np.uint16]:
    """Read a 16-bit picture (h, w); BagError when it is none."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint16 or image.ndim != 2:
        raise BagError(f"expected '{path}' to be a grey PNG of 16 bits, got "
                       f"{'nothing readable' if image is None else image.dtype}; unpack the "
                       'original file again')
    return image  # type: ignore[return-value]
