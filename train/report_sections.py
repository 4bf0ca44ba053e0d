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

"""The parts of the report on one bag or data set: its pictures, and what they show."""

from pathlib import Path

from sa4depth_train.depth_tally import BagResult, DepthSeries, quantiles
from sa4depth_train.error_maps import write_error_maps
from sa4depth_train.error_plots import write_error_curves, write_frames_plot
from sa4depth_train.page import Section
from sa4depth_train.plots import write_scale_plot, write_trajectory_plot
from sa4depth_train.pose_evaluation import MotionResult, REFINED
from sa4depth_train.report import write_strip
from sa4depth_train.tables import bands_table, spread_table, Table

_CURVES = (
    'Left: mean relative error (line) and bias (dashed) over all pixels of all frames, by true '
    'depth and by image row. Right: predicted over true depth, each true depth by itself; and '
    'the bias by place in the image')


def depth_part(folder: Path, name: str, result: BagResult) -> Section:
    """Write the pictures of depth into ``folder``, their names begin with ``name``."""
    strip = folder / f'{name}.png'
    write_strip(strip, result.pictures)
    pictures = [(strip, f'{name}: predictions, frames spread evenly; in the error pictures, the '
                        'mean relative error')]
    if result.series is None:
        return Section('Depth', notes=['No frame could be compared.'], pictures=pictures)
    paths = {kind: folder / f'{name}_{kind}.png' for kind in ('worst', 'errors', 'curves')}
    write_error_maps(paths['worst'], result.worst)
    write_frames_plot(paths['errors'], result.series)
    write_error_curves(paths['curves'], result.series)
    pictures += [
        (paths['worst'], f'{name}: frames of the largest error, one of a stretch, worst first; '
                         'blue is predicted too far, red too near'),
        (paths['errors'], f'{name}: errors and scale over {result.series.axis.split()[0]}'),
        (paths['curves'], f'{name}: errors by depth and place. {_CURVES}'
                          f'{"" if result.series.plain else ", scaled, as there is no unit"}.')]
    return Section('Depth', tables=_depth_tables(result.series), pictures=pictures)


def motion_part(folder: Path, name: str, result: MotionResult) -> Section:
    """Write the pictures of motion into ``folder``, their names begin with ``name``."""
    path, scale = (folder / f'{name}_{kind}.png' for kind in ('trajectory', 'scale'))
    write_trajectory_plot(path, result)
    write_scale_plot(scale, result)
    return Section('Motion', notes=_refinement(result), pictures=[
        (path, f'{name}: path of the camera; estimates are aligned with scale where the truth is '
               'known, else in their own unit'),
        (scale, f'{name}: scale of translation and of depth over time')])


def _depth_tables(series: DepthSeries) -> list[Table]:
    return [spread_table(quantiles(series)),
            bands_table(series.scaled if series.plain is None else series.plain,
                        scaled=series.plain is None)]


def _refinement(result: MotionResult) -> list[str]:
    if REFINED not in result.tracks:
        return []
    figures, metrics = result.figures, result.tracks[REFINED].metrics
    return [f'The refinement failed on {figures["failed"]:.1%} of the frame pairs; its median '
            f'residual went from {figures["residual_before"]:.4g} to '
            f'{figures["residual_after"]:.4g}. A failed pair keeps the motion of PoseNet; without '
            f'failed pairs scale_std is {metrics["scale_std_unfailed"]:.4g}.']
