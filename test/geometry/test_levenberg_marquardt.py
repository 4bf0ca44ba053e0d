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

"""The solver: it finds what was planted, says when it cannot, and never gives NaN."""

import math

import pytest
from rendered_pair import intrinsics, render
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.geometry.alignment import feature_alignment, TargetPoints
from sa4depth_ros.geometry.camera import backproject, pixel_grid
from sa4depth_ros.geometry.levenberg_marquardt import LevenbergMarquardt
from sa4depth_ros.geometry.lie import inverse, se3_exp, se3_log
import torch
from torch.nn import functional as F

STRIDES = (16, 8, 4, 1)


def _points(depth, K, step=6):
    """Take every ``step``-th pixel of the inner image."""
    grid = pixel_grid(*depth.shape[-2:], depth)[8:-8:step, 8:-8:step]
    values = depth[:, 0, 8:-8:step, 8:-8:step].flatten(1)
    pixels = grid.reshape(1, -1, 2).expand(len(depth), -1, -1)
    known = values > 0
    return TargetPoints(pixels, backproject(pixels, torch.where(known, values, 1.0), K), known)


def _solve(target, source, depth, K, T, *, damping='learned', initial=1e-3, iterations=4,
           strides=STRIDES):
    points = _points(depth, K)
    failed = torch.zeros(len(T), dtype=torch.bool)
    for stride in strides:
        maps = [F.avg_pool2d(image, stride) for image in (target, source)]
        sure = torch.ones_like(maps[0][:, :1])
        problem = feature_alignment(points, (maps[0], sure), (maps[1], sure), K, stride, 0.3)
        T, failed, _ = LevenbergMarquardt(iterations, damping, initial)(problem, T)
    return T, failed


def _errors(T, T_true):
    """Give degrees and distance of the rest motion."""
    rest = se3_log(T @ inverse(T_true))
    return rest[:, 3:].norm(dim=1) * 180 / math.pi, rest[:, :3].norm(dim=1)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('damping', ['learned', 'adaptive'])
def test_a_planted_pose_is_recovered(damping, dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    K = intrinsics(dtype).expand(6, 3, 3)
    eye = torch.eye(4, dtype=dtype)[None]
    xi = torch.randn(6, 6, generator=generator) * torch.tensor([0.1] * 3 + [0.04] * 3)
    T_true = se3_exp(xi.to(dtype))
    target, depth = (x.expand(6, -1, -1, -1) for x in render(eye, K[:1]))
    source = torch.cat([render(T[None], K[:1])[0] for T in T_true])
    scene_depth = depth.median()
    way = torch.randn(2, 6, 3, generator=generator).to(dtype)
    way = way / way.norm(dim=-1, keepdim=True)
    push = torch.cat((0.1 * scene_depth * way[0], math.radians(5) * way[1]), 1)
    start = se3_exp(push) @ T_true
    with torch.no_grad():
        T, failed = _solve(target, source, depth, K, start, damping=damping)
    before, after = _errors(start, T_true), _errors(T, T_true)
    assert (before[0] > 4.9).all()
    assert not failed.any()
    assert after[0].max() < 0.1
    assert after[1].max() < 0.005 * scene_depth


def test_one_textured_plane_is_enough_when_depth_is_known() -> None:
    K, eye = intrinsics(), torch.eye(4, dtype=torch.float64)[None]
    T_true = se3_exp(torch.tensor([[0.1, -0.05, 0.15, 0.01, -0.03, 0.02]]).double())
    target, depth = render(eye, K, walls=False)
    source, _ = render(T_true, K, walls=False)
    assert depth.std() == 0
    T, failed = _solve(target, source, depth, K, eye)
    assert not failed.any()
    angle, distance = _errors(T, T_true)
    assert angle.item() < 0.1
    assert distance.item() < 0.02


def _stripes(image):
    """Vary along u alone, so that nothing tells how far the camera moved along v."""
    return image[..., 100:101, :].expand_as(image)


DEGENERATE = {
    'no texture': lambda image, depth: (torch.full_like(image, 0.3), depth),
    'no depth': lambda image, depth: (image, torch.zeros_like(depth)),
    'few points': lambda image, depth: (image, torch.where(
        torch.rand_like(depth, dtype=torch.float64) > 0.995, depth, 0)),
    'stripes on a plane': lambda image, depth: (_stripes(image), torch.full_like(depth, 2.0)),
}


@pytest.mark.parametrize('damping', ['learned', 'adaptive'])
@pytest.mark.parametrize('case', DEGENERATE)
def test_degenerate_input_ends_in_the_mask(case, damping) -> None:
    torch.manual_seed(0)
    K, eye = intrinsics().expand(2, 3, 3), torch.eye(4, dtype=torch.float64)[None]
    image, depth = render(eye, K[:1])
    bad_image, bad_depth = DEGENERATE[case](image, depth)
    if case == 'few points':
        sparse = torch.zeros_like(depth)
        sparse[..., 8:80:24, 8:80:24] = depth[..., 8:80:24, 8:80:24]
        bad_depth = sparse
    target = torch.cat((image, bad_image)).requires_grad_()
    depths = torch.cat((depth, bad_depth)).requires_grad_()
    start = se3_exp(torch.tensor([[0.02, 0.01, -0.02, 0.01, 0.005, 0.0]]).double())
    start = start.expand(2, 4, 4).clone().requires_grad_()
    T, failed = _solve(target, target, depths, K, start, damping=damping, strides=(4,))
    assert failed.tolist() == [False, True]
    torch.testing.assert_close(T[1], start[1])
    assert torch.isfinite(T).all()
    T.square().sum().backward()
    for leaf in (target, depths, start):
        assert torch.isfinite(leaf.grad).all()
    # The healthy sample of the batch still learns.
    assert target.grad[0].abs().sum() > 0
    assert depths.grad[0].abs().sum() > 0


def test_zero_motion_stays() -> None:
    K, eye = intrinsics(), torch.eye(4, dtype=torch.float64)[None]
    image, depth = render(eye, K)
    start = eye.clone().requires_grad_()
    T, _ = _solve(image, image, depth, K, start)
    torch.testing.assert_close(T, eye, atol=1e-9, rtol=0)
    T.sum().backward()
    assert torch.isfinite(start.grad).all()


def test_gradients_through_the_solver() -> None:
    K = torch.tensor([[[20.0, 0, 9.5], [0, 20, 7.5], [0, 0, 1]]], dtype=torch.float64)
    generator = torch.Generator().manual_seed(3)
    # Quadratic in u and v: smooth, as central differences of bilinear samples must be.
    u, v = pixel_grid(16, 20, K).unbind(-1)
    base = torch.stack((u / 10 + (v / 12) ** 2, v / 9 - (u / 15) ** 2, u * v / 150))[None]
    target, source = base, base + 0.02 * torch.rand(base.shape, generator=generator).double()
    pixels = 4 + 8 * torch.rand(1, 14, 2, generator=generator, dtype=torch.float64)
    depth = 1 + torch.rand(1, 14, generator=generator, dtype=torch.float64)
    xi = 0.01 * torch.randn(1, 6, generator=generator, dtype=torch.float64)
    solver = LevenbergMarquardt(2, 'learned', 0.1).double()

    def solve(t, s, d, x, damping):
        solver.log_lambda.data = solver.log_lambda.data.double()
        points = TargetPoints(pixels, backproject(pixels, d, K),
                              torch.ones(1, 14, dtype=torch.bool))
        sure = torch.sigmoid(s[:, :1])
        problem = feature_alignment(points, (t, sure), (s, sure), K, 1.0, 0.5)
        result = torch.func.functional_call(
            solver, {'log_lambda': damping}, (problem, se3_exp(x)))
        assert not result.failed.any()
        return result.T

    leaves = [target, source, depth, xi, torch.tensor(-2.0, dtype=torch.float64)]
    assert torch.autograd.gradcheck(
        solve, [leaf.clone().requires_grad_() for leaf in leaves], atol=1e-6, fast_mode=True)


@pytest.mark.parametrize('unit', [1e-3, 1e3])
def test_the_unit_of_length_does_not_matter(unit) -> None:
    K, eye = intrinsics(), torch.eye(4, dtype=torch.float64)[None]
    T_true = se3_exp(torch.tensor([[0.05, -0.05, 0.08, 0.01, -0.02, 0.02]]).double())
    target, depth = render(eye, K)
    source, _ = render(T_true, K)
    T, _ = _solve(target, source, depth, K, eye)
    scaled, failed = _solve(target, source, depth * unit, K, eye)
    assert not failed.any()
    scaled[:, :3, 3] /= unit
    torch.testing.assert_close(scaled, T, atol=1e-9, rtol=1e-6)


def test_no_step_looks_at_a_number() -> None:
    """On the meta device there are no numbers: a synchronisation would raise."""
    K = torch.empty(2, 3, 3, device='meta')
    maps = torch.empty(2, 5, 24, 32, device='meta'), torch.empty(2, 1, 24, 32, device='meta')
    points = TargetPoints(*(torch.empty(2, 30, size, device='meta') for size in (2, 3)),
                          torch.empty(2, 30, device='meta', dtype=torch.bool))
    for damping in ('learned', 'adaptive'):
        problem = feature_alignment(points, maps, maps, K, 4.0, 0.1)
        solver = LevenbergMarquardt(3, damping).to('meta')
        T, failed, H = solver(problem, torch.empty(2, 4, 4, device='meta'))
        assert (T.shape, failed.shape, H.shape) == ((2, 4, 4), (2,), (2, 6, 6))


def test_damping_is_learned_or_adaptive() -> None:
    with pytest.raises(ConfigError, match="'learned' or 'adaptive', got 'none'"):
        LevenbergMarquardt(3, 'none')
