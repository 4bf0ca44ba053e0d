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

"""The patch loss against plain NumPy written from equation (5) of the paper."""

from dataclasses import replace

import numpy as np
import pytest
from sa4depth_ros.geometry.lie import se3_exp
from sa4depth_train.patch_loss import at_pixels, patch_loss
from sa4depth_train.photometric import PhotometricConfig
import torch

PLAIN = PhotometricConfig(patches=True, automask=False)
HEIGHT, WIDTH = 24, 32
K = torch.tensor([[[25.0, 0, 15.2], [0, 26.0, 11.7], [0, 0, 1]],
                  [[30.0, 0, 14.0], [0, 30.0, 12.0], [0, 0, 1]]], dtype=torch.float64)


def _scene(seed=0):
    """Two samples with two sources: depth, motion, pictures, keypoints."""
    generator = torch.Generator().manual_seed(seed)

    def rand(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    T = se3_exp(0.15 * (rand(4, 6) - 0.5))
    points = torch.stack([torch.randint(2, side - 2, (2, 12), generator=generator)
                          for side in (WIDTH, HEIGHT)], -1)
    return {'depth': 1 + rand(2, 1, HEIGHT, WIDTH), 'T_target2source': T, 'K': K,
            'target': rand(2, 3, HEIGHT, WIDTH), 'sources': rand(2, 2, 3, HEIGHT, WIDTH),
            'seen': torch.ones(2, 1, HEIGHT, WIDTH, dtype=torch.float64), 'keypoints': points}


def _bilinear(image, x, y):
    x0, y0 = min(int(x), WIDTH - 2), min(int(y), HEIGHT - 2)
    wx, wy = x - x0, y - y0
    return ((1 - wy) * ((1 - wx) * image[:, y0, x0] + wx * image[:, y0, x0 + 1])
            + wy * ((1 - wx) * image[:, y0 + 1, x0] + wx * image[:, y0 + 1, x0 + 1]))


def _error(a, b, ssim):
    """Equation (5) of nine samples (9, 3) of source and target."""
    parts = []
    for x, y in zip(a.T, b.T):
        covariance = ((x - x.mean()) * (y - y.mean())).mean()
        similar = ((2 * x.mean() * y.mean() + 1e-4) * (2 * covariance + 9e-4)
                   / ((x.mean() ** 2 + y.mean() ** 2 + 1e-4) * (x.var() + y.var() + 9e-4)))
        parts.append(np.clip((1 - similar) / 2, 0, 1))
    return ssim * np.mean(parts) + (1 - ssim) * np.abs(a - b).mean()


def _slowly(scene, ssim):
    """Give the mean over keypoints of the best source's error, point by point."""
    target, seen = scene['target'].numpy(), scene['seen'].numpy()
    errors = []
    for n in range(2):
        camera = K[n].numpy()
        for x, y in scene['keypoints'][n].tolist():
            support = [(x + dx, y + dy) for dx in (-2, 0, 2) for dy in (-2, 0, 2)]
            z = scene['depth'][n, 0, y, x].item()
            if not all(seen[n, 0, v, u] for u, v in support):
                continue
            goal = np.array([target[n, :, v, u] for u, v in support])
            found = []
            for s in range(2):
                T = scene['T_target2source'].numpy()[2 * s + n]
                X = [z * np.linalg.inv(camera) @ [u, v, 1] for u, v in support]
                moved = [camera @ (T[:3, :3] @ point + T[:3, 3]) for point in X]
                places = [p[:2] / p[2] for p in moved]
                if all(0 <= u <= WIDTH - 1 and 0 <= v <= HEIGHT - 1 for u, v in places):
                    image = scene['sources'].numpy()[s, n]
                    samples = np.array([_bilinear(image, u, v) for u, v in places])
                    found.append(_error(samples, goal, ssim))
            if found:
                errors.append(min(found))
    return np.mean(errors), len(errors)


@pytest.mark.parametrize('ssim', [0.85, 0.0])
@pytest.mark.parametrize('seed', range(3))
def test_the_loss_is_that_of_the_paper(seed, ssim) -> None:
    scene = _scene(seed)
    expected, count = _slowly(scene, ssim)
    assert 8 < count < 24
    found = patch_loss(**scene, config=replace(PLAIN, ssim=ssim))
    assert found.item() == pytest.approx(expected, rel=1e-9)


def test_what_is_not_seen_does_not_count() -> None:
    scene = _scene()
    scene['T_target2source'] = torch.eye(4, dtype=torch.float64).repeat(4, 1, 1)
    scene['seen'][:, :, 10:14] = 0
    # Not at the border, where rounding decides what lies inside.
    limits = torch.tensor([WIDTH - 4, HEIGHT - 4])
    scene['keypoints'] = scene['keypoints'].clamp(min=3).minimum(limits)
    expected, count = _slowly(scene, 0.85)
    assert 4 < count < 20
    assert patch_loss(**scene, config=PLAIN).item() == pytest.approx(expected, rel=1e-9)
    scene['seen'][:] = 0
    assert patch_loss(**scene, config=PLAIN).item() == 0


def test_all_nine_pixels_share_the_depth_of_the_keypoint() -> None:
    scene = _scene()
    scene['depth'] = scene['depth'].requires_grad_()
    patch_loss(**scene, config=PLAIN).backward()
    taught = scene['depth'].grad[:, 0] != 0
    centres = torch.zeros_like(taught)
    for n in range(2):
        centres[n, scene['keypoints'][n, :, 1], scene['keypoints'][n, :, 0]] = True
    assert taught.any()
    assert not (taught & ~centres).any()


def test_the_right_depth_and_motion_fit() -> None:
    """A wall at 2 m, from a camera a pixel's worth to the right."""
    camera = K[1:].repeat(2, 1, 1)
    v, u = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing='ij')

    def wall(shift):
        return torch.stack([0.5 + 0.4 * torch.sin((u + shift) * f + v * 0.7 * f)
                            for f in (0.3, 0.5, 0.9)]).to(torch.float64).repeat(2, 1, 1, 1)

    T = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    T[:, 0, 3] = -2.0 / 30
    scene = _scene() | {'T_target2source': T, 'K': camera, 'target': wall(0),
                        'sources': wall(1)[None]}
    losses = []
    for z in (1.0, 2.0, 4.0):
        scene['depth'] = torch.full((2, 1, HEIGHT, WIDTH), z, dtype=torch.float64)
        losses.append(patch_loss(**scene, config=PLAIN).item())
    assert losses[1] < 1e-9
    assert min(losses[0], losses[2]) > 0.01


def test_what_stands_still_teaches_nothing() -> None:
    scene = _scene()
    scene['sources'] = scene['target'][None].repeat(2, 1, 1, 1, 1)
    scene['depth'] = scene['depth'].requires_grad_()
    loss = patch_loss(**scene, config=replace(PLAIN, automask=True))
    loss.backward()
    assert loss.item() < 1e-3
    # With noise of 1e-5 a patch may fit as well as without motion; none does here.
    assert not scene['depth'].grad.any()


def test_brightness_is_matched() -> None:
    scene = _scene()
    scene['T_target2source'] = torch.eye(4, dtype=torch.float64).repeat(4, 1, 1)
    scene['sources'] = ((scene['target'] - 0.1) / 1.7)[None].repeat(2, 1, 1, 1, 1)
    plain, matched = (patch_loss(**scene, config=replace(PLAIN, brightness=brightness)).item()
                      for brightness in ('none', 'affine'))
    assert plain > 0.05
    assert matched < 1e-9


def test_values_are_read_at_whole_pixels() -> None:
    image = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
    pixels = torch.tensor([[[0, 0], [4, 3]], [[2, 1], [1, 2]]])
    found = at_pixels(image, pixels)
    assert found.shape == (2, 3, 2)
    assert found[0, 1, 1] == image[0, 1, 3, 4]
    assert found[1, 2, 0] == image[1, 2, 1, 2]
