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

"""Frames of a bag, as the network sees them, to set ranges by and to measure parity on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.runtime.preprocess import FrameGeometry, Preprocessor
from sa4depth_train.bag_index import BagIndex, fingerprint, FrameEntry
from sa4depth_train.data_config import DataConfig

Image = NDArray[np.uint8]
# As in training, the end of a bag is for measuring only.
_HELD_OUT = 0.2
PARITY_FRAMES = 12


@dataclass(frozen=True)
class BagSample:
    """
    Network inputs (height, width, 3) of one bag, made by the node's own preprocessing.

    ``calibration`` are of its first 80 %, ``parity`` of the rest, each with the geometry that
    made it. ``source`` names the bag and the hash of its content.
    """

    source: str
    calibration: list[Image]
    parity: list[tuple[Image, FrameGeometry]]


def sample_bag(
    path: Path, size: tuple[int, int], *, image_topic: str = '', calibration: int = 0,
) -> BagSample:
    """
    Read evenly spread frames of a bag for a network input of ``size`` (height, width).

    ``calibration`` is how many to calibrate on, or all there are, if fewer. Raises BagError
    when the bag cannot be read or has too few frames, ConfigError for a negative count.
    """
    if calibration < 0:
        raise ConfigError(f'expected a number of frames >= 0, got {calibration}')
    bag = BagIndex(path, DataConfig(image_topic=image_topic), need_depth=False)
    try:
        first = round(len(bag.frames) * (1 - _HELD_OUT))
        entries, held_out = bag.frames[:first], bag.frames[first:]
        if not entries or not held_out:
            raise BagError(f"bag '{path}' has {len(bag.frames)} images on {bag.topics.image}, but "
                           'the export needs at least 3')
        inputs = _Inputs(bag, size)
        return BagSample(
            f'{bag.name} (SHA-256 {fingerprint(path)[:12]})',
            [inputs(entry)[0] for entry in _spread(entries, calibration)],
            [inputs(entry) for entry in _spread(held_out, PARITY_FRAMES)])
    finally:
        bag.close()


def _spread(entries: tuple[FrameEntry, ...], count: int) -> list[FrameEntry]:
    places = np.linspace(0, len(entries) - 1, min(count, len(entries))).round().astype(int)
    return [entries[place] for place in places]


class _Inputs:
    """What the node does with an image of the bag before the engine gets it."""

    def __init__(self, bag: BagIndex, size: tuple[int, int]) -> None:
        self._bag = bag
        self._preprocess = Preprocessor(*size)

    def __call__(self, entry: FrameEntry) -> tuple[Image, FrameGeometry]:
        rgb = self._bag.read_image(entry)
        camera = self._bag.camera(entry, (rgb.shape[1], rgb.shape[0]))
        return self._preprocess(rgb, camera)
