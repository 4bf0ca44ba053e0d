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

"""Motion between the frames of one bag, measured once and remembered."""

from functools import lru_cache
import json

from sa4depth_ros.files import write_whole
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.motion_filter import measure_motion, Motion, motion_frame, VERSION


class BagMotion:
    """
    Motion between frames of one bag, given by their indices in BagFrames.

    What was measured before is read from the frame cache, so that a second start is quick.
    """

    def __init__(self, frames: BagFrames, first: int) -> None:
        """Prepare for the bag that holds the frame ``first``."""
        cache, number = frames.place(first)
        self._offset = first - number
        self._path = cache.folder / f'motion-{VERSION}.json'
        self._known = self._read()
        self._measured = 0
        self._small = lru_cache(maxsize=64)(
            lambda index: motion_frame(frames[index].rgb, frames[index].K))

    def __call__(self, first: int, second: int) -> Motion:
        """Give the motion from the earlier to the later of two frames."""
        early, late = sorted((first, second))
        key = f'{early - self._offset}-{late - self._offset}'
        if key not in self._known:
            self._known[key] = measure_motion(self._small(early), self._small(late))
            self._measured += 1
        return self._known[key]

    def save(self) -> None:
        """Keep what is known for the next start; a full disk is no reason to stop."""
        if self._measured:
            try:
                write_whole(self._path, json.dumps(self._known).encode())
            except OSError:
                return

    def _read(self) -> dict[str, Motion]:
        try:
            values = json.loads(self._path.read_text(encoding='utf-8'))
        except (OSError, ValueError):
            return {}
        return {key: Motion(*value) for key, value in values.items()}
