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

"""The photometric error of patches round keypoints (method.md 3, equation (5) of the paper)."""

from sa4depth_ros.geometry.camera import backproject, project, transform
from sa4depth_ros.geometry.warp import inside, sample
from sa4depth_train.keypoints import REACH
from sa4depth_train.photometric import (
    least_error, match_brightness, PhotometricConfig, ssim_of_moments)
import torch
from torch import Tensor


def patch_loss(
    depth: Tensor, T_target2source: Tensor, K: Tensor, target: Tensor, sources: Tensor,
    seen: Tensor, keypoints: Tensor, config: PhotometricConfig,
) -> Tensor:
    """
    Give the scalar loss of patches of the target found again in S sources.

    A patch is 3x3 pixels two apart, all at the depth of the keypoint in the middle. ``depth``
    (N, 1, H, W) and ``K`` (N, 3, 3) are the target's; ``T_target2source`` (S * N, 4, 4);
    ``target`` (N, 3, H, W), ``sources`` (S, N, 3, H, W); ``seen`` (N, 1, H, W) is 1 where both
    show the world; ``keypoints`` (N, P, 2) whole x and y, REACH or more inside of the image.
    Minimum over sources, automask and brightness are those of ``config``.
    """
    pairs, samples = sources.shape[:2]
    pixels = _support(keypoints)
    goal = at_pixels(torch.cat((target, seen), 1), pixels)
    z = at_pixels(depth, keypoints)[:, 0].repeat_interleave(9, dim=1)
    points = backproject(pixels.to(depth.dtype), z, K).repeat(pairs, 1, 1)
    moved, front = project(transform(T_target2source, points), K.repeat(pairs, 1, 1))
    masked = torch.cat((sources.flatten(0, 1), seen.repeat(pairs, 1, 1, 1)), 1)
    found = sample(masked, moved).transpose(1, 2)
    valid = front & inside(moved, *depth.shape[-2:]) & (found[:, 3] > 0.999)
    valid = _patches(valid[:, None]).all(-1, keepdim=True).unflatten(0, (pairs, samples))
    whole = _patches(goal[:, 3:]).amin(-1, keepdim=True)
    goal = _patches(goal[:, :3])
    errors = _errors(_patches(found[:, :3]), goal, valid, config)
    still = None
    if config.automask:
        with torch.no_grad():
            unmoved = at_pixels(sources.flatten(0, 1), pixels.repeat(pairs, 1, 1))
            still = _errors(_patches(unmoved), goal, valid, config)
    return least_error(errors, still, valid, whole, config)


def patch_error(patches: Tensor, goal: Tensor, ssim: float) -> Tensor:
    """
    Give ssim * SSIM-loss + (1 - ssim) * L1 of patches (N, C, P, 9), as (N, 1, P, 1).

    One SSIM over the nine pixels of a patch; both are means over the channels.
    """
    error = (1 - ssim) * (patches - goal).abs().mean((1, 3), keepdim=True)
    if ssim > 0:
        moments = (_mean(patches), _mean(goal), _mean(patches * patches), _mean(goal * goal),
                   _mean(patches * goal))
        error = error + ssim * ssim_of_moments(*moments).mean(1, keepdim=True)
    return error


def at_pixels(image: Tensor, pixels: Tensor) -> Tensor:
    """Give the values (N, C, P) of ``image`` (N, C, H, W) at whole ``pixels`` (N, P, 2)."""
    places = pixels[..., 1] * image.shape[-1] + pixels[..., 0]
    return image.flatten(2).gather(2, places[:, None].expand(-1, image.shape[1], -1))


def _support(keypoints: Tensor) -> Tensor:
    """Give the pixels (N, P * 9, 2) of the patches round ``keypoints`` (N, P, 2)."""
    steps = torch.arange(-REACH, REACH + 1, REACH, device=keypoints.device)
    offsets = torch.cartesian_prod(steps, steps)
    return (keypoints[:, :, None] + offsets).flatten(1, 2)


def _patches(values: Tensor) -> Tensor:
    return values.unflatten(2, (-1, 9))


def _mean(values: Tensor) -> Tensor:
    return values.mean(-1, keepdim=True)


def _errors(
    patches: Tensor, goal: Tensor, valid: Tensor, config: PhotometricConfig,
) -> Tensor:
    """Give the errors (S, N, 1, P, 1) of patches (S * N, 3, P, 9) against (N, 3, P, 9)."""
    goal = goal.repeat(len(valid), 1, 1, 1)
    if config.brightness == 'affine':
        patches = match_brightness(patches, goal, valid.flatten(0, 1))
    return patch_error(patches, goal, config.ssim).view_as(valid)
