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

"""Images at the edge of what a camera gives, to compare implementations on."""

import numpy as np
from numpy.typing import NDArray


def edge_images(height: int, width: int) -> list[NDArray[np.uint8]]:
    """
    Make images (height, width, 3) to compare on: a scene-like one, dark, bright and noise.

    The scene has a lit floor and wall, boxes, fine texture and a letterbox, as real input.
    """
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    scene = np.stack([60 + 120 * rows / height, 90 + 60 * columns / width,
                      140 - 60 * rows / height], axis=2)
    for _ in range(12):
        y, x = rng.integers(0, height - 8), rng.integers(0, width - 8)
        scene[y:y + rng.integers(4, 80), x:x + rng.integers(4, 80)] = rng.integers(0, 255, 3)
    scene += rng.normal(0, 6, scene.shape)
    scene[:height // 12] = scene[-(height // 12):] = 0
    noise = rng.integers(0, 256, scene.shape)
    images = (scene, 0.1 * scene, 1.8 * scene, noise)
    return [np.clip(image, 0, 255).astype(np.uint8) for image in images]
