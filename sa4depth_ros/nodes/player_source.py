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
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Role = Literal['image', 'camera_info']
COMPRESSED = '/compressed'


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


class Source(Protocol):
    """
    A recording, a video or a camera; opening it already said whether it can be played.

    ``frames`` is None while unknown; ``guessed_focal`` [px] is there when there is no
    calibration and a guess must do; ``notes`` are for the user.
    """

    description: str
    compressed: bool
    image_topic: str
    info_topic: str | None
    frames: int | None
    rate: float
    guessed_focal: float | None
    notes: list[str]

    def messages(self) -> Iterator[Recorded]:
        """Give all messages once, in order; each call starts from the beginning."""

    def close(self) -> None:
        """Let go of files and devices."""


def info_sibling(image_topic: str) -> str:
    """Give the camera_info topic beside an image topic, as image_transport names it."""
    return image_topic.removesuffix(COMPRESSED).rpartition('/')[0] + '/camera_info'
