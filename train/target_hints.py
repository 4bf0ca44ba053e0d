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

"""What the losses of P2Net need to know of a target beside its pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_train.augmentation import View
from sa4depth_train.frame import Frame
from sa4depth_train.keypoints import select_keypoints
from sa4depth_train.photometric import PhotometricConfig
from sa4depth_train.superpixels import CachedFrames, planes_in_view, Superpixels
import torch
from torch import Tensor


class TargetHints:
    """
    Keypoints and superpixels of targets, those that the losses of a configuration use.

    ``keypoints`` (P, 2) int64, x and y; ``superpixels`` (H, W) int32, 0 for none.
    """

    def __init__(self, frames: CachedFrames, config: PhotometricConfig) -> None:
        self._config = config
        self._superpixels = Superpixels(frames, config.superpixels)

    def __call__(
        self, index: int, frame: Frame, view: View, shown: NDArray[np.uint8],
        seen: NDArray[np.bool_], rng: np.random.Generator,
    ) -> dict[str, Tensor]:
        """
        Give the hints for the frame number ``index`` as ``view`` shows it.

        ``shown`` (H, W, 3) are its pixels there, ``seen`` (H, W) where they mean something.
        """
        hints = {}
        if self._config.patches:
            gray = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
            hints['keypoints'] = torch.from_numpy(select_keypoints(
                gray, seen, self._config.keypoints, rng))  # type: ignore[arg-type]
        if self._config.planar > 0:
            labels = self._superpixels(index, frame.rgb)
            hints['superpixels'] = torch.from_numpy(planes_in_view(
                labels, frame, view, (seen.shape[1], seen.shape[0]),
                self._config.superpixels.min_area))
        return hints
