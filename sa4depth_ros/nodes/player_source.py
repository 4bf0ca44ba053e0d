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

"""What the player plays: messages of one camera in the order of their recording."""

from collections.abc import Iterator
from dataclasses import dataclass
import math
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sa4depth_ros.errors import ConfigError

Role = Literal['image', 'camera_info']
DEFAULT_HFOV = 70.0


@dataclass(frozen=True)
class Recorded:
    """
    One message to publish ``due`` seconds after the first one.

    ``data`` is a CDR message, or pixels (h, w, 3) uint8 BGR; ``stamp`` is the recorded header
    stamp [ns] of the message, None for pixels.
    """

    due: float
    role: Role
    stamp: int | None
    data: bytes | NDArray[np.uint8]


@dataclass(frozen=True)
class Guess:
    """A camera of which only the image size is known; ``hfov`` [degrees] is a guess."""

    width: int
    height: int
    hfov: float

    def __post_init__(self) -> None:
        """Refuse an impossible field of view with ConfigError."""
        if not 10 <= self.hfov <= 150:
            raise ConfigError(f'the field of view must be 10..150 degrees, not {self.hfov}.')

    @property
    def focal(self) -> float:
        """Focal length in pixels: square ones, principal point in the middle, no distortion."""
        return 0.5 * self.width / math.tan(math.radians(self.hfov) / 2)

    def note(self, description: str) -> str:
        """Tell the user what is guessed and what it may spoil."""
        return (f'{description} ({self.width}x{self.height}) carries no calibration: GUESSING '
                f'{self.hfov:g} degrees across, so distances may be off by a constant factor and '
                'the cloud skewed; give the true field of view with --hfov')


class Source(Protocol):
    """
    A recording, a video or a camera; opening it already said whether it can be played.

    ``frames`` is None while unknown; ``guess`` is there when there is no calibration and a
    guess must do; ``notes`` are for the user.
    """

    description: str
    compressed: bool
    image_topic: str
    info_topic: str | None
    frames: int | None
    rate: float
    guess: 'Guess | None'
    notes: list[str]

    def messages(self) -> Iterator[Recorded]:
        """Give all messages once, in order; each call starts from the beginning."""

    def close(self) -> None:
        """Let go of files and devices."""
