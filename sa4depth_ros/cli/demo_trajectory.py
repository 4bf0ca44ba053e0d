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

"""What the demo makes of the odometry: TUM files, a picture, and the error by evo."""

from importlib.util import find_spec
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.cli.trajectory_picture import trajectory_picture
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.tum_file import read_tum, write_tum

Poses = NDArray[np.float64]

FILES = ('trajectory.tum', 'ground_truth.tum', 'trajectory.png')
STAMPS = 'stamps.txt'
# Seconds between an image and a pose of the truth.
_TOLERANCE_NS = 30_000_000


class _Path(NamedTuple):
    stamps: list[int]
    poses: Poses


def trajectory_summary(output: Path, bag: Path | None, image_topic: str) -> dict[str, Any]:
    """
    Finish what viewer and player left in ``output``; give figures for the summary.

    trajectory.tum gets the stamps of the recording; ground_truth.tum, at the same stamps, is
    written when ``bag`` has poses of the camera; trajectory.png shows both. {} without odometry.
    """
    file = output / FILES[0]
    recorded = _recorded_stamps(output / STAMPS)
    if not file.is_file():
        return {}
    unit = str(_viewer_says(output).get('odometry_unit', 'm'))
    ours = _in_recorded_time(_Path(*read_tum(file)), recorded)
    write_tum(file, ours.stamps, ours.poses)
    truth, note = _truth(bag, image_topic, ours.stamps) if bag else (None, '')
    result: dict[str, Any] = {'odometry_poses': len(ours.stamps),
                              'odometry_length': _length(ours.poses), 'odometry_unit': unit}
    result |= {'odometry_note': note} if note else {}
    if truth is not None:
        write_tum(output / FILES[1], truth.stamps, truth.poses)
        known = set(truth.stamps)
        both = np.array([stamp in known for stamp in ours.stamps])
        result |= _errors(ours.poses[both], truth.poses)
        _draw(output, ours, truth, ours.poses[both], result)
    else:
        _draw(output, ours, None, ours.poses, result)
    return result


def _recorded_stamps(file: Path) -> dict[int, int] | None:
    """Give recorded by published stamps, None when the input has none of its own."""
    if not file.is_file():
        return None
    words = (line.split() for line in file.read_text('utf-8').splitlines())
    pairs = [(int(published), int(recorded)) for published, recorded in words]
    file.unlink()
    return dict(pairs) or None


def _in_recorded_time(path: _Path, recorded: dict[int, int] | None) -> _Path:
    """Keep the first time through a recording: a loop jumps back to its start."""
    if recorded is None:
        return path
    stamps: list[int] = []
    kept = []
    for number, stamp in enumerate(path.stamps):
        there = recorded.get(stamp)
        if there is None:
            continue
        if stamps and there <= stamps[-1]:
            break
        stamps.append(there)
        kept.append(number)
    return _Path(stamps, path.poses[kept])


def _truth(bag: Path, image_topic: str, stamps: list[int]) -> tuple[_Path | None, str]:
    """Give the poses of the camera in the bag at ``stamps`` that are known, or say why not."""
    from sa4depth_train.bag_poses import BagPoses
    from sa4depth_train.bag_reader import BagReader
    from sa4depth_train.bag_topics import find_odom
    reader = BagReader(bag)

    def first(topic: str) -> Any:
        return next((message for _, message in reader.messages(topic)), None)

    try:
        image = first(image_topic)
        frame = str(image.header.frame_id)
        topic = find_odom(reader.types(), first, frame)
        poses = BagPoses(reader, lambda: topic, _TOLERANCE_NS, frame)
        found = {stamp: pose for stamp in stamps if (pose := poses.at(stamp)) is not None}
    except BagError as error:
        return None, f'no ground truth: {error}'
    finally:
        reader.close()
    if not found:
        return None, 'no ground truth: the recording has no poses of the camera'
    return _Path(list(found), np.stack(list(found.values()))), ''


def _errors(ours: Poses, truth: Poses) -> dict[str, Any]:
    if find_spec('evo') is None:
        return {'odometry_note': 'its error was not measured: pip install evo'}
    from sa4depth_train.trajectory import trajectory_metrics
    metrics = trajectory_metrics(ours, truth, scaled=False)
    names = {'ate_se3': 'ate_m', 'ate_sim3': 'ate_scaled_m', 'scale': 'ate_scale',
             'path_length': 'true_length'}
    return {new: value for old, new in names.items() if math.isfinite(value := metrics[old])}


def _draw(
    output: Path, ours: _Path, truth: _Path | None, matched: Poses, figures: dict[str, Any],
) -> None:
    from sa4depth_ros.nodes.viewer_pictures import save_picture
    metric = figures['odometry_unit'] == 'm'
    unit = 'm' if metric else 'units of the depth'
    lines = [f'{len(ours.stamps)} poses, {figures["odometry_length"]:.2f} {unit}']
    shown = None
    if truth is not None:
        shown = _aligned(truth.poses, matched, scale=not metric)[:, :3, 3]
        lines[0] += f', truth {_length(truth.poses):.2f} m'
    if 'ate_m' in figures:
        lines[0] += f', ATE {figures["ate_m" if metric else "ate_scaled_m"]:.3f} m'
        lines.append('ground truth aligned by rotation and translation' + (
            f'; with scale ({figures["ate_scale"]:.3f}) ATE {figures["ate_scaled_m"]:.3f} m'
            if metric else ' and scale'))
    picture = trajectory_picture(ours.poses[:, :3, 3], shown, unit=unit, lines=lines)
    save_picture(str(output / FILES[2]), picture)


def _aligned(truth: Poses, ours: Poses, *, scale: bool) -> Poses:
    """Bring the truth into our odom: by all positions with evo, else by the first pose."""
    if find_spec('evo') is not None:
        from sa4depth_train.trajectory import aligned
        fitted = aligned(truth, ours, scale=scale)
        if fitted is not None:
            return fitted
    return ours[0] @ np.linalg.inv(truth[0]) @ truth


def _viewer_says(output: Path) -> dict[str, Any]:
    file = output / 'viewer.json'
    return dict(json.loads(file.read_text('utf-8'))) if file.is_file() else {}


def _length(poses: Poses) -> float:
    return float(np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1).sum())
