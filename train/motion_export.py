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

"""From a training checkpoint to the ONNX files that give a robot its motion."""

from collections.abc import Callable
from dataclasses import dataclass, replace
import hashlib
from pathlib import Path

import onnx
from onnx import ModelProto
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.files import write_whole
from sa4depth_ros.model_card import CHECKPOINT_KEY
from sa4depth_ros.networks.factory import load_depth_net, load_motion_net
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.resources import DEMO_RECORDING, share_path
from sa4depth_train.calibration import sample_bag
from sa4depth_train.motion_parity import measure_motion_parity
from sa4depth_train.motion_tracing import trace_alignment, trace_features, trace_pose

# Points on a robot; training follows more.
POINTS = 512
# The largest difference of any number, relative to the largest of its output, but to 1 at least.
BOUND = 1e-4
# Of the shares of points, which a point on the edge of being an inlier moves by its own weight.
COUNT_BOUND = 0.01
COUNTED = ('inlier_ratio', 'overlap')
# The encoder's last stride.
_STEP = 32


@dataclass(frozen=True)
class MotionReport:
    """
    What was written.

    ``files`` by kind, in the order of their use; ``parity`` is the largest difference from torch
    of each output, by 'kind.output'; ``compared_on`` names the frames.
    """

    files: dict[str, Path]
    parity: dict[str, float]
    compared_on: str


def checkpoint_id(checkpoint: Path) -> str:
    """Give the SHA-256 that the metadata of all files of one checkpoint hold."""
    return hashlib.sha256(checkpoint.read_bytes()).hexdigest()


def export_motion(
    checkpoint: Path, output: Path, *, points: int = POINTS, iterations: int = 0,
    size: tuple[int, int] | None = None, bag: Path | None = None, image_topic: str = '',
) -> MotionReport:
    """
    Write the motion networks of ``checkpoint`` beside the depth model ``output``.

    ``model.onnx`` gets ``model.features.onnx``, ``model.align.onnx`` and ``model.pose.onnx``, in
    fp32; see docs/models.md for what they take and give. A training without refinement has the
    last of them only. ``points`` and ``iterations`` (on each level; 0: those of training) are
    those of the refinement, ``size`` (height, width) is that of the images, by default as for
    depth. All files must agree with torch on frames of ``bag``, by default the shipped
    recording, or ModelError is raised and none is written; so it is for a checkpoint of depth
    alone. Raises ConfigError for impossible settings, BagError for the bag.
    """
    if output.suffix != '.onnx':
        raise ModelError(f"expected an output file named *.onnx, got '{output}'")
    motion = _for_robots(load_motion_net(checkpoint), points, iterations)
    depth, card = load_depth_net(checkpoint)
    size = size or (card.input_height, card.input_width)
    if min(size) <= 0 or any(side % _STEP for side in size):
        raise ConfigError(f'expected height and width of motion that are multiples of {_STEP}, '
                          f'got {size}')
    sample = sample_bag(bag or share_path(DEMO_RECORDING), size, image_topic=image_topic)
    models = {kind: trace(motion, size) for kind, trace in _kinds(motion).items()}
    parity = measure_motion_parity(depth.eval(), motion, models, sample.parity)
    beyond = [f'{name} {error:.2g}' for name, error in parity.items() if not error <= _bound(name)]
    if beyond:
        raise ModelError('ONNX Runtime and torch differ by more than is allowed, measured on '
                         f'{sample.source}: {", ".join(beyond)}; no file was written')
    files = {kind: output.with_suffix(f'.{kind}.onnx') for kind in models}
    identity = checkpoint_id(checkpoint)
    for kind, model in models.items():
        own = replace(card, kind=kind, metrics={}, notes=_notes(kind, motion),
                      input_height=size[0], input_width=size[1])
        _save(model, own.to_metadata() | {CHECKPOINT_KEY: identity}, files[kind])
    return MotionReport(files, parity, f'{len(sample.parity)} frames of {sample.source}')


def _for_robots(motion: MotionNet, points: int, iterations: int) -> MotionNet:
    """Change settings that no weight depends on."""
    config = motion.config
    if config.pose.by_inverse_depth:
        raise ModelError('expected a PoseNet that needs images alone, but this one was trained '
                         'with motion.pose.by_inverse_depth=true; train it without, or export '
                         'the depth network by itself (--no-motion)')
    refinement = replace(config.refinement, points=points,
                         iterations=iterations or config.refinement.iterations)
    result = MotionNet(MotionConfig(config.pose, config.features, refinement))
    result.load_state_dict(motion.state_dict())
    return result.eval()


def _kinds(motion: MotionNet) -> dict[str, Callable[[MotionNet, tuple[int, int]], ModelProto]]:
    pose = {'pose': trace_pose}
    if not motion.config.refinement.enabled:
        return pose
    return {'features': trace_features, 'align': trace_alignment} | pose


def _bound(name: str) -> float:
    return COUNT_BOUND if name.endswith(COUNTED) else BOUND


def _notes(kind: str, motion: MotionNet) -> str:
    settings = motion.config.refinement
    return {
        'features': 'Features of one frame, for the file of kind align.',
        'align': (f'Refines a motion by features: about {settings.points} points, '
                  f'{settings.iterations} iteration(s) on each of the strides '
                  f'{", ".join(map(str, motion.feature_net.strides))}. Translation is in the unit '
                  'of the depth that it is given.'),
        'pose': 'A first guess at the motion from an earlier to a later frame.'}[kind]


def _save(model: ModelProto, metadata: dict[str, str], path: Path) -> None:
    onnx.helper.set_model_props(model, metadata)
    write_whole(path, model.SerializeToString())
