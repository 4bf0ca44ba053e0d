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

"""The summary of a demo run: as JSON, and as a table for people."""

from collections.abc import Mapping
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

RESULTS = ('depth_*.png', 'cloud.ply', 'cloud.png', 'summary.json', 'viewer.json', 'player.json',
           'trajectory.tum', 'ground_truth.tum', 'trajectory.png', 'stamps.txt', 'logs/*.log')


def summarise(output: Path, more: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Join what player and viewer wrote, and ``more``, into summary.json and return it."""
    player = _taken(output / 'player.json')
    viewer = _taken(output / 'viewer.json')
    summary = {
        'input': player.get('source', ''), 'calibration': player.get('calibration', ''),
        'published': player.get('published', 0), 'played_seconds': player.get('seconds', 0.0),
        'recorded_rate': player.get('recorded_rate', 0.0), **viewer, **more}
    (output / 'summary.json').write_text(json.dumps(summary, indent=2) + '\n', encoding='utf-8')
    return summary


def table(summary: dict[str, Any], output: Path) -> str:
    """Lay the figures out, one a line."""
    share = summary.get('engine_share')
    dropped = ', '.join(f'{cause} {count}' for cause, count in
                        summary.get('dropped_by_cause', {}).items())
    rows = [
        ('input', f'{summary["input"]} ({summary["recorded_rate"]:g} Hz, calibration '
                  f'{summary["calibration"]})'),
        ('model', f'{summary.get("model", "")} on {summary.get("backend", "")}, '
                  f'unit {summary.get("unit") or "?"}'),
        ('published', f'{summary["published"]} images in {summary["played_seconds"]:.1f} s'),
        ('received', f'{summary.get("received_depth", 0)} depth images '
                     f'({_number(summary.get("fps"))} fps), '
                     f'{summary.get("received_clouds", 0)} clouds'),
        ('latency', f'median {_number(summary.get("latency_median_ms"))} ms, '
                    f'p95 {_number(summary.get("latency_p95_ms"))} ms (stamp to received)'),
        ('  of it engine', f'{_number(summary.get("engine_median_ms"))} ms'
                           + (f' ({100 * share:.0f} %)' if share is not None else '')),
        ('dropped', str(summary.get('dropped', '?')) + (f' ({dropped})' if dropped else '')),
        ('pictures', f'{output}/depth_*.png ({_count(summary, "depth_")})'),
        ('cloud', f'{output}/cloud.ply, cloud.png' if _count(summary, 'cloud') else
                  f'none: {summary.get("camera") or "no calibration"}'),
    ]
    rows += _odometry_rows(summary, output)
    problem = summary.get('last_problem')
    if problem:
        rows.append(('last problem', str(problem)))
    return '\n'.join(f'  {name:<15} {text}' for name, text in rows)


def _odometry_rows(summary: dict[str, Any], output: Path) -> list[tuple[str, str]]:
    if 'pose_node_says' not in summary:
        return []
    poses = summary.get('odometry_poses', 0)
    if not poses:
        return [('odometry', f'none; the pose node says: {summary["pose_node_says"]}')]
    rows = [('odometry', f'{poses} poses, {summary["odometry_length"]:.2f} (unit '
                         f'{summary["odometry_unit"]}), lost {summary["odometry_losses"]} times, '
                         f'latency median {_number(summary["odometry_latency_median_ms"])} ms')]
    if 'ate_m' in summary:
        scaled = (f'{summary["ate_scaled_m"]:.3f} m with scale {summary["ate_scale"]:.3f}')
        metric = summary['odometry_unit'] == 'm'
        rows.append(('  ATE', (f'{summary["ate_m"]:.3f} m, ' if metric else '')
                     + f'{scaled}, of {summary["true_length"]:.2f} m'))
    if 'odometry_note' in summary:
        rows.append(('  note', summary['odometry_note']))
    return [*rows, ('trajectory', f'{output}/trajectory.png, trajectory.tum'
                    + (', ground_truth.tum' if (output / 'ground_truth.tum').is_file() else ''))]


def remove_results(output: Path) -> None:
    """Delete what an earlier demo wrote into the folder, and nothing else."""
    for pattern in RESULTS:
        for path in output.glob(pattern):
            path.unlink()


def _taken(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text('utf-8'))
    path.unlink()
    return content


def _count(summary: dict[str, Any], prefix: str) -> int:
    return sum(name.startswith(prefix) for name in summary.get('files', []))


def _number(value: float | None) -> str:
    return '?' if value is None else f'{value:g}'
