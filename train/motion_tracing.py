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

"""The motion networks as ONNX graphs."""

from onnx import ModelProto
from sa4depth_ros.networks.deployed_motion import (
    Aligned, DeployedAlignment, DeployedFeatures, DeployedPose)
from sa4depth_ros.networks.motion_net import MotionNet
from sa4depth_train.onnx_graph import scalars_for_equal_values
from sa4depth_train.tracing import trace, trace_images
import torch
from torch import Tensor

Size = tuple[int, int]


def trace_features(motion: MotionNet, size: Size) -> ModelProto:
    """Give DeployedFeatures for images of ``size`` (height, width); N is free."""
    return trace_images(DeployedFeatures(motion).eval(), size, feature_names(motion))


def trace_alignment(motion: MotionNet, size: Size) -> ModelProto:
    """
    Give DeployedAlignment for one pair of frames; all sizes are fixed.

    Its inputs are the outputs of the features with target_ or source_ before their names, then
    depth, seen, K, T_initial, depth_sigma and relief_sigma.
    """
    inputs = alignment_example(motion, size)
    names = feature_names(motion)
    return trace(
        DeployedAlignment(motion).eval(), inputs,
        [*(f'target_{name}' for name in names), *(f'source_{name}' for name in names[:-1]),
         'depth', 'seen', 'K', 'T_initial', 'depth_sigma', 'relief_sigma'],
        Aligned._fields, large=True)


def trace_pose(motion: MotionNet, size: Size) -> ModelProto:
    """Give DeployedPose for two images of ``size`` (height, width)."""
    image = torch.zeros((1, *size, 3), dtype=torch.uint8)
    model = trace(DeployedPose(motion).eval(), (image, image.clone()), ['first', 'second'],
                  ['T_first2second'])
    scalars_for_equal_values(model.graph)
    return model


def feature_names(motion: MotionNet) -> list[str]:
    """Name the outputs of DeployedFeatures."""
    levels = [f'{what}_{stride}' for stride in motion.feature_net.strides
              for what in ('features', 'confidence')]
    return [*levels, 'gradient']


def alignment_example(
    motion: MotionNet, size: Size,
) -> tuple[list[Tensor], list[Tensor], Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Make inputs of DeployedAlignment of the right shapes."""
    with torch.inference_mode():
        image = torch.zeros((1, *size, 3), dtype=torch.uint8)
        maps = [part.clone() for part in DeployedFeatures(motion).eval()(image)]
    plane = torch.ones((1, 1, *size))
    K = torch.tensor([[[float(size[1]), 0, size[1] / 2], [0, size[1], size[0] / 2], [0, 0, 1]]])
    # A tensor that is given twice would be one input of the graph.
    source = [values.clone() for values in maps[:-1]]
    sigmas = torch.full((1,), 0.3), torch.full((1,), 3.0)
    return maps, source, plane, plane.clone(), K, torch.eye(4)[None], *sigmas
