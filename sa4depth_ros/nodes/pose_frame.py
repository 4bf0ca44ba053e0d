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

"""What the pose node works on, wherever it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sa4depth_ros.nodes.arrival import Arrival
from sa4depth_ros.nodes.conversions import nanoseconds
from sa4depth_ros.runtime.odometry_types import OdometryInput
from std_msgs.msg import Header


@dataclass(frozen=True, eq=False)
class PoseFrame:
    """
    An image with its depth, not decoded yet.

    ``arrival`` is that of the image or, where that waited for its depth, of the depth. ``read``
    decodes both and finds the calibration; it may raise FrameError.
    """

    header: Header
    arrival: Arrival
    read: Callable[[], OdometryInput]

    @property
    def stamp(self) -> int:
        """Give the stamp of the image in nanoseconds."""
        return nanoseconds(self.header.stamp)


class PoseInput(Protocol):
    """Where frames come from: topics, or the depth node in the same process."""

    def listen(self, put: Callable[[PoseFrame], None]) -> None:
        """Hand frames to ``put``; ConfigError when the QoS cannot be."""
        ...

    def leave(self) -> None:
        """Hand in no more; harmless when there is nothing to leave."""
        ...

    @property
    def facts(self) -> dict[str, str]:
        """Tell for the diagnostics where frames come from and what was seen there."""
        ...

    def silence(self) -> str:
        """Say why no frame comes, as far as can be seen."""
        ...

    def remark(self) -> str:
        """Say what is odd about the frames that come, '' when nothing is."""
        ...
