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

"""How good a model is on a recording, measured through the runtime that the node uses."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.preprocess import FrameGeometry
from sa4depth_train.bag_dataset import rectified_depth
from sa4depth_train.bag_index import BagIndex, FrameEntry
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_tally import BagResult, DepthTally
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.report import Picture
from tqdm import tqdm


class Estimate(Protocol):
    """What a DepthFrame of the runtime offers, as far as it is measured here."""

    depth: NDArray[np.float32]
    unit: str

    def color(self) -> NDArray[np.uint8]:
        """Give the image (h, w, 3) on the pixels of ``depth``."""
        ...


class Estimator(Protocol):
    """What measures depth: the runtime's DepthEstimator, or a stand-in."""

    def estimate(self, rgb: NDArray[np.uint8], camera: CameraModel | None) -> Estimate:
        """Give the depth of an image (h, w, 3) taken by ``camera``."""
        ...


def evaluate_bag(
    estimator: Estimator, path: Path, config: DataConfig,
    excerpt: Excerpt = Excerpt(),  # noqa: B008
) -> BagResult:
    """
    Compare the estimator's depth with the depth topic of a bag, at image resolution.

    ``excerpt`` says which frames. Ground truth is rectified like the image; limits are those
    of ``config``. Raises BagError when there is nothing to compare.
    """
    bag = BagIndex(path, config)
    numbers = excerpt.of(len(bag.frames), bag.name)
    numbered = [i for i in numbers if bag.frames[i].depth is not None]
    entries = [bag.frames[i] for i in numbered]
    if not entries:
        raise BagError(f"bag '{path}' has no frames with depth in {numbers.start}:{numbers.stop} "
                       f'of {len(bag.frames)}, topics {bag.topics}')
    tally = DepthTally(len(entries), config.min_depth, config.max_depth)
    compared = zip(entries, numbered, _compared(estimator, bag, entries, config))
    for entry, number, (picture, unit) in compared:
        tally.add(replace(picture, name=f'frame {number}'), unit, entry.image.stamp * 1e-9)
    bag.close()
    return tally.result(bag.name, numbers.start)


def compare(
    estimator: Estimator, rgb: NDArray[np.uint8], depth: NDArray[np.float32],
    camera: CameraModel, config: DataConfig, name: str,
) -> tuple[Picture, str]:
    """
    Give an image (h, w, 3) with its true and its predicted depth (h, w), and the latter's unit.

    ``camera`` is of the image as it is, and ``depth`` (h', w') lies on its pixels, 0 where it is
    unknown; what comes back is rectified. BagError, with ``name``, for depth of another shape.
    """
    size = (camera.width, camera.height)
    target = rectified_depth(depth, FrameGeometry(size, size, camera), name)
    frame = estimator.estimate(rgb, camera)
    return Picture(frame.color(), _limited(target, config), frame.depth), frame.unit


def _compared(
    estimator: Estimator, bag: BagIndex, entries: Sequence[FrameEntry], config: DataConfig,
) -> Iterator[tuple[Picture, str]]:
    for entry in tqdm(entries, desc=bag.name, disable=None):
        rgb, depth = bag.read_image(entry), bag.read_depth(entry)
        assert depth is not None
        camera = bag.camera(entry, (rgb.shape[1], rgb.shape[0]))
        yield compare(estimator, rgb, depth, camera, config, bag.name)


def _limited(depth: NDArray[np.float32], config: DataConfig) -> NDArray[np.float32]:
    inside = (depth >= config.min_depth) & (depth <= config.max_depth)
    return np.where(inside, depth, np.float32(0))
