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

"""What odometry says of the scale against the motion networks of a checkpoint."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime.scale import ScaleCollector
from sa4depth_ros.runtime.scale_motion import motion_log_scale
from sa4depth_ros.runtime.scale_tracks import rectifying
from sa4depth_train.data_config import DataConfig
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.motion_estimator import (
    load_motion_estimator, motion_frames, NetworkMotion, NetworkObservation)
from sa4depth_train.scale_frames import ScaleFrames
from sa4depth_train.scale_references import camera_poses

_Seen = tuple[NDArray[np.float64], NetworkObservation]


def network_scales(
    frames: ScaleFrames, collector: ScaleCollector, checkpoint: Path, card: ModelCard,
) -> str:
    """
    Compare the lengths of the refined motion between neighbouring frames; give the topic.

    Raises ModelError for a checkpoint without motion networks or without refinement: PoseNet
    alone does not have the scale of depth.
    """
    motion = load_motion_estimator(checkpoint)
    if not motion.refines:
        raise ModelError(f"'{checkpoint}' was trained without refinement, so its motion does not "
                         'have the scale of its depth: use --motion tracks')
    topic, poses, T_camera2body = camera_poses(frames)
    config = frames.config
    data = DataConfig(image_topic=config.image_topic, camera_info_topic=config.camera_info_topic)
    images = motion_frames(frames.bag.path, data, motion.size, Excerpt(config.start))
    last: _Seen | None = None
    for image, (number, entry) in zip(images, frames.entries):
        T_body2world = poses.at(entry.image.stamp)
        if T_body2world is None:
            collector.refuse(FrameError(
                f'no pose within {config.max_time_difference} s of image {number}', 'stamps'))
            last = None
            continue
        turn = rectifying(frames.view(entry).camera)
        pose, seen = T_body2world @ T_camera2body @ np.linalg.inv(turn), motion.observe(image)
        if last is not None:
            try:
                collector.add(_pair(motion, last, (pose, seen)) - math.log(card.scale))
            except FrameError as error:
                collector.refuse(error)
        last = (pose, seen)
    return topic


def _pair(motion: NetworkMotion, first: _Seen, second: _Seen) -> float:
    estimate = motion.estimate(first[1], second[1])
    if estimate.failed:
        raise FrameError('the features of two frames could not be aligned', 'alignment')
    T_known = np.linalg.inv(second[0]) @ first[0]
    return motion_log_scale(T_known, estimate.refined, float(np.median(first[1].depth)))
