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

"""A video file or a webcam as a source for the player, with a guessed focal length."""

from collections.abc import Iterator
import itertools
import math
from pathlib import Path
import time
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError
from sa4depth_ros.nodes.player_source import DEFAULT_HFOV, Guess, Recorded

FALLBACK_RATE = 30.0
IMAGE_TOPIC = '/camera/image_raw'


class VideoSource:
    """
    Frames of a video file at its own rate, or of a camera as they come.

    Neither says how the lens sees: the focal length is guessed from ``hfov`` [degrees], the
    horizontal field of view, with the principal point in the middle and no distortion.
    """

    def __init__(self, origin: Path | int, hfov: float = DEFAULT_HFOV) -> None:
        """Open a file, or the camera of a number; raises BagError or ConfigError."""
        self._origin, self._live = origin, isinstance(origin, int)
        self._capture = _opened(origin)
        width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.guess: Guess | None = Guess(width, height, hfov)
        self.description = f'camera {origin}' if self._live else str(origin)
        self.compressed = False
        self.image_topic = IMAGE_TOPIC
        self.info_topic: str | None = '/camera/camera_info'
        self.notes = [self.guess.note(self.description)]
        self.rate, self.frames = self._timing()

    def messages(self) -> Iterator[Recorded]:
        """Give the frames; a file starts again from its first one, a camera goes on."""
        if not self._live and self._capture.get(cv2.CAP_PROP_POS_FRAMES) > 0:
            self._capture.release()
            self._capture = _opened(self._origin)
        start = time.monotonic()
        for index in itertools.count():
            good, pixels = self._capture.read()
            if not good:
                return
            due = time.monotonic() - start if self._live else index / self.rate
            yield Recorded(due, 'image', None, cast('NDArray[np.uint8]', pixels))

    def close(self) -> None:
        """Release the file or device."""
        self._capture.release()

    def _timing(self) -> tuple[float, int | None]:
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        if not (math.isfinite(rate) and 0.5 <= rate <= 1000):
            rate = FALLBACK_RATE
            if not self._live:
                self.notes.append(f'the video does not say its rate; playing at {rate:g} Hz')
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return rate, count if count > 0 and not self._live else None


def _opened(origin: Path | int) -> cv2.VideoCapture:
    if isinstance(origin, Path) and not origin.is_file():
        raise BagError(f'no video file at {origin}.')
    capture = cv2.VideoCapture(origin if isinstance(origin, int) else str(origin))
    if capture.isOpened():
        return capture
    if isinstance(origin, int):
        raise BagError(f'camera {origin} cannot be opened: is it plugged in (/dev/video{origin}), '
                       'free, and may this user read it (group video)?')
    raise BagError(f'{origin} cannot be decoded as a video by this OpenCV.')
