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

"""The settings of training data: topics, frames, augmentation, triplets."""

from dataclasses import dataclass

from sa4depth_train.checks import check

TRIPLET_BAGS = ('without_depth', 'all')


@dataclass(frozen=True)
class DataConfig:
    """
    Which topics are read and which frames are used.

    image_topic, camera_info_topic, depth_topic, odom_topic: names; empty means found by type.
    Odometry poses count as those of the camera's optical frame (child_frame_id says so).
    lidar_topic: a PointCloud2 topic whose points, brought into the camera by /tf_static and
    projected by CameraInfo, are the depth in place of a depth topic; empty is off.
    max_time_difference: seconds between the stamps of an image and of its depth or pose.
    min_depth, max_depth: metres; depth outside is no ground truth.
    holdout: fraction of each bag, at its end, kept out of training and used for metrics.
    cache_mb: room for decoded frames; the rest is decoded again each time.
    cache_dir: folder that keeps decoded frames for later runs, shared by all processes;
    empty is a temporary folder that goes away with the run.
    workers: loader processes; 0 decodes in the training process.
    samples_per_epoch: frames drawn for each epoch, by scene: each bag with the square root of
    its frames as its weight, rendered worlds all alike. 0: every frame once.
    real_share: fraction of those frames that bags give where there are rendered worlds, too.
    triplet_share: for the recipe mixed, so many triplets an epoch as a share of samples_per_epoch,
    on top of these. triplet_bags: which bags give them, without_depth (only what teaches
    nothing else) or all.
    measured_frames: at most so many frames, evenly spread, of each held-out part are measured
    after an epoch; 0: all.
    """

    image_topic: str = ''
    camera_info_topic: str = ''
    depth_topic: str = ''
    odom_topic: str = ''
    lidar_topic: str = ''
    max_time_difference: float = 0.03
    min_depth: float = 0.1
    max_depth: float = 20.0
    holdout: float = 0.2
    cache_mb: int = 2000
    cache_dir: str = ''
    workers: int = 0
    samples_per_epoch: int = 0
    real_share: float = 0.3
    triplet_share: float = 0.2
    triplet_bags: str = 'without_depth'
    measured_frames: int = 0

    def __post_init__(self) -> None:
        check('data', {
            'max_time_difference must be >= 0': self.max_time_difference >= 0,
            'expected 0 <= min_depth < max_depth': 0 <= self.min_depth < self.max_depth,
            'holdout must be in [0, 0.9]': 0 <= self.holdout <= 0.9,
            'cache_mb, workers, samples_per_epoch and measured_frames must be >= 0':
                min(self.cache_mb, self.workers, self.samples_per_epoch,
                    self.measured_frames) >= 0,
            'real_share must be in [0, 1]': 0 <= self.real_share <= 1,
            'triplet_share must be in (0, 10]': 0 < self.triplet_share <= 10,
            f"triplet_bags must be one of {', '.join(TRIPLET_BAGS)}":
                self.triplet_bags in TRIPLET_BAGS})


@dataclass(frozen=True)
class TripletConfig:
    """
    Which neighbours in time a training frame is compared with, and which frames are left out.

    min_interval, max_interval: seconds between a frame and its source frames.
    min_flow: a source must move the picture at least this much (median optical flow, as
    fraction of the image width); nearer frames count as static.
    min_parallax: least motion (same unit) that the best pure rotation does not explain; less
    says nothing about depth.
    min_clearness: this motion must also be so many times what no camera motion explains (blur,
    rolling shutter, moving things).
    max_flow: largest motion (same unit) that matching still bridges.
    both_sides: a frame needs an earlier and a later source; false takes one alone, too.
    span: sources on each side. 2 adds the source of the source (frames -2, -1, 1 and 2 of P2Net);
    the motion to it is made of two steps.
    """

    min_interval: float = 0.05
    max_interval: float = 0.5
    min_flow: float = 0.005
    min_parallax: float = 0.003
    min_clearness: float = 2.5
    max_flow: float = 0.25
    both_sides: bool = True
    span: int = 1

    def __post_init__(self) -> None:
        check('triplets', {
            'expected 0 < min_interval <= max_interval':
                0 < self.min_interval <= self.max_interval,
            'expected 0 <= min_flow < max_flow': 0 <= self.min_flow < self.max_flow,
            'span must be 1 or 2': self.span in (1, 2),
            'min_parallax and min_clearness must be >= 0':
                min(self.min_parallax, self.min_clearness) >= 0})


@dataclass(frozen=True)
class AugmentationConfig:
    """
    How much training images differ from the recorded ones; K and depth follow.

    flip: probability of mirroring left and right.
    min_zoom, max_zoom: range of the virtual camera's focal length, relative to the real one.
    shift: largest move of the image besides what zooming allows, fraction of the width.
    roll: largest rotation about the optical axis, degrees.
    exposure, gamma, white_balance, saturation: largest factor, 1 is off.
    noise: largest standard deviation of pixel noise, in [0, 1] units.

    The others are for supervised alone and off by default:
    chance: probability of each of resolution, blur, contrast, sharpen and jpeg.
    resolution: smallest factor to which the image is shrunk and enlarged again, 1 is off.
    blur: largest standard deviation of blur in pixels; half of the draws are motion blur.
    contrast: largest factor on the distance from mean brightness, 1 is off.
    sharpen: largest weight of an unsharp mask. jpeg: lowest quality, 100 is off.
    grey, shuffle: probability of an image without colour, and of mixed-up colour channels.
    cutout: probability of up to four patches that show something else; depth stays.
    foreground: probability of a plant or of things before the camera, drawn with their depth.
    """

    flip: float = 0.5
    min_zoom: float = 0.9
    max_zoom: float = 1.6
    shift: float = 0.05
    roll: float = 4.0
    exposure: float = 1.6
    gamma: float = 1.3
    white_balance: float = 1.15
    saturation: float = 1.5
    noise: float = 0.02
    chance: float = 0.5
    resolution: float = 1.0
    blur: float = 0.0
    contrast: float = 1.0
    sharpen: float = 0.0
    jpeg: int = 100
    grey: float = 0.0
    shuffle: float = 0.0
    cutout: float = 0.0
    foreground: float = 0.0

    def __post_init__(self) -> None:
        factors = (self.exposure, self.gamma, self.white_balance, self.saturation, self.contrast)
        chances = (self.flip, self.chance, self.grey, self.shuffle, self.cutout,
                   self.foreground)
        check('augmentation', {
            'flip, chance, grey, shuffle, cutout and foreground must be probabilities':
                min(chances) >= 0 and max(chances) <= 1,
            'grey and shuffle together must be <= 1': self.grey + self.shuffle <= 1,
            'expected 0.25 <= min_zoom <= max_zoom <= 4':
                0.25 <= self.min_zoom <= self.max_zoom <= 4,
            'shift must be in [0, 0.5]': 0 <= self.shift <= 0.5,
            'roll must be in [0, 45] degrees': 0 <= self.roll <= 45,
            'exposure, gamma, white_balance, saturation and contrast must be >= 1':
                min(factors) >= 1,
            'resolution must be in [0.1, 1]': 0.1 <= self.resolution <= 1,
            'jpeg must be in [5, 100]': 5 <= self.jpeg <= 100,
            'noise, blur and sharpen must be >= 0':
                min(self.noise, self.blur, self.sharpen) >= 0})
