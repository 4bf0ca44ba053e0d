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

"""What the node says of its own health once a second."""

from collections.abc import Mapping
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from sa4depth_ros.nodes.statistics import Snapshot
from sa4depth_ros.runtime.engines import Remark

# Being overtaken by a newer frame is how the node keeps up, not a fault.
_HARMLESS = ('newer',)
_BROKEN = ('engine', 'internal')

Finding = tuple[bytes, str]


@dataclass(frozen=True)
class NodeState:
    """What is to be known of one camera's depth besides the frame statistics."""

    lifecycle: str
    image_topic: str
    input_hint: str
    camera: str
    camera_calibrated: bool
    camera_exact: bool
    unit: str
    facts: Mapping[str, str]
    remarks: tuple[Remark, ...] = ()
    warnings: tuple[str, ...] = ()


def health_status(name: str, state: NodeState, frames: Snapshot) -> DiagnosticStatus:
    """Make the status called ``name`` for /diagnostics."""
    level, message = _verdict(state, frames)
    values = {**state.facts, 'backend_remarks': '; '.join(r.text for r in state.remarks),
              'lifecycle': state.lifecycle, 'camera': state.camera,
              'unit': state.unit, **figures(frames)}
    return DiagnosticStatus(
        level=level, name=name, message=message, hardware_id=state.facts.get('image_topic', ''),
        values=[KeyValue(key=key, value=value) for key, value in values.items()])


def _verdict(state: NodeState, frames: Snapshot) -> Finding:
    findings = _findings(state, frames)
    level = max(level for level, _ in findings)
    return level, '; '.join(text for _, text in findings)


def _findings(state: NodeState, frames: Snapshot) -> list[Finding]:
    if state.lifecycle != 'active':
        return [(DiagnosticStatus.STALE,
                 f'the node is {state.lifecycle}; activate it (ros2 lifecycle set)')]
    if frames.rate_in == 0:
        return [(DiagnosticStatus.STALE,
                 f"no image arrives on '{state.image_topic}'{state.input_hint}")]
    found = [*drop_findings(frames), *_camera_findings(state), *_engine_findings(state),
             *((DiagnosticStatus.WARN, text) for text in state.warnings)]
    if found:
        return found
    if frames.is_idle:
        return [(DiagnosticStatus.OK, 'idle: nobody subscribes to an output')]
    return [(DiagnosticStatus.OK, 'running')]


def drop_findings(frames: Snapshot) -> list[Finding]:
    """Say what was wrong with the frames that were refused lately."""
    refused = {cause: count for cause, count in frames.recent_drops.items()
               if cause not in _HARMLESS}
    if not refused:
        return []
    broken = any(cause in _BROKEN for cause in refused)
    serious = broken or frames.rate_out == 0
    causes = ', '.join(f'{count} x {cause}' for cause, count in sorted(refused.items()))
    return [(DiagnosticStatus.ERROR if serious else DiagnosticStatus.WARN,
             f'frames are refused ({causes}): {frames.last_problem}')]


def _camera_findings(state: NodeState) -> list[Finding]:
    found = []
    if not state.camera_calibrated:
        found.append((DiagnosticStatus.WARN, f'camera: {state.camera}, so no cloud'))
    elif not state.camera_exact:
        found.append((DiagnosticStatus.WARN, f'camera: {state.camera}'))
    if state.unit != 'm':
        found.append((DiagnosticStatus.WARN, 'depth is relative, not in metres; calibrate scale'))
    return found


def _engine_findings(state: NodeState) -> list[Finding]:
    return [(DiagnosticStatus.WARN, f'a better backend failed: {remark.text}')
            for remark in state.remarks if remark.is_fault]


def figures(frames: Snapshot) -> dict[str, str]:
    """Give rates, counts and latencies as the values of a status."""
    values = {
        'rate_in_hz': f'{frames.rate_in:.2f}', 'rate_out_hz': f'{frames.rate_out:.2f}',
        'frames_in': str(frames.frames_in), 'frames_out': str(frames.frames_out),
        'dropped': str(sum(frames.dropped.values()))}
    values |= {f'dropped_{cause}': str(n) for cause, n in sorted(frames.dropped.items())}
    for part, (median, high) in frames.latency.items():
        values[f'latency_{part}_median_ms'] = f'{1e3 * median:.2f}'
        values[f'latency_{part}_p95_ms'] = f'{1e3 * high:.2f}'
    return values | {
        'last_problem': frames.last_problem, 'stream_restarts': str(frames.restarts),
        'uptime_s': f'{frames.uptime:.1f}'}
