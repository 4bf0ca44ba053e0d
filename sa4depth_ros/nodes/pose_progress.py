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

"""How the odometry goes: its newest result, and what happened since the start."""

from dataclasses import dataclass, field, replace
import threading

from sa4depth_ros.runtime.odometry_types import OdometryResult


@dataclass(frozen=True)
class PoseRecord:
    """
    Figures of the newest result, and counts since activation.

    ``state`` is initialising, tracking or lost, ``reason`` says why it is not tracking. Ratios
    are of 1; NaN is not known.
    """

    state: str = 'initialising'
    reason: str = 'no frame yet'
    unit: str = ''
    is_stationary: bool = False
    figures: dict[str, float] = field(default_factory=dict)
    keyframes: int = 0
    losses: int = 0
    resets: int = 0


class PoseProgress:
    """Keeps the record; one thread notes, any may read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.record = PoseRecord()

    def note(self, result: OdometryResult) -> bool:
        """Take a result; True when the state changed."""
        before = self.record
        changed = result.state != before.state
        with self._lock:
            self.record = replace(
                self.record, state=result.state, reason=result.reason, unit=result.unit,
                is_stationary=result.is_stationary, figures=_figures(result),
                keyframes=self.record.keyframes + result.is_keyframe,
                losses=self.record.losses + (changed and result.state == 'lost'))
        return changed

    def reset(self) -> None:
        """Note that the odometry begins anew."""
        with self._lock:
            self.record = replace(
                self.record, state='initialising', reason='reset', is_stationary=False,
                figures={}, resets=self.record.resets + 1)


def _figures(result: OdometryResult) -> dict[str, float]:
    return {'inlier_ratio': result.inlier_ratio, 'overlap': result.overlap,
            'residual_before': result.cost_before, 'residual_after': result.cost_after}
