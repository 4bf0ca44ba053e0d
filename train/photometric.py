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

"""What makes a depth and a motion right without labels: the images agree once warped."""

from dataclasses import dataclass, field

from sa4depth_train.checks import check
from sa4depth_train.keypoints import KeypointConfig
from sa4depth_train.superpixels import SuperpixelConfig
import torch
from torch import Tensor
from torch.nn import functional as F

_C1, _C2 = 0.01 ** 2, 0.03 ** 2
_TIE_BREAK = 1e-5


@dataclass(frozen=True)
class PhotometricConfig:
    """
    The self-supervised loss (method.md 0 and 1).

    ssim: share of SSIM in the photometric error, the rest is L1.
    smoothness: weight of the edge-aware smoothness of inverse depth.
    patches: compare patches round keypoints instead of all pixels (P2Net, method.md 3).
    keypoints: the choice of them. planar: weight of the distance of depth from the planes that
    fit superpixels, in the unit of the network's output; 0 is off. superpixels: see its class.
    automask: pixels that fit better without any motion teach nothing.
    min_reprojection: the best source counts at each pixel; false is the mean over sources.
    brightness: none or affine; affine fits one gain and offset per pair before comparing, for
    cameras whose exposure changes while they record.
    distill: weight of the distance, as fraction of the image width, between where PoseNet's
    motion and the refined one put the same points; only PoseNet learns from it. It keeps
    PoseNet trained while the refined motion is the one in the main loss, and on its scale.
    distill_levels: the same distance between the motions after the coarse levels and the last
    one; with motion.refinement.detach_between_levels, nothing else teaches coarse features.
    unrefined: weight of the photometric error under PoseNet's own motion, another way to do
    that; slower. Both are unused without refinement.
    unrefined_trains_depth: that error also teaches depth.
    odometry: weight of the mean size of the log of motion's length over that by the odometry of
    the bag: depth, from scratch or not, becomes metres. 0 is off (train/odometry_loss.py).
    refine_from_epoch: epochs of plain training before the first refinement.

    For a start from good depth, in the recipe sa4depth alone (train/depth_anchor.py):
    depth_from_epoch: epochs at the start in which depth stands still, so that the motion
    networks learn its unit before they teach it.
    anchor: weight of the mean distance of log depth from that of the start, each image by its
    own scale: holds depth where the images do not say better.
    anchor_scale: weight of the squared mean log ratio of a whole batch to the start: images
    alone do not know the scale, so nothing else keeps it. Depth that was metric then stays so.
    """

    ssim: float = 0.85
    smoothness: float = 1e-3
    patches: bool = False
    keypoints: KeypointConfig = field(default_factory=KeypointConfig)
    planar: float = 0.0
    superpixels: SuperpixelConfig = field(default_factory=SuperpixelConfig)
    automask: bool = True
    min_reprojection: bool = True
    brightness: str = 'none'
    distill: float = 1.0
    distill_levels: float = 0.0
    unrefined: float = 0.0
    unrefined_trains_depth: bool = False
    odometry: float = 0.0
    refine_from_epoch: int = 0
    depth_from_epoch: int = 0
    anchor: float = 0.0
    anchor_scale: float = 0.0

    def __post_init__(self) -> None:
        check('photometric', {
            'ssim must be in [0, 1]': 0 <= self.ssim <= 1,
            'smoothness, planar, distill, distill_levels, unrefined, odometry, anchor and '
            'anchor_scale must be >= 0':
                min(self.smoothness, self.planar, self.distill, self.distill_levels,
                    self.unrefined, self.odometry, self.anchor, self.anchor_scale) >= 0,
            'odometry and anchor_scale both hold the scale: set one of them to 0':
                self.odometry == 0 or self.anchor_scale == 0,
            'brightness must be none or affine': self.brightness in ('none', 'affine'),
            'refine_from_epoch and depth_from_epoch must be >= 0':
                min(self.refine_from_epoch, self.depth_from_epoch) >= 0})

    @property
    def anchored(self) -> bool:
        """Tell whether the depth of the start is compared with."""
        return max(self.anchor, self.anchor_scale) > 0


def ssim_loss(a: Tensor, b: Tensor) -> Tensor:
    """Give clamp((1 - SSIM) / 2, 0, 1) per pixel and channel of (N, C, H, W), 3x3 means."""
    return ssim_of_moments(
        _mean3x3(a), _mean3x3(b), _mean3x3(a * a), _mean3x3(b * b), _mean3x3(a * b))


def ssim_of_moments(
    mean_a: Tensor, mean_b: Tensor, square_a: Tensor, square_b: Tensor, product: Tensor,
) -> Tensor:
    """Give clamp((1 - SSIM) / 2, 0, 1) of the means of a, b, a a, b b and a b in windows."""
    var_a, var_b = square_a - mean_a * mean_a, square_b - mean_b * mean_b
    covariance = product - mean_a * mean_b
    similar = (2 * mean_a * mean_b + _C1) * (2 * covariance + _C2)
    possible = (mean_a * mean_a + mean_b * mean_b + _C1) * (var_a + var_b + _C2)
    return ((1 - similar / possible) / 2).clamp(0, 1)


def _mean3x3(x: Tensor) -> Tensor:
    # Sums of shifted images: on a CPU ten times as fast as avg_pool2d with stride 1.
    x = F.pad(x, (1, 1, 1, 1), mode='reflect')
    x = x[..., :-2, :] + x[..., 1:-1, :] + x[..., 2:, :]
    return (x[..., :-2] + x[..., 1:-1] + x[..., 2:]) / 9


def photometric_error(image: Tensor, target: Tensor, ssim: float) -> Tensor:
    """Give ssim * SSIM-loss + (1 - ssim) * L1 per pixel, (N, 1, H, W), of two images."""
    error = (1 - ssim) * (image - target).abs().mean(1, keepdim=True)
    if ssim > 0:
        error = error + ssim * ssim_loss(image, target).mean(1, keepdim=True)
    return error


def match_brightness(image: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """
    Give ``image`` (N, 3, H, W) with the gain and offset that bring it nearest to ``target``.

    Least squares over ``valid`` (N, 1, H, W) pixels, one gain and offset for each image. They
    are constants to the gradient, and the gain stays within 1/4 and 4.
    """
    with torch.no_grad():
        weight = valid.to(image.dtype).expand_as(image)
        count = weight.sum((1, 2, 3), keepdim=True).clamp(min=1)
        mean_i = (weight * image).sum((1, 2, 3), keepdim=True) / count
        mean_t = (weight * target).sum((1, 2, 3), keepdim=True) / count
        di, dt = (image - mean_i) * weight, (target - mean_t) * weight
        variance = (di * di).sum((1, 2, 3), keepdim=True)
        gain = (di * dt).sum((1, 2, 3), keepdim=True) / variance.clamp(min=1e-6)
        gain = gain.clamp(0.25, 4.0)
    return (image - mean_i) * gain + mean_t


def reprojection_loss(
    warped: Tensor, valid: Tensor, target: Tensor, sources: Tensor, seen: Tensor,
    config: PhotometricConfig,
) -> Tensor:
    """
    Give the scalar loss of S sources warped to the target.

    ``warped``, ``sources`` (S, N, 3, H, W), ``valid`` (S, N, 1, H, W) bool; ``target``
    (N, 3, H, W); ``seen`` (N, 1, H, W) is 1 where the target shows the world. A pixel counts
    where at least one source is valid; with automask, the error without motion joins the
    minimum, so that what moves with the camera, or not at all, has no gradient.
    """
    errors = _errors(warped, valid, target, config)
    still = None
    if config.automask:
        with torch.no_grad():
            still = _errors(sources, valid, target, config)
    return least_error(errors, still, valid, seen, config)


def least_error(
    errors: Tensor, still: Tensor | None, valid: Tensor, seen: Tensor, config: PhotometricConfig,
) -> Tensor:
    """
    Give the mean over all places of the best error (or the mean) of S sources, a scalar.

    ``errors``, ``valid`` (S, N, 1, *); ``still`` likewise, the errors without motion of the
    automask, or None; ``seen`` (N, 1, *). See reprojection_loss.
    """
    if config.min_reprojection:
        error = torch.where(valid, errors, torch.inf).amin(0)
    else:
        weight = valid.to(errors.dtype)
        error = (errors * weight).sum(0) / weight.sum(0).clamp(min=1)
    any_valid = valid.any(0)
    # inf would survive as NaN in the gradient of a product with 0.
    error = torch.where(any_valid, error, torch.zeros_like(error))
    if still is not None:
        with torch.no_grad():
            least = still.amin(0)
            least = least + _TIE_BREAK * torch.randn_like(least)
        error = torch.minimum(error, least)
    weight = seen * any_valid
    return (error * weight).sum() / weight.sum().clamp(min=1)


def _errors(images: Tensor, valid: Tensor, target: Tensor, config: PhotometricConfig) -> Tensor:
    goal = target.expand_as(images)
    flat, flat_goal = images.flatten(0, 1), goal.flatten(0, 1)
    if config.brightness == 'affine':
        flat = match_brightness(flat, flat_goal, valid.flatten(0, 1))
    return photometric_error(flat, flat_goal, config.ssim).view_as(valid)


def smoothness_loss(depth: Tensor, image: Tensor) -> Tensor:
    """Give the edge-aware smoothness of the mean-normalised inverse of ``depth`` (N, 1, H, W)."""
    inverse = 1 / depth
    inverse = inverse / inverse.mean((2, 3), keepdim=True)
    total = depth.new_zeros(())
    for axis in (2, 3):
        size = depth.shape[axis] - 1
        step = (inverse.narrow(axis, 1, size) - inverse.narrow(axis, 0, size)).abs()
        edge = (image.narrow(axis, 1, size) - image.narrow(axis, 0, size)).abs()
        total = total + (step * torch.exp(-edge.mean(1, keepdim=True))).mean()
    return total
