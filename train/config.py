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

"""The settings of a training run: one tree of dataclasses that check themselves."""

from dataclasses import dataclass, field
from itertools import pairwise

from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig
from sa4depth_train.checks import check
from sa4depth_train.data_config import AugmentationConfig, DataConfig, TripletConfig
from sa4depth_train.photometric import PhotometricConfig

RECIPES = ('supervised', 'sa4depth', 'mixed')


@dataclass(frozen=True)
class LossConfig:
    """
    What is minimised.

    silog_mean: weight of the squared mean in SILog; 0 ignores scale, 1 is a plain log error.
    gradient: weight of the multi-scale error of log-depth gradients (sharper edges); 0 is off.
    per_image: SILog of each image by itself, then their mean; else of all pixels of a batch.
    scale: weight of the size of each image's mean log error; with per_image and silog_mean 0
    shape and scale are learned apart, and a frame at a wrong scale weighs no more than others.
    affine: weight of the error of inverse depth after aligning scale and shift (MiDaS); 0 off.
    absolute: weight of the mean size of the log error, each image by itself; 0 is off.
    chamfer: weight of the Chamfer distance between an image's bins and its depths, for the heads
    self_query and ada_bins (AdaBins: 0.1); 0 is off.
    real: how many times an image of a bag counts, compared with a rendered one.
    triplets: for mixed, factor on the self-supervised loss, which is much smaller than SILog.
    """

    silog_mean: float = 0.15
    gradient: float = 0.5
    per_image: bool = False
    scale: float = 0.0
    affine: float = 0.0
    absolute: float = 0.0
    chamfer: float = 0.0
    real: float = 1.0
    triplets: float = 10.0

    def __post_init__(self) -> None:
        check('loss', {'silog_mean must be in [0, 1]': 0 <= self.silog_mean <= 1,
                       'gradient, scale, affine, absolute and chamfer must be >= 0':
                           min(self.gradient, self.scale, self.affine, self.absolute,
                               self.chamfer) >= 0,
                       'real and triplets must be positive': min(self.real, self.triplets) > 0})


@dataclass(frozen=True)
class OptimizerConfig:
    """
    AdamW with a one-cycle learning rate, or one that falls in steps.

    lr: peak learning rate. encoder_lr: factor on it for the pretrained encoder.
    weight_decay: of AdamW. warmup: fraction of the run in which the rate rises.
    steps: fractions of the run after which the rate falls to a tenth; until the first it is lr,
    warmup is not used. Empty: one cycle.
    clip: largest norm of the gradient. ema: decay of the averaged weights, which are the
    ones measured and saved; 0 is off.
    freeze_encoder_norm: keep the encoder's batch-norm statistics, right for small batches.
    frozen_stride: layers of the depth network's encoder down to this stride (2, 4, ...) do not
    learn, which saves time: those at stride 4 take half of a step on a CPU; 0: all learn.
    depth_lr: not for supervised, factor on lr for the depth network; below 1 for one that is
    good already, beside motion networks that are not.
    freeze_depth_norm: for sa4depth, keep the batch-norm statistics of the whole depth network.
    trunk_lr: one more factor for all of the depth network but its head, and for the relative
    part of a head of metric bins: below 1 the network that was there before learns slower than
    a new head, at 0 it stands still, norms included.
    """

    lr: float = 1e-3
    encoder_lr: float = 0.25
    weight_decay: float = 0.01
    warmup: float = 0.1
    steps: tuple[float, ...] = ()
    clip: float = 1.0
    ema: float = 0.99
    freeze_encoder_norm: bool = True
    frozen_stride: int = 0
    depth_lr: float = 1.0
    freeze_depth_norm: bool = False
    trunk_lr: float = 1.0

    def __post_init__(self) -> None:
        check('optimizer', {
            'lr must be positive': self.lr > 0,
            'encoder_lr, depth_lr, trunk_lr and weight_decay must be >= 0':
                min(self.encoder_lr, self.depth_lr, self.trunk_lr, self.weight_decay) >= 0,
            'warmup must be in (0, 1)': 0 < self.warmup < 1,
            'steps must be in (0, 1) and rise':
                all(a < b for a, b in pairwise((0.0, *self.steps, 1.0))),
            'clip must be positive': self.clip > 0,
            'ema must be in [0, 1)': 0 <= self.ema < 1,
            'frozen_stride must be 0, 2, 4, 8, 16 or 32':
                self.frozen_stride in (0, 2, 4, 8, 16, 32)})


@dataclass(frozen=True)
class TrainConfig:
    """
    A training run.

    recipe: supervised (bags with depth, rendered worlds), sa4depth (images alone) or mixed (the
    losses of both on one depth network).
    name: of the model, goes into its card. licence, notes: for the card, too.
    seed: of everything random. epochs: passes over the training frames.
    batch_size: samples a step and process. threads: CPU threads, 0 is torch's choice.
    mixed_precision: no, fp16 or bf16. initial_weights: imagenet or pretrained (the same: the
    encoder's own), random, or the path of a .safetensors checkpoint to start from.
    network, data, augmentation, optimizer: see their classes. loss is not for
    sa4depth; motion, triplets and photometric are not for supervised.
    """

    recipe: str = 'supervised'
    name: str = 'sa4depth'
    licence: str = ''
    notes: str = ''
    seed: int = 0
    epochs: int = 20
    batch_size: int = 8
    threads: int = 0
    mixed_precision: str = 'no'
    initial_weights: str = 'imagenet'
    network: DepthNetConfig = field(default_factory=DepthNetConfig)
    motion: MotionConfig = field(default_factory=MotionConfig)
    data: DataConfig = field(default_factory=DataConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    triplets: TripletConfig = field(default_factory=TripletConfig)
    photometric: PhotometricConfig = field(default_factory=PhotometricConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)

    def __post_init__(self) -> None:
        check('config', {
            f"recipe must be one of {', '.join(RECIPES)}": self.recipe in RECIPES,
            'recipe mixed needs data.samples_per_epoch > 0':
                self.recipe != 'mixed' or self.data.samples_per_epoch > 0,
            'loss.chamfer needs network.head self_query or ada_bins':
                self.loss.chamfer == 0 or self.network.head in ('self_query', 'ada_bins'),
            'epochs must be >= 1': self.epochs >= 1,
            'batch_size must be >= 2 (batch norm)': self.batch_size >= 2,
            'threads must be >= 0': self.threads >= 0,
            'mixed_precision must be no, fp16 or bf16':
                self.mixed_precision in ('no', 'fp16', 'bf16')})
