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

"""The photometric loss: its formulas, and what it leaves out."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.photometric import (
    match_brightness, photometric_error, PhotometricConfig, reprojection_loss, smoothness_loss,
    ssim_loss)
import torch

PLAIN = PhotometricConfig(automask=False)


def _images(count=1, seed=0, size=(8, 10)):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, *size, generator=generator, dtype=torch.float64)


def _all(image):
    return torch.ones_like(image[:, :1], dtype=torch.bool)


def test_ssim_is_the_formula_of_the_paper() -> None:
    a, b = _images(), _images(seed=1)
    found = ssim_loss(a, b)
    wide = [np.pad(x[0].numpy(), ((0, 0), (1, 1), (1, 1)), mode='reflect') for x in (a, b)]
    for c, v, u in ((0, 0, 0), (1, 3, 4), (2, 7, 9)):
        x, y = (w[c, v:v + 3, u:u + 3] for w in wide)
        covariance = ((x - x.mean()) * (y - y.mean())).mean()
        ssim = ((2 * x.mean() * y.mean() + 1e-4) * (2 * covariance + 9e-4)
                / ((x.mean() ** 2 + y.mean() ** 2 + 1e-4) * (x.var() + y.var() + 9e-4)))
        assert found[0, c, v, u].item() == pytest.approx((1 - ssim) / 2, abs=1e-12)


def test_equal_images_have_no_error() -> None:
    a = _images()
    assert photometric_error(a, a, 0.85).abs().max() < 1e-12
    assert photometric_error(a, a + 0.1, 0.0).mean().item() == pytest.approx(0.1)


def test_the_best_source_counts_at_each_pixel() -> None:
    target = _images()
    warped = torch.stack((target.clone(), target.clone()))
    warped[0, ..., :5] += 0.5
    warped[1, ..., 5:] += 0.5
    sources, valid, seen = warped * 0, torch.stack([_all(target)] * 2), torch.ones(1, 1, 8, 10)
    best = reprojection_loss(warped, valid, target, sources, seen, PhotometricConfig(
        automask=False, ssim=0.0))
    assert best.item() == pytest.approx(0, abs=1e-12)
    mean = reprojection_loss(warped, valid, target, sources, seen, PhotometricConfig(
        automask=False, ssim=0.0, min_reprojection=False))
    assert mean.item() == pytest.approx(0.25)


def test_what_no_source_shows_does_not_count() -> None:
    target = _images()
    warped = target[None].clone()
    warped[..., :3] = 9.0
    valid = _all(target)[None].clone()
    valid[..., :3] = False
    seen = torch.ones(1, 1, 8, 10)
    config = PhotometricConfig(automask=False, ssim=0.0)
    loss = reprojection_loss(warped, valid, target, warped, seen, config)
    assert loss.item() == pytest.approx(0, abs=1e-12)
    warped[..., 3:6] = target[..., 3:6] + 1
    seen[..., 3:6] = 0
    loss = reprojection_loss(warped, valid, target, warped, seen, config)
    assert loss.item() == pytest.approx(0, abs=1e-12)
    nothing = reprojection_loss(warped, valid & False, target, warped, seen, config)
    assert nothing.item() == 0


def test_what_stands_still_teaches_nothing() -> None:
    target = _images()
    warped = (target + 0.3)[None].clone().requires_grad_()
    sources = target[None].clone()
    sources[..., 5:] += 0.9
    valid, seen = _all(target)[None], torch.ones(1, 1, 8, 10)
    reprojection_loss(warped, valid, target, sources, seen,
                      PhotometricConfig(ssim=0.0)).backward()
    # Left the unmoved source fits already; right, warping helps.
    assert not warped.grad[..., :5].any()
    assert (warped.grad[..., 5:] > 0).all()


def test_brightness_is_matched_by_one_gain_and_offset() -> None:
    target = _images(2)
    image = (target - 0.1) / 1.7
    image[:, :, :2] = 0
    valid = _all(target).clone()
    valid[:, :, :2] = False
    found = match_brightness(image, target, valid)
    torch.testing.assert_close(found[:, :, 2:], target[:, :, 2:])
    loss = reprojection_loss(image[None], valid[None], target, image[None],
                             torch.ones(2, 1, 8, 10), PhotometricConfig(
                                 automask=False, brightness='affine', ssim=0.0))
    assert loss.item() == pytest.approx(0, abs=1e-9)


def test_a_grey_image_has_no_gain() -> None:
    grey = torch.full((1, 3, 6, 6), 0.4)
    assert torch.isfinite(match_brightness(grey, torch.rand(1, 3, 6, 6), _all(grey))).all()


def test_smoothness_knows_no_scale_and_spares_edges() -> None:
    generator = torch.Generator().manual_seed(0)
    depth = 1 + torch.rand(1, 1, 8, 10, generator=generator, dtype=torch.float64)
    grey = torch.full((1, 3, 8, 10), 0.5, dtype=torch.float64)
    assert smoothness_loss(torch.ones_like(depth), grey).item() == 0
    torch.testing.assert_close(smoothness_loss(7 * depth, grey), smoothness_loss(depth, grey))
    step, edge = torch.ones_like(depth), grey.clone()
    step[..., 5:], edge[..., 5:] = 2, 1.0
    found = smoothness_loss(step, edge) / smoothness_loss(step, grey)
    assert found.item() == pytest.approx(np.exp(-0.5))


@pytest.mark.parametrize(('wrong', 'message'), [
    ({'ssim': 1.2}, 'ssim must be'), ({'brightness': 'log'}, 'none or affine'),
    ({'unrefined': -1.0}, 'odometry, anchor and anchor_scale must be >= 0'),
    ({'refine_from_epoch': -1}, 'refine_from_epoch')])
def test_impossible_settings_are_refused(wrong, message) -> None:
    with pytest.raises(ConfigError, match=message):
        PhotometricConfig(**wrong)
