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

"""What the viewer measures: how many messages came, how often, and how old they were."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

# The live line looks back this many seconds.
RECENT = 2.0


@dataclass
class Stream:
    """Arrivals of one topic: (arrival, age) in seconds of the node's clock."""

    arrivals: list[tuple[float, float]] = field(default_factory=list)

    def add(self, now: float, stamp: float) -> None:
        """Count a message with header stamp ``stamp`` received at ``now`` [s]."""
        self.arrivals.append((now, now - stamp))

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.arrivals)

    def rate(self, since: float = float('-inf')) -> float:
        """Messages a second of those that arrived after ``since``; 0 with fewer than two."""
        times = [now for now, _ in self.arrivals if now >= since]
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0

    def age(self, percentile: float, since: float = float('-inf')) -> float:
        """Percentile of the age [s] of messages that arrived after ``since``; NaN if none."""
        ages = [age for now, age in self.arrivals if now >= since]
        return float(np.percentile(ages, percentile)) if ages else float('nan')

    def longest_gap(self) -> float:
        """Longest time between two arrivals [s]; 0 with fewer than two."""
        times = [now for now, _ in self.arrivals]
        return float(np.max(np.diff(times))) if len(times) > 1 else 0.0


@dataclass
class Figures:
    """All streams of the viewer and the last words of the depth node about itself."""

    depth: Stream = field(default_factory=Stream)
    cloud: Stream = field(default_factory=Stream)
    image: Stream = field(default_factory=Stream)
    odometry: Stream = field(default_factory=Stream)
    # Merged over time, so that figures of the running stream outlast its end.
    node: dict[str, str] = field(default_factory=dict)
    pose_node: dict[str, str] = field(default_factory=dict)
    level: int = -1
    message: str = ''
    pose_message: str = ''

    def note_status(self, level: int, message: str, values: Mapping[str, str]) -> None:
        """Take over a diagnostic status of the depth node; STALE is normal after the end."""
        running = bool(values.get('latency_engine_median_ms')) or not self.message
        if running:
            self.level, self.message = level, message
            self.node.update(values)
        for key in values:
            if key.startswith(('dropped', 'frames')) or key == 'last_problem':
                self.node[key] = values[key]

    def note_pose_status(self, message: str, values: Mapping[str, str]) -> None:
        """Take over a diagnostic status of the pose node, as long as frames come."""
        if values.get('latency_stamp_to_publish_median_ms') or not self.pose_message:
            self.pose_message = message
            self.pose_node.update(values)

    def live_line(self, now: float) -> str:
        """Say in a few words how it goes right now."""
        since = now - RECENT
        if not self.depth.arrivals or self.depth.arrivals[-1][0] < since:
            return 'waiting for depth'
        return (f'{self.depth.rate(since):.1f} fps, '
                f'latency {1e3 * self.depth.age(50, since):.0f} ms, '
                f'dropped {self.node.get("dropped", "?")}')

    def summary(self) -> dict[str, object]:
        """Give all figures with their units in their names; latency is stamp to received."""
        engine = float(self.node.get('latency_engine_median_ms', 'nan'))
        median = 1e3 * self.depth.age(50)
        return {
            'received_images': len(self.image), 'received_depth': len(self.depth),
            'received_clouds': len(self.cloud), 'fps': _rounded(self.depth.rate(), 2),
            'latency_median_ms': _rounded(median),
            'latency_p95_ms': _rounded(1e3 * self.depth.age(95)),
            'latency_max_ms': _rounded(1e3 * self.depth.age(100)),
            'cloud_latency_median_ms': _rounded(1e3 * self.cloud.age(50)),
            'longest_gap_ms': _rounded(1e3 * self.depth.longest_gap()),
            'engine_median_ms': _rounded(engine),
            'engine_share': _rounded(engine / median if median > 0 else float('nan'), 3),
            'dropped': int(self.node.get('dropped', '0')),
            'dropped_by_cause': {key.removeprefix('dropped_'): int(value)
                                 for key, value in self.node.items()
                                 if key.startswith('dropped_') and int(value)},
            'node_frames_in': int(self.node.get('frames_in', '0')),
            'node_frames_out': int(self.node.get('frames_out', '0')),
            'unit': self.node.get('unit', ''), 'model': self.node.get('model', ''),
            'backend': self.node.get('backend', ''), 'camera': self.node.get('camera', ''),
            'node_says': self.message, 'last_problem': self.node.get('last_problem', ''),
            **self._odometry_summary(),
        }

    def _odometry_summary(self) -> dict[str, object]:
        if not self.pose_message and not self.odometry.arrivals:
            return {}
        return {
            'received_odometry': len(self.odometry),
            'odometry_latency_median_ms': _rounded(1e3 * self.odometry.age(50)),
            'odometry_losses': int(self.pose_node.get('losses', '0')),
            'odometry_unit': self.pose_node.get('unit') or 'm',
            'pose_node_says': self.pose_message}


def _rounded(value: float, digits: int = 1) -> float | None:
    # JSON has no NaN.
    return round(value, digits) if np.isfinite(value) else None
