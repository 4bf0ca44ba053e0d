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

"""A small model of depth and motion with random weights, and its motion files."""

from dataclasses import replace
from pathlib import Path

from backbones import tiny_encoder
import numpy as np
from numpy.typing import NDArray
from rendered_pair import intrinsics, render
from sa4depth_ros.geometry.lie import se3_exp
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import save_checkpoint
from sa4depth_ros.networks.feature_net import FeatureNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_train.motion_export import export_motion, MotionReport
import torch
from torch import Tensor

SIZE = HEIGHT, WIDTH = 96, 128
POINTS, ITERATIONS = 256, 1
CARD = ModelCard(name='small', input_height=HEIGHT, input_width=WIDTH, output='relative_depth',
                 licence='none', metrics={'room': {'scaled_abs_rel': 0.2}})
REFINEMENT = RefinementConfig(iterations=2, initial_damping=1e-3, robust_scale=0.3)

K = intrinsics(torch.float32)
K[:, :2] *= WIDTH / 256
EYE = torch.eye(4)[None]
T_TRUE = se3_exp(torch.tensor([[0.1, -0.05, 0.12, 0.02, -0.03, 0.01]]))


def save_small(
    path: Path, seed: int = 2, *, motion: bool = True, refine: bool = True,
    by_inverse_depth: bool = False,
) -> MotionNet:
    """Write a checkpoint at ``path`` and give its motion network."""
    torch.manual_seed(seed)
    encoder = tiny_encoder(path.parent / 'encoder')
    network = MotionNet(MotionConfig(
        PoseNetConfig(encoder, channels=8, by_inverse_depth=by_inverse_depth),
        FeatureNetConfig(16, 16),
        REFINEMENT if refine else RefinementConfig(enabled=False)))
    # Random weights hardly move; larger ones show which way round the motion is.
    torch.nn.init.normal_(network.pose_net.head[-1].weight, std=1.0)
    depth = DepthNet(DepthNetConfig(encoder, input_height=HEIGHT, input_width=WIDTH,
                                    decoder_channels=(8, 8, 8, 8, 8)))
    save_checkpoint(path, depth, CARD, network if motion else None)
    return network.eval()


def as_deployed(network: MotionNet) -> MotionNet:
    """Give the network with the settings that `export_small` uses."""
    config = network.config
    result = MotionNet(replace(config, refinement=replace(
        config.refinement, points=POINTS, iterations=ITERATIONS)))
    result.load_state_dict(network.state_dict())
    return result.eval()


def export_small(checkpoint: Path) -> MotionReport:
    """Export it beside the checkpoint as mine.onnx, with little to trace: that takes seconds."""
    return export_motion(checkpoint, checkpoint.with_name('mine.onnx'), points=POINTS,
                         iterations=ITERATIONS)


def photo(T: Tensor, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Show the room of rendered_pair from ``T``: RGB (1, H, W, 3) and depth (1, 1, H, W)."""
    colors, depth = render(T, K, seed, 3, size=SIZE)
    image = (127 + 70 * colors).clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8)
    return image.numpy(), depth.numpy()
