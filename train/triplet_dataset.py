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

"""Triplets as a torch dataset: a target and its sources seen by one virtual camera, with K."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_train.augmentation import jitter, sample_view, View
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import AugmentationConfig
from sa4depth_train.depth_dataset import network_intrinsics
from sa4depth_train.frame import Frame
from sa4depth_train.target_hints import TargetHints
from sa4depth_train.triplets import Triplet
import torch
from torch import Tensor
from torch.utils.data import Dataset


class TripletDataset(Dataset[dict[str, object]]):
    """
    Samples for self-supervised training.

    A sample is, float32 unless said otherwise: ``images`` (1+S, 3, H, W) in [0, 1], the target
    first, then its S sources in order of time, in the light of the recording; ``inputs``, the
    same with one change of light for all; ``seen`` (1, H, W), 1 where the target shows what
    the camera saw; ``K`` (3, 3) of these pixels, one for all frames; ``earlier`` (S,) bool;
    ``name``; with ``travel``, ``metres`` (S,), what it gives for target and source, 0 where
    unknown. With ``augmentation`` all frames of a sample are cropped, zoomed, rolled and
    mirrored alike, in a way that follows from seed, epoch and index alone.
    """

    def __init__(
        self, frames: BagFrames, triplets: Sequence[Triplet], size: tuple[int, int],
        augmentation: AugmentationConfig | None = None, seed: int = 0,
        hints: TargetHints | None = None, travel: Callable[[int, int], float] | None = None,
    ) -> None:
        """Prepare samples of ``size`` (width, height) from ``triplets`` of ``frames``."""
        self._frames = frames
        self._triplets = list(triplets)
        self._size = size
        self._augmentation = augmentation
        self._seed = seed
        self._hints = hints
        self._travel = travel
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._triplets)

    def __getitem__(self, index: int) -> dict[str, object]:
        """Give one sample."""
        triplet = self._triplets[index]
        target, *sources = (self._frames[i] for i in (triplet.target, *triplet.sources))
        K = network_intrinsics(target, self._size)
        rng = np.random.default_rng((self._seed, self.epoch, index))
        view = sample_view(K, self._size, self._augmentation, rng)
        pixels = np.stack([_shown(frame, view, self._size) for frame in (target, *sources)])
        images = inputs = pixels.astype(np.float32) / 255
        if self._augmentation is not None:
            inputs = jitter(pixels, self._augmentation, rng)
        seen = _seen(target, view, self._size)
        hints = {} if self._hints is None else self._hints(
            triplet.target, target, view, pixels[0], seen > 0, rng)
        return {'images': _tensor(images), 'inputs': _tensor(inputs),
                'seen': torch.from_numpy(seen[None]),
                'K': torch.from_numpy(view.K.astype(np.float32)),
                **_order(triplet), **hints, **self._metres(triplet), 'name': target.name}

    def _metres(self, triplet: Triplet) -> dict[str, Tensor]:
        if self._travel is None:
            return {}
        # No crop, zoom or mirror changes how far the camera went.
        return {'metres': torch.tensor(
            [self._travel(triplet.target, source) for source in triplet.sources])}


def _order(triplet: Triplet) -> dict[str, Tensor]:
    images = (triplet.target, *triplet.sources)
    starts = [images[origin] for origin in triplet.origins or [0] * len(triplet.sources)]
    order = {'earlier': torch.tensor([s < o for s, o in zip(triplet.sources, starts)])}
    return order | ({'origins': torch.tensor(triplet.origins)} if triplet.origins else {})


def _shown(frame: Frame, view: View, size: tuple[int, int]) -> NDArray[np.uint8]:
    # A source with another K (a zooming camera) is brought to the target's view, too.
    affine = view.warp_from(frame.K)[:2]
    return cv2.warpAffine(  # type: ignore[return-value]
        frame.rgb, affine, size, flags=cv2.INTER_LINEAR)


def _seen(frame: Frame, view: View, size: tuple[int, int]) -> NDArray[np.float32]:
    whole = np.ones(frame.rgb.shape[:2], np.float32)
    mask = whole if frame.seen is None else frame.seen.astype(np.float32)
    shown = cv2.warpAffine(mask, view.warp_from(frame.K)[:2], size, flags=cv2.INTER_LINEAR)
    # Where it is less than 1 the picture is blended with the black around it.
    return (shown > 0.999).astype(np.float32)


def _tensor(images: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
