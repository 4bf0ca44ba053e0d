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
from dataclasses import dataclass, replace
import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.preprocess import FrameGeometry
from sa4depth_train.bag_dataset import rectified_depth
from sa4depth_train.bag_index import BagIndex, FrameEntry
from sa4depth_train.data_config import DataConfig
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.metrics import depth_metrics, summarize
from sa4depth_train.report import Picture
from sa4depth_train.scale_metrics import depth_scale
from tqdm import tqdm

STRIP_ROWS = 6


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


@dataclass(frozen=True)
class BagResult:
    """Metrics of one bag, the frames they are from, and some pictures to look at."""

    bag: str
    metrics: dict[str, float]
    first_frame: int
    unit: str
    pictures: list[Picture]

    def to_json(self) -> dict[str, Any]:
        """Give the result without its pictures, as plain values."""
        return {'bag': self.bag, 'first_frame': self.first_frame, 'unit': self.unit,
                'metrics': self.metrics}


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
    entries = [bag.frames[i] for i in numbers if bag.frames[i].depth is not None]
    if not entries:
        raise BagError(f"bag '{path}' has no frames with depth in {numbers.start}:{numbers.stop} "
                       f'of {len(bag.frames)}, topics {bag.topics}')
    shown = set(np.linspace(0, len(entries) - 1, STRIP_ROWS).round().astype(int).tolist())
    metrics, pictures, units = [], [], set()
    for number, (picture, unit) in enumerate(_compared(estimator, bag, entries, config)):
        units.add(unit)
        measured = depth_metrics(picture.prediction, picture.target)
        if measured is not None:
            metrics.append(measured)
        if number in shown:
            pictures.append(_comparable(picture, unit))
    bag.close()
    return BagResult(bag.name, summarize(metrics), numbers.start, ' '.join(units), pictures)


def _compared(
    estimator: Estimator, bag: BagIndex, entries: Sequence[FrameEntry], config: DataConfig,
) -> Iterator[tuple[Picture, str]]:
    for entry in tqdm(entries, desc=bag.name, disable=None):
        rgb = bag.read_image(entry)
        camera = bag.camera(entry, (rgb.shape[1], rgb.shape[0]))
        depth = bag.read_depth(entry)
        assert depth is not None
        size = (camera.width, camera.height)
        target = rectified_depth(depth, FrameGeometry(size, size, camera), bag.name)
        frame = estimator.estimate(rgb, camera)
        yield Picture(frame.color(), _limited(target, config), frame.depth), frame.unit


def _comparable(picture: Picture, unit: str) -> Picture:
    """Bring a prediction without a unit to that of the target, to be looked at."""
    scale = depth_scale(picture.prediction, picture.target)
    if unit == 'm' or not math.isfinite(scale):
        return picture
    return replace(picture, prediction=picture.prediction * np.float32(scale), scaled=True)


def _limited(depth: NDArray[np.float32], config: DataConfig) -> NDArray[np.float32]:
    inside = (depth >= config.min_depth) & (depth <= config.max_depth)
    return np.where(inside, depth, np.float32(0))
