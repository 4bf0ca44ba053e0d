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

"""The player's command line as one checked record."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sa4depth_ros.nodes.player_source import DEFAULT_HFOV


@dataclass(frozen=True)
class PlayerOptions:
    """
    What to play and how; exactly one of bag, video and camera is given.

    ``rate`` is a factor of the recorded speed; ``duration`` 0 means to the end;
    ``hfov`` [degrees] is guessed when there is no calibration; ``publish_as`` renames the image
    topic (and camera_info beside it).
    """

    bag: Path | None = None
    video: Path | None = None
    camera: int | None = None
    topic: str = ''
    publish_as: str = ''
    hfov: float | None = None
    rate: float = 1.0
    duration: float = 0.0
    loop: bool = False
    keep_stamps: bool = False
    wait_for: int = 1
    wait_timeout: float = 15.0
    report: Path | None = None
    stamps: Path | None = None


def read_options(argv: Sequence[str]) -> PlayerOptions:
    """Parse ``argv`` (without ROS arguments); a wrong one ends the process with usage."""
    parser = argparse.ArgumentParser(
        prog='player', description='Publish a recording, a video or a webcam as a live camera.')
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument('--bag', type=Path, help='rosbag2 folder or ROS 1 .bag file')
    origin.add_argument('--video', type=Path, help='video file')
    origin.add_argument('--camera', type=int, metavar='N', help='webcam number')
    add = parser.add_argument
    add('--topic', default='', help='image topic of the bag (default: found by type)')
    add('--publish-as', default='', metavar='TOPIC', help='publish the image under this name')
    add('--hfov', type=float, metavar='DEG',
        help=f'guessed horizontal field of view: of a video or webcam (default {DEFAULT_HFOV:g}), '
        'of a bag without camera_info (default: no camera_info)')
    add('--rate', type=_positive, default=1.0, help='factor of the recorded speed (default 1)')
    add('--duration', type=float, default=0.0, metavar='S', help='stop after S seconds')
    add('--loop', action='store_true', help='start again at the end')
    add('--keep-stamps', action='store_true', help='publish the recorded stamps, not now')
    add('--wait-for', type=int, default=1, metavar='N', help='start at N subscribers (default 1)')
    add('--wait-timeout', type=float, default=15.0, metavar='S', help='give up after S seconds')
    add('--report', type=Path, metavar='FILE', help='write what was played as JSON')
    add('--stamps', type=Path, metavar='FILE',
        help='write the published and the recorded stamp [ns] of each image, a line each')
    return PlayerOptions(**vars(parser.parse_args(argv)))


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f'must be greater than 0, not {text}')
    return value
