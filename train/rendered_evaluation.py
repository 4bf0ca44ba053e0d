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

"""How good a model is on rendered worlds, measured as on a recording."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_train.bag_report import BagReport
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_tally import DepthTally
from sa4depth_train.evaluation import compare, Estimator
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.report import Picture
from sa4depth_train.worlds.world_cache import WorldCache
from tqdm import tqdm


def measure_worlds(
    path: Path, config: DataConfig, excerpt: Excerpt, estimator: Estimator,
) -> BagReport:
    """
    Compare the estimator's depth with the exact one of a cache of `sa4depth render-worlds`.

    At the size of the cache's images; ``excerpt`` counts the frames of all worlds, one world
    after another. Limits are those of ``config``. Raises BagError when there is no such cache.
    """
    cache = WorldCache(path)
    places = [(world, frame) for world, entry in enumerate(cache.worlds)
              for frame in range(entry.frames)]
    numbers = excerpt.of(len(places), cache.path.name)
    if not numbers:
        raise BagError(f"the cache '{path}' has no frames in {numbers.start}:{numbers.stop}")
    tally = DepthTally(len(numbers), config.min_depth, config.max_depth, axis='frame')
    for number in tqdm(numbers, desc=cache.path.name, disable=None):
        picture, unit = _compared(estimator, cache, *places[number], config)
        tally.add(replace(picture, name=f'frame {number}'), unit, number)
    seen = sum(not world.unseen for world in cache.worlds)
    note = f'{len(cache) - seen} worlds with surfaces that are for testing only, {seen} others.'
    return BagReport(cache.path.name, tally.result(cache.path.name, numbers.start), None, (note,))


def _compared(
    estimator: Estimator, cache: WorldCache, world: int, frame: int, config: DataConfig,
) -> tuple[Picture, str]:
    frames = cache.load(world)
    depth = frames.depth[frame].astype(np.float32) * np.float32(1e-3)
    height, width = depth.shape
    camera = CameraModel.from_calibration(width=width, height=height, K=frames.K.ravel().tolist())
    return compare(estimator, np.array(frames.rgb[frame]), depth, camera, config,
                   f'{cache.path.name}/{cache.worlds[world].folder} frame {frame}')
