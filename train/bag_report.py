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

"""Everything that can be measured of a model on a bag, and the folder that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from sa4depth_ros.errors import BagError
from sa4depth_train.bag_index import BagIndex, unique_name
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_tally import BagResult
from sa4depth_train.evaluation import Estimator, evaluate_bag
from sa4depth_train.evaluation_folder import write_evaluation
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.motion_estimator import motion_result, NetworkMotion
from sa4depth_train.page import Section
from sa4depth_train.pose_evaluation import MotionResult
from sa4depth_train.report_sections import depth_part, motion_part
from sa4depth_train.tables import (
    DEPTH_LEGEND, depth_table, MOTION_LEGEND, motion_table, Table)


@dataclass(frozen=True)
class BagReport:
    """What was measured on one bag; ``notes`` say what was not, and why."""

    bag: str
    depth: BagResult | None
    motion: MotionResult | None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the figures as plain values."""
        values: dict[str, Any] = {'bag': self.bag}
        if self.depth is not None:
            values |= self.depth.to_json()
        if self.motion is not None:
            values['motion'] = self.motion.to_json()
        return values | {'bag': self.bag, 'notes': list(self.notes)}


def measure_bag(
    path: Path, config: DataConfig, excerpt: Excerpt, estimator: Estimator,
    motion: NetworkMotion | None,
) -> BagReport:
    """
    Measure depth where the bag has a depth topic, and motion where the model has ``motion``.

    Only the frames of ``excerpt``. Raises BagError when there is nothing to compare with,
    saying what would be needed.
    """
    index = BagIndex(path, config)
    has_depth = any(frame.depth is not None for frame in index.frames)
    has_poses = any(frame.pose is not None for frame in index.frames)
    index.close()
    if not has_depth and not (has_poses and motion is not None):
        raise BagError(_nothing(index, has_poses=has_poses))
    depth = evaluate_bag(estimator, path, config, excerpt) if has_depth else None
    moved = motion_result(motion, path, config, excerpt) if motion is not None else None
    notes = () if has_depth else ('No depth topic: depth was not measured.',)
    if motion is None and has_poses:
        notes = (*notes, 'The model is depth alone: motion was not measured. A .safetensors '
                 'checkpoint of the recipe sa4depth holds its motion networks, too.')
    return BagReport(index.name, depth, moved, (*notes, *(moved.notes if moved else ())))


def _nothing(index: BagIndex, *, has_poses: bool) -> str:
    if has_poses:
        return (f"bag '{index.path}' has odometry but no depth topic, and the model has no motion "
                'networks; expected a depth topic, or a .safetensors checkpoint of the recipe '
                'sa4depth')
    return (f"bag '{index.path}' has neither depth nor odometry to compare with; it has "
            f'{index.topics}. Record a depth image registered to the camera, or the pose of the '
            'camera as nav_msgs/Odometry')


def tables(reports: Sequence[BagReport]) -> list[Table]:
    """Lay the figures of what was measured on several bags out; no table without rows."""
    depths = {r.bag: r.depth.metrics for r in reports if r.depth is not None}
    motions = {(r.bag, kind): track.metrics for r in reports
               if r.motion is not None and len(r.motion.truth)
               for kind, track in r.motion.tracks.items()}
    return [table for table in (depth_table(depths), motion_table(motions)) if table.rows]


def write_report(
    folder: Path, reports: Sequence[BagReport], header: dict[str, Any],
    page: Path | None = None,
) -> list[BagReport]:
    """
    Write ``metrics.json``, the pictures of every bag, and ``page`` that shows them all.

    ``header`` says what was measured; ``page`` is ``index.html`` of the folder by default. Bags
    of one name get a number; the reports come back with the names in use.
    """
    named = _unique(reports)
    folder.mkdir(parents=True, exist_ok=True)
    sections = (_section(folder, report) for report in named)
    legends = [DEPTH_LEGEND if table.caption == 'Depth' else MOTION_LEGEND
               for table in tables(named)]
    overview = Section('All bags', notes=legends, tables=tables(named))
    write_evaluation(folder, page or folder / 'index.html', header,
                     {'bags': [report.to_json() for report in named]}, chain([overview], sections))
    return named


def _unique(reports: Sequence[BagReport]) -> list[BagReport]:
    used: set[str] = set()
    result = []
    for report in reports:
        name = unique_name(report.bag, used)
        used.add(name)
        result.append(replace(report, bag=name))
    return result


def _section(folder: Path, report: BagReport) -> Section:
    parts = []
    if report.depth is not None:
        parts.append(depth_part(folder, report.bag, report.depth))
    if report.motion is not None:
        parts.append(motion_part(folder, report.bag, report.motion))
    return Section(report.bag, notes=report.notes, parts=parts)
