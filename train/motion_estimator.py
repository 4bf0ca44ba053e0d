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

"""The motion networks of a checkpoint, run through the frames of a bag."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.networks.depth_net import canonical_factor, DepthNet
from sa4depth_ros.networks.factory import load_depth_net, load_motion_net
from sa4depth_ros.networks.feature_net import FeatureLevel
from sa4depth_ros.networks.motion_net import MotionNet
from sa4depth_train.augmentation import plain_view, render_view
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_dataset import network_intrinsics
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.frame import Frame
from sa4depth_train.pose_evaluation import (
    measure_motion, MotionEstimate, MotionFrame, MotionResult)
import torch
from torch import Tensor


@dataclass(frozen=True)
class NetworkObservation:
    """What is computed once per frame; ``depth`` (H, W) is metric or in the network's unit."""

    depth: NDArray[np.float32]
    image: Tensor
    seen: Tensor
    K: Tensor
    depth_tensor: Tensor
    features: list[FeatureLevel]


class NetworkMotion:
    """A MotionEstimator made of the depth and the motion network of one checkpoint."""

    def __init__(self, depth_net: DepthNet, motion_net: MotionNet, device: str = '') -> None:
        """Run on ``device``; empty is the first GPU, or the CPU where there is none."""
        self.device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
        self._depth_net = depth_net.eval().to(self.device)
        self._motion_net = motion_net.eval().to(self.device)
        self.refines = motion_net.config.refinement.enabled

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the network input."""
        config = self._depth_net.config
        return config.input_width, config.input_height

    @torch.inference_mode()
    def observe(self, frame: MotionFrame) -> NetworkObservation:
        """Give the depth and the features of one frame."""
        image = self._tensor(frame.rgb.transpose(2, 0, 1)) / 255
        seen, K = self._tensor(frame.seen[None]), self._tensor(frame.K)
        depth = self._depth_net(image) * canonical_factor(K, self._depth_net.config)
        features = self._motion_net.features(image, seen) if self.refines else []
        return NetworkObservation(depth[0, 0].cpu().numpy(), image, seen, K, depth, features)

    @torch.inference_mode()
    def estimate(self, target: NetworkObservation, source: NetworkObservation) -> MotionEstimate:
        """Give the motion from the earlier ``target`` to the later ``source``."""
        earlier = torch.zeros(1, dtype=torch.bool, device=self.device)
        alone = self._motion_net.scaled(
            self._motion_net.initial_pose(target.image, source.image, earlier),
            target.depth_tensor)
        if not self.refines:
            return MotionEstimate(_matrix(alone), _matrix(alone))
        refined = self._motion_net.refine(
            alone, target.depth_tensor, target.image, target.features, source.features,
            target.K, target.seen)
        return MotionEstimate(
            _matrix(alone), _matrix(refined.T_target2source), bool(refined.failed[0]),
            float(refined.cost_before[0]), float(refined.cost_after[0]))

    def _tensor(self, array: NDArray[np.generic]) -> Tensor:
        values = np.ascontiguousarray(array, dtype=np.float32)
        return torch.from_numpy(values)[None].to(self.device)


def load_motion_estimator(checkpoint: Path, device: str = '') -> NetworkMotion:
    """Read both networks of a checkpoint; ModelError when it holds depth alone."""
    motion_net = load_motion_net(checkpoint)
    return NetworkMotion(load_depth_net(checkpoint)[0], motion_net, device)


def motion_frames(
    bag: Path, config: DataConfig, size: tuple[int, int],
    excerpt: Excerpt = Excerpt(),  # noqa: B008
) -> Iterator[MotionFrame]:
    """
    Give the frames of a bag that ``excerpt`` names, letterboxed to ``size``.

    ``size`` is (width, height) of the network input; frames are made just as for training.
    """
    # Each frame is read once: keeping it pays only where others can find it again.
    kept = config if config.cache_dir else replace(config, cache_mb=0)
    frames = BagFrames([bag], kept, size, need='nothing')
    entries = frames.bags[0].frames
    numbers = excerpt.of(len(frames), bag.stem)
    for index in numbers:
        seconds = frames.stamp(index) - frames.stamp(numbers.start)
        yield motion_frame(frames[index], entries[index].pose, seconds, size)


def motion_frame(
    frame: Frame, pose: NDArray[np.float64] | None, seconds: float, size: tuple[int, int],
) -> MotionFrame:
    """Letterbox one frame to ``size`` (width, height); the rest as in MotionFrame."""
    view = plain_view(network_intrinsics(frame, size))
    rgb, depth = render_view(frame.rgb, frame.depth, frame.K, view, size)
    whole = np.ones(frame.rgb.shape[:2], bool) if frame.seen is None else frame.seen
    _, seen = render_view(frame.rgb, whole.astype(np.float32), frame.K, view, size)
    return MotionFrame(rgb, seen, depth, view.K, pose, seconds)


def motion_result(
    estimator: NetworkMotion, bag: Path, config: DataConfig,
    excerpt: Excerpt = Excerpt(),  # noqa: B008
) -> MotionResult:
    """Measure the motion networks on the frames of a bag that ``excerpt`` names."""
    return measure_motion(
        estimator, motion_frames(bag, config, estimator.size, excerpt), bag.stem)


def evaluate_motion(
    checkpoint: Path, bag: Path, config: DataConfig,
    excerpt: Excerpt = Excerpt(),  # noqa: B008
) -> dict[str, float]:
    """
    Give every figure of a checkpoint's motion networks on a bag as plain numbers.

    Names are those of MotionResult.to_numbers, e.g. 'posenet_scale_std', 'refined_ate_sim3';
    NaN stands for what the bag cannot tell. ModelError when the checkpoint holds depth alone.
    """
    return motion_result(load_motion_estimator(checkpoint), bag, config, excerpt).to_numbers()


def _matrix(T: Tensor) -> NDArray[np.float64]:
    return T[0].double().cpu().numpy()
