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

"""Projection, and images looked up through depth and motion."""

from itertools import product
import math

import pytest
from rendered_pair import HEIGHT, intrinsics, render, WIDTH
from sa4depth_ros.geometry.camera import (
    backproject, intrinsics_at_stride, pixel_grid, project, transform)
from sa4depth_ros.geometry.lie import se3_exp
from sa4depth_ros.geometry.warp import inverse_warp, sample
import torch

K = torch.tensor([[[90.0, 0, 40.3], [0, 95.0, 21.8], [0, 0, 1]]], dtype=torch.float64)
T = se3_exp(torch.tensor([[0.1, -0.05, 0.2, 0.03, -0.08, 0.05]], dtype=torch.float64))


def _points(count=30, dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(1, count, 3, generator=generator, dtype=torch.float64)
    points[..., 2] = points[..., 2].abs() + 1
    return points.to(dtype)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_backproject_undoes_project(dtype) -> None:
    points = _points(dtype=dtype)
    pixels, front = project(points, K.to(dtype))
    assert front.all()
    torch.testing.assert_close(backproject(pixels, points[..., 2], K.to(dtype)), points)


def test_behind_the_camera_is_finite_and_marked() -> None:
    points = torch.tensor([[[1.0, 2, -3], [1e30, 0, 0], [0, 0, 1e-9], [1, 1, 2]]],
                          requires_grad=True)
    pixels, front = project(points, K.float())
    assert front.tolist() == [[False, False, False, True]]
    assert torch.isfinite(pixels).all()
    pixels.sum().backward()
    assert torch.isfinite(points.grad).all()


def test_gradients_of_the_camera() -> None:
    points = _points(5).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: project(x, K)[0], (points,))
    pixels, depth = _points(5)[..., :2].requires_grad_(), _points(5)[..., 2].requires_grad_()
    assert torch.autograd.gradcheck(lambda p, d: backproject(p, d, K), (pixels, depth))


@pytest.mark.parametrize('stride', [2, 4, 16])
def test_intrinsics_follow_a_resized_image(stride) -> None:
    points = _points()
    pixels, _ = project(points, K)
    coarse, _ = project(points, intrinsics_at_stride(K, stride))
    # The half-pixel rule: edges of pixels scale, not their centres.
    torch.testing.assert_close((coarse + 0.5) * stride, pixels + 0.5)


def test_sampling_a_linear_ramp_is_exact() -> None:
    ramp = pixel_grid(7, 9, K).permute(2, 0, 1)[None]
    places = torch.tensor([[[0.0, 0], [8, 6], [3.25, 4.5], [7.9, 0.1]]], dtype=torch.float64)
    torch.testing.assert_close(sample(ramp, places), places)


def test_standing_still_shows_the_same_image() -> None:
    image = torch.rand(2, 3, 12, 17)
    depth = torch.rand(2, 1, 12, 17) + 0.5
    warped, valid = inverse_warp(image, depth, torch.eye(4).expand(2, 4, 4),
                                 K.float().expand(2, 3, 3))
    torch.testing.assert_close(warped, image, atol=1e-4, rtol=0)
    # The rounded border may fall a hair outside of the image.
    assert valid[..., 1:-1, 1:-1].all()


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_a_rendered_pair_agrees_once_warped(dtype) -> None:
    camera = intrinsics(dtype)
    eye, moved = torch.eye(4, dtype=dtype)[None], T.to(dtype)
    target, depth = render(eye, camera)
    source, _ = render(moved, camera)
    warped, valid = inverse_warp(source, depth, moved, camera)
    error = (warped - target).abs().mean(1, keepdim=True)
    assert 0.6 < valid.float().mean() < 1
    assert error[valid].median() < 0.003
    assert error[valid].quantile(0.95) < 0.03
    unmoved, _ = inverse_warp(source, depth, eye, camera)
    assert (unmoved - target).abs().mean() > 20 * error[valid].mean()
    back, _ = inverse_warp(source, depth, torch.linalg.inv(moved), camera)
    assert (back - target).abs().mean() > 20 * error[valid].mean()


def test_the_source_may_have_another_camera() -> None:
    camera, other = intrinsics(), intrinsics().clone()
    other[:, 0, 0] *= 1.2
    other[:, 1, 2] -= 7
    eye = torch.eye(4, dtype=torch.float64)[None]
    target, depth = render(eye, camera)
    source, _ = render(T, other)
    warped, valid = inverse_warp(source, depth, T, camera, other)
    assert (warped - target).abs().mean(1, keepdim=True)[valid].median() < 0.003


def test_valid_means_in_front_inside_and_known() -> None:
    depth = torch.full((1, 1, HEIGHT, WIDTH), 2.0)
    depth[..., 5, 6], depth[..., 5, 7], depth[..., 5, 8] = 0, float('nan'), float('inf')
    motion = torch.eye(4)[None].clone()
    motion[:, 0, 3] = 0.5
    _, valid = inverse_warp(torch.rand(1, 3, HEIGHT, WIDTH), depth, motion, intrinsics().float())
    assert not valid[..., 5, 6:9].any()
    # fx * 0.5 / 2 = 50 pixels to the right: what ends beyond the last column is not seen.
    assert valid[0, 0, 50, :WIDTH - 51].all()
    assert not valid[0, 0, 50, WIDTH - 50:].any()
    motion[:, 2, 3] = -3
    assert not inverse_warp(torch.rand(1, 3, HEIGHT, WIDTH), depth, motion,
                            intrinsics().float())[1].any()


@pytest.mark.parametrize(('bad', 'which'), list(product(
    [0.0, -1.0, float('nan'), float('inf')], ['depth', 'motion'])))
def test_bad_numbers_leave_finite_gradients(bad, which) -> None:
    source = torch.rand(1, 3, 8, 9, requires_grad=True)
    depth = torch.ones(1, 1, 8, 9)
    motion = torch.eye(4)[None].clone()
    if which == 'depth':
        depth[..., 2:4, 3] = bad
    elif math.isfinite(bad):
        motion[:, 2, 3] = bad
    depth.requires_grad_()
    motion.requires_grad_()
    warped, valid = inverse_warp(source, depth, motion, K.float())
    (warped * valid).sum().backward()
    assert torch.isfinite(warped).all()
    for leaf in (source, depth, motion):
        assert torch.isfinite(leaf.grad).all()


def test_gradients_of_the_warp() -> None:
    generator = torch.Generator().manual_seed(2)
    source = torch.rand(1, 2, 6, 7, generator=generator, dtype=torch.float64)
    depth = 1 + torch.rand(1, 1, 6, 7, generator=generator, dtype=torch.float64)
    xi = 0.01 * torch.randn(1, 6, generator=generator, dtype=torch.float64)
    camera = torch.tensor([[[5.0, 0, 3.1], [0, 5, 2.6], [0, 0, 1]]], dtype=torch.float64)
    for leaf in (source, depth, xi):
        leaf.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda s, d, x: inverse_warp(s, d, se3_exp(x), camera)[0], (source, depth, xi))


def test_transform_moves_from_a_to_b() -> None:
    point = torch.tensor([[[0.3, -0.2, 2.0]]], dtype=torch.float64)
    expected = (T[0] @ torch.tensor([0.3, -0.2, 2.0, 1], dtype=torch.float64))[:3]
    torch.testing.assert_close(transform(T, point)[0, 0], expected)
