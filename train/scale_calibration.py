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

"""Find the factor that makes a model's depth metric, from one bag."""

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from sa4depth_ros.errors import BagError
from sa4depth_ros.model_card import ModelCard, ScaleRecord
from sa4depth_ros.runtime.scale import ScaleCollector, ScaleEstimate, widened
from sa4depth_train.bag_index import fingerprint
from sa4depth_train.evaluation import Estimator
from sa4depth_train.scale_config import Calibration, ScaleConfig
from sa4depth_train.scale_frames import ScaleFrames
from sa4depth_train.scale_networks import network_scales
from sa4depth_train.scale_references import (
    depth_scales, distance_scales, lidar_scales, odometry_scales)

# From so many places on their differences tell the error.
_ENOUGH_PLACES = 3


def calibrate_bag(
    estimator: Estimator, card: ModelCard, path: Path, config: ScaleConfig,
    checkpoint: Path | None = None,
) -> Calibration:
    """
    Compare the depth that ``estimator`` gives, with the scale of ``card``, with a reference.

    With a ``checkpoint`` the reference odometry is compared with the motion networks in it,
    otherwise with followed points. Raises BagError when the bag lacks what is needed, and
    CalibrationError when the scale does not follow from it.
    """
    frames = ScaleFrames(path, config, estimator)
    try:
        kind = config.reference or _kind(frames)
        estimate, topic, notes = _measured(frames, kind, card, checkpoint)
        record = _record(frames, estimate, card, kind, topic)
        if kind == 'distance' and estimate.used < _ENOUGH_PLACES:
            # The interval is that of these places, not of the model.
            record = replace(record, low=0.0, high=0.0)
    finally:
        frames.close()
    return Calibration(estimate, record, (*notes, *_notes(estimate)))


def _kind(frames: ScaleFrames) -> str:
    there = {'distance': bool(frames.config.distances),
             'depth': any(entry.depth for entry in frames.bag.frames),
             'lidar': frames.cloud_topic() is not None,
             'odometry': frames.bag.odometry_topic is not None}
    for kind, has in there.items():
        if has:
            return kind
    topics = ', '.join(f'{topic} ({kind})' for topic, kind in frames.reader.types().items())
    raise BagError(
        f"bag '{frames.bag.path}' has nothing to tell the scale by: expected a depth image of the "
        'camera, a PointCloud2 or an Odometry with messages near the images, or --distance; it '
        f'has {topics}')


def _measured(
    frames: ScaleFrames, kind: str, card: ModelCard, checkpoint: Path | None,
) -> tuple[ScaleEstimate, str, tuple[str, ...]]:
    limits, places = frames.config.limits, len(frames.config.distances)
    if kind == 'distance':
        collector = ScaleCollector(replace(limits, least=min(limits.least, places)))
        error = distance_scales(frames, collector)
        estimate = collector.estimate()
        if estimate.used >= _ENOUGH_PLACES:
            return estimate, '', ()
        return widened(estimate, error), '', (
            'One or two places: the interval is theirs alone, how much the factor differs '
            f'elsewhere it does not tell. Measure {_ENOUGH_PLACES} or more, near and far.',)
    collector = ScaleCollector(limits)
    if kind == 'odometry' and checkpoint is not None:
        topic = network_scales(frames, collector, checkpoint, card)
    else:
        measure = {'depth': depth_scales, 'lidar': lidar_scales, 'odometry': odometry_scales}[kind]
        topic = measure(frames, collector)
    return collector.estimate(), topic, ()


def _record(
    frames: ScaleFrames, estimate: ScaleEstimate, card: ModelCard, kind: str, topic: str,
) -> ScaleRecord:
    first = frames.bag.frames[0]
    date = datetime.fromtimestamp(first.image.stamp * 1e-9, timezone.utc).date().isoformat()
    return ScaleRecord(
        scale=estimate.scale * card.scale, low=estimate.low * card.scale,
        high=estimate.high * card.scale, reference=kind, topic=topic, bag=frames.bag.name,
        bag_sha256=fingerprint(frames.bag.path), date=date, frame_id=frames.bag.camera_frame,
        camera=frames.view(first).camera.summary, spread=estimate.spread, used=estimate.used,
        refused=estimate.refused)


def _notes(estimate: ScaleEstimate) -> tuple[str, ...]:
    refused = sum(estimate.refused.values())
    if refused > estimate.used / 2:
        causes = ', '.join(f'{count} x {cause}' for cause, count in estimate.refused.items())
        return (f'Many were refused ({causes}): what was used may be a selection.',
                *_vague(estimate))
    return _vague(estimate)


def _vague(estimate: ScaleEstimate) -> tuple[str, ...]:
    if not estimate.is_vague or estimate.used < _ENOUGH_PLACES:
        return ()
    return (f'The {estimate.used} measurements resemble their neighbours so much that they count '
            f'as {estimate.independent:.0f} independent ones: take the interval as a guess. '
            'Record longer, in more places.',)
