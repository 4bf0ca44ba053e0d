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

"""Samples with depth: images at network size with depth and K."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.runtime.camera_model import scaled_intrinsics
from sa4depth_ros.runtime.preprocess import FrameGeometry
from sa4depth_train.augmentation import jitter, render_view, sample_view
from sa4depth_train.data_config import AugmentationConfig
from sa4depth_train.degradation import degrade
from sa4depth_train.foreground import add_foreground
from sa4depth_train.frame import Frame
from sa4depth_train.frame_set import FrameSet
from sa4depth_train.scene_sampling import SceneSampler
import torch
from torch import Tensor
from torch.utils.data import Dataset

Matrix = NDArray[np.float64]


class DepthDataset(Dataset[dict[str, object]]):
    """
    Samples for training and validation.

    A sample is ``image`` (3, H, W) in [0, 1], ``depth`` (1, H, W) metres with 0 where
    unknown, ``K`` (3, 3), all float32, ``rendered`` (bool) and ``name``. With ``augmentation``
    each sample is changed at random, in a way that follows from seed, epoch and index alone.
    """

    def __init__(
        self, frames: FrameSet, indices: Sequence[int] | SceneSampler, size: tuple[int, int],
        augmentation: AugmentationConfig | None = None, seed: int = 0,
    ) -> None:
        """Show the frames ``indices``, or those that a sampler draws for each epoch."""
        self._frames = frames
        self._indices = indices
        self._size = size
        self._augmentation = augmentation
        self._seed = seed
        self._drawn: tuple[int, Sequence[int]] = (-1, ())
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._indices)

    def _number(self, index: int) -> int:
        if not isinstance(self._indices, SceneSampler):
            return self._indices[index]
        if self._drawn[0] != self.epoch:
            self._drawn = (self.epoch, self._indices.of_epoch(self.epoch).tolist())
        return self._drawn[1][index]

    def __getitem__(self, index: int) -> dict[str, object]:
        """Give one sample."""
        frame = self._frames[self._number(index)]
        K = network_intrinsics(frame, self._size)
        rng = np.random.default_rng((self._seed, self.epoch, index))
        view = sample_view(K, self._size, self._augmentation, rng)
        rgb, depth = render_view(frame.rgb, frame.depth, frame.K, view, self._size)
        if self._augmentation is None:
            image = rgb.astype(np.float32) / 255
        else:
            rgb, depth = add_foreground(rgb, depth, self._augmentation, rng)
            image = jitter(degrade(rgb, self._augmentation, rng), self._augmentation, rng)
        return {'image': _tensor(image.transpose(2, 0, 1)), 'depth': _tensor(depth[None]),
                'K': _tensor(view.K), 'rendered': frame.rendered, 'name': frame.name}


def network_intrinsics(frame: Frame, size: tuple[int, int]) -> Matrix:
    """Give K (3x3) of a frame letterboxed to ``size``, just as the runtime does it."""
    height, width = frame.depth.shape
    geometry = FrameGeometry((width, height), size, None)
    return scaled_intrinsics(frame.K, geometry.ratios, geometry.inner[:2])


def _tensor(array: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
