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

"""Superpixels of frames: computed once, kept beside the decoded frames."""

from dataclasses import dataclass
from functools import lru_cache
import logging
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.files import write_whole
from sa4depth_train.augmentation import View
from sa4depth_train.checks import check
from sa4depth_train.frame import Frame
from sa4depth_train.frame_cache import FrameCache

# Raise it when the same frames are cut in another way.
VERSION = 1

Labels = NDArray[np.uint16]


@dataclass(frozen=True)
class SuperpixelConfig:
    """
    Segments of one colour after Felzenszwalb and Huttenlocher (2004), see method.md 3.

    scale: larger gives larger segments. sigma: width of the smoothing before, in pixels.
    min_size: smaller segments join a neighbour. min_area: only segments of more pixels of the
    network input are taken for planes.
    """

    scale: float = 100.0
    sigma: float = 0.5
    min_size: int = 50
    min_area: int = 1000

    def __post_init__(self) -> None:
        check('photometric.superpixels', {
            'scale must be positive': self.scale > 0, 'sigma must be >= 0': self.sigma >= 0,
            'min_size must be >= 10': self.min_size >= 10,
            'min_area must be >= 3': self.min_area >= 3})


class CachedFrames(Protocol):
    """Frames by number, each with a place in the cache of its bag."""

    def place(self, index: int) -> tuple[FrameCache, int]:
        """Give the cache of a frame's bag and the frame's number in it."""


class Superpixels:
    """The superpixels of frames, one small file each beside the cached frame."""

    def __init__(self, frames: CachedFrames, config: SuperpixelConfig) -> None:
        self._frames = frames
        self._config = config

    def __call__(self, index: int, rgb: NDArray[np.uint8]) -> Labels:
        """Give the segment of each pixel of a frame with the image ``rgb``, (h, w) from 1."""
        cache, number = self._frames.place(index)
        c = self._config
        path = (cache.folder / f'superpixels-{VERSION}-{c.scale:g}-{c.sigma:g}-{c.min_size}'
                / f'{number:06d}.png')
        labels = _read(path)
        if labels is None or labels.shape != rgb.shape[:2]:
            labels = segment(rgb, c)
            _keep(path, labels)
        return labels


def segment(rgb: NDArray[np.uint8], config: SuperpixelConfig) -> Labels:
    """Cut an image (h, w, 3) into segments, (h, w) from 1."""
    from skimage.segmentation import felzenszwalb
    labels: Labels = 1 + felzenszwalb(
        rgb, scale=config.scale, sigma=config.sigma, min_size=config.min_size).astype(np.uint16)
    return labels


def planes_in_view(
    labels: Labels, frame: Frame, view: View, size: tuple[int, int], min_area: int,
) -> NDArray[np.int32]:
    """
    Give the large segments of a frame as ``view`` sees them, (height, width) of ``size``.

    0 is outside of the frame, not seen by the camera or on a segment of ``min_area`` or fewer
    pixels; the others are numbered from 1.
    """
    if frame.seen is not None:
        labels = np.where(frame.seen, labels, np.uint16(0))
    seen = cv2.warpAffine(labels, view.warp_from(frame.K)[:2], size, flags=cv2.INTER_NEAREST)
    areas = np.bincount(seen.ravel())
    areas[0] = 0
    large = areas > min_area
    return (np.cumsum(large) * large).astype(np.int32)[seen]


def _read(path: Path) -> Labels | None:
    try:
        data = np.fromfile(path, np.uint8)
    except OSError:
        return None
    labels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
    return labels if labels is not None and labels.dtype == np.uint16 else None


def _keep(path: Path, labels: Labels) -> None:
    try:
        write_whole(path, cv2.imencode('.png', labels)[1].tobytes())
    except OSError as error:
        _warn_once(str(error))


@lru_cache(maxsize=1)
def _warn_once(reason: str) -> None:
    logging.getLogger(__name__).warning(
        'superpixels are not kept and cut anew each time: %s. Free some space or choose another '
        'data.cache_dir', reason)
