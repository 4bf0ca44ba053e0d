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

"""The settings of a calibration, and its result."""

from dataclasses import dataclass

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.model_card import ScaleRecord
from sa4depth_ros.runtime.scale import ScaleEstimate, ScaleLimits

REFERENCES = ('depth', 'lidar', 'odometry', 'distance')


@dataclass(frozen=True)
class KnownDistance:
    """
    How far something in one frame is.

    ``frame`` counts the images of the bag from 0; ``box`` (x, y, width, height) are pixels of
    the image as recorded. ``metres`` is the straight way from the lens to the middle of the box.
    """

    metres: float
    frame: int
    box: tuple[int, int, int, int]

    def __post_init__(self) -> None:
        if not 0 < self.metres < float('inf'):
            raise ConfigError(f'expected a distance above 0 metres, got {self.metres}')
        if self.frame < 0 or min(self.box[2:]) < 1:
            raise ConfigError('expected a frame number from 0 on and a box of at least one pixel, '
                              f'got frame {self.frame}, box {self.box}')


@dataclass(frozen=True)
class ScaleConfig:
    """
    What to compare with, and what of the bag is used.

    reference: one of REFERENCES; empty is the first of them that the bag has.
    *_topic: names; empty means found by type. odom_frame: whose poses the odometry gives, where
    its messages do not say. frames: most frames to look at, spread evenly (not for odometry).
    start: fraction of the bag to begin at. max_time_difference: seconds between an image and
    its reference. min_depth, max_depth: metres of the reference that count.
    along_axis: distances are along the optical axis, not straight from the lens.
    tape_error: standard deviation of the known distances in metres.
    """

    reference: str = ''
    image_topic: str = ''
    camera_info_topic: str = ''
    depth_topic: str = ''
    lidar_topic: str = ''
    odom_topic: str = ''
    odom_frame: str = ''
    frames: int = 200
    start: float = 0.0
    max_time_difference: float = 0.05
    min_depth: float = 0.1
    max_depth: float = 80.0
    distances: tuple[KnownDistance, ...] = ()
    along_axis: bool = False
    tape_error: float = 0.01
    limits: ScaleLimits = ScaleLimits()  # noqa: RUF009

    def __post_init__(self) -> None:
        if self.reference not in ('', *REFERENCES):
            raise ConfigError(f"expected a reference of {', '.join(REFERENCES)}, got "
                              f"'{self.reference}'")
        if self.distances and self.reference not in ('', 'distance'):
            raise ConfigError("known distances are a reference of their own, not of '"
                              f"{self.reference}'")
        if self.reference == 'distance' and not self.distances:
            raise ConfigError('the reference distance needs --distance, --frame, and --pixel or '
                              '--box')
        if not (self.frames > 0 and 0 <= self.start < 1 and self.max_time_difference >= 0
                and 0 <= self.min_depth < self.max_depth and self.tape_error >= 0):
            raise ConfigError('expected frames > 0, start in [0, 1), max_time_difference >= 0, '
                              '0 <= min_depth < max_depth and tape_error >= 0')


@dataclass(frozen=True)
class Calibration:
    """
    The factor that is missing on a model's depth, ``estimate``, and what the card gets of it.

    ``record`` holds the whole factor on the model's output. ``notes`` say what to know of it.
    """

    estimate: ScaleEstimate
    record: ScaleRecord
    notes: tuple[str, ...] = ()
