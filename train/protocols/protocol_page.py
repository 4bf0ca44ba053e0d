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

"""The folder that shows a model on a benchmark: metrics.json, pictures, and the page."""

from collections.abc import Mapping, Sequence
from itertools import chain
import math
from pathlib import Path
from typing import Any

from sa4depth_train.evaluation_folder import write_evaluation
from sa4depth_train.page import Section
from sa4depth_train.pose_evaluation import MotionResult
from sa4depth_train.protocols.depth_report import DepthReport
from sa4depth_train.report_sections import depth_part, motion_part
from sa4depth_train.tables import figures_table, Table

DEPTH_COLUMNS = ('frames', 'abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'log10', 'rmse_log10',
                 'delta1', 'delta2', 'delta3', 'median_scale', 'scale_consistency')
ODOMETRY_COLUMNS = ('t_err', 'r_err', 'segments', 'ate_sim3', 'ate_se3', 'rpe_translation',
                    'rpe_rotation', 'scale', 'scale_std')
_DEPTH_LEGEND = (
    'Means over frames by the rules of the benchmark. rmse in metres; log10: mean of |log10 '
    'error|; rmse_log10: RMSE of log10, which tables on Make3D call log10; scale_consistency: '
    'standard deviation of median_scale over its median.')
_ODOMETRY_LEGEND = (
    't_err percent, r_err degrees per 100 m, over segments of 100 to 800 m, after Sim(3) '
    'alignment; ate: RMSE of positions in metres with scale (sim3) and without (se3); rpe of one '
    'step, percent and degrees; scale: metres per unit of the path.')


def depth_table(report: DepthReport) -> Table:
    """Make the table of a depth benchmark; its caption says whether medians were scaled."""
    how = 'median scaling' if report.scaled else 'no scaling'
    return figures_table(f'{report.protocol.name}, {how}{", flip" if report.flip else ""}',
                         '', {report.protocol.name: report.metrics}, DEPTH_COLUMNS)


def odometry_table(results: Sequence[MotionResult]) -> Table:
    """Make the table of sequences by name and kind of estimate."""
    rows = {f'{result.bag} {kind}': track.metrics for result in results
            for kind, track in result.tracks.items()}
    return figures_table('KITTI odometry', 'sequence', rows, ODOMETRY_COLUMNS)


def write_depth_page(
    folder: Path, report: DepthReport, header: Mapping[str, Any], page: Path,
) -> None:
    """Write ``metrics.json``, the pictures and the ``page``; ``header`` says what was run."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = (_depth_section(folder, one) for one in (report,))
    write_evaluation(folder, page, header, _nan_as_null(report.to_json()), sections)


def _depth_section(folder: Path, report: DepthReport) -> Section:
    return Section(report.protocol.name, notes=[*report.notes, _DEPTH_LEGEND],
                   tables=[depth_table(report)],
                   parts=[depth_part(folder, report.protocol.name, report.result)])


def write_odometry_page(
    folder: Path, results: Sequence[MotionResult], header: Mapping[str, Any], page: Path,
) -> None:
    """Write the same for sequences of the odometry benchmark."""
    folder.mkdir(parents=True, exist_ok=True)
    overview = Section('KITTI odometry', notes=[_ODOMETRY_LEGEND],
                       tables=[odometry_table(results)])
    sections = (Section(result.bag, notes=result.notes,
                        parts=[motion_part(folder, result.bag, result)]) for result in results)
    figures = {'sequences': [{'sequence': result.bag, **result.to_json()} for result in results]}
    write_evaluation(folder, page, header, _nan_as_null(figures), chain([overview], sections))


def _nan_as_null(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _nan_as_null(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_nan_as_null(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
