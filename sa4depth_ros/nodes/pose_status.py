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

"""What the pose node says of its own health once a second."""

from collections.abc import Mapping
from dataclasses import dataclass
import math

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from sa4depth_ros.nodes.diagnostics import drop_findings, figures, Finding
from sa4depth_ros.nodes.pose_progress import PoseRecord
from sa4depth_ros.nodes.statistics import Snapshot


@dataclass(frozen=True)
class PoseState:
    """
    What is to be known of the odometry besides the frame statistics.

    ``silence`` says why no frame comes, ``remarks`` what is not as it should be.
    """

    lifecycle: str
    record: PoseRecord
    silence: str
    remarks: tuple[str, ...]
    facts: Mapping[str, str]


def pose_status(name: str, state: PoseState, frames: Snapshot) -> DiagnosticStatus:
    """Make the status called ``name`` for /diagnostics."""
    found = _findings(state, frames)
    level = max(level for level, _ in found)
    values = {'lifecycle': state.lifecycle, **_record_values(state.record), **state.facts,
              **figures(frames)}
    return DiagnosticStatus(
        level=level, name=name, message='; '.join(text for _, text in found),
        hardware_id=state.facts.get('image_topic', ''),
        values=[KeyValue(key=key, value=value) for key, value in values.items()])


def _findings(state: PoseState, frames: Snapshot) -> list[Finding]:
    if state.lifecycle != 'active':
        return [(DiagnosticStatus.STALE,
                 f'the node is {state.lifecycle}; activate it (ros2 lifecycle set)')]
    if frames.rate_in == 0:
        lost = f'{state.record.state}: ' if state.record.state == 'lost' else ''
        return [(DiagnosticStatus.STALE, lost + state.silence)]
    found = [*drop_findings(frames), *_state_findings(state.record),
             *((DiagnosticStatus.WARN, remark) for remark in state.remarks)]
    return found or [(DiagnosticStatus.OK, 'tracking')]


def _state_findings(record: PoseRecord) -> list[Finding]:
    found = []
    if record.state == 'lost':
        found.append((DiagnosticStatus.ERROR, f'lost: {record.reason}'))
    elif record.state != 'tracking':
        found.append((DiagnosticStatus.OK, f'{record.state}: {record.reason}'))
    if record.unit == 'relative':
        found.append((DiagnosticStatus.WARN, 'odometry is in the unit of the depth, which is '
                      'not metres; calibrate scale'))
    return found


def _record_values(record: PoseRecord) -> dict[str, str]:
    return {
        'state': record.state, 'reason': record.reason, 'unit': record.unit,
        'stationary': str(record.is_stationary).lower(),
        **{key: f'{value:.4g}' for key, value in record.figures.items() if math.isfinite(value)},
        'keyframes': str(record.keyframes), 'losses': str(record.losses),
        'resets': str(record.resets)}
