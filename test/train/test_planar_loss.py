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

"""The planar loss against the formulas of the paper, segment by segment."""

import numpy as np
import pytest
from sa4depth_train.planar_loss import planar_loss
import torch

LIMITS = (0.1, 10.0)
SIZE = (12, 16)
K = torch.tensor([[[14.0, 0, 7.3], [0, 15.0, 5.1], [0, 0, 1]],
                  [[20.0, 0, 8.0], [0, 20.0, 6.0], [0, 0, 1]]], dtype=torch.float64)


def _labels() -> torch.Tensor:
    """Give other segments in each of two images, and pixels without one."""
    labels = torch.zeros(2, *SIZE, dtype=torch.int32)
    labels[0, 1:6, 2:12], labels[0, 7:, :9], labels[1, 3:, 5:] = 1, 2, 1
    return labels


def _depth(seed=0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 1 + 4 * torch.rand(2, 1, *SIZE, generator=generator, dtype=torch.float64)


def _rays(camera):
    v, u = np.indices(SIZE)
    pixels = np.stack([u, v, np.ones(SIZE)], -1)
    return pixels @ np.linalg.inv(camera.numpy()).T


def test_the_loss_is_the_distance_from_planes_of_least_squares() -> None:
    depth, labels = _depth(), _labels()
    distances = []
    for image in range(2):
        D, rays = depth[image, 0].numpy(), _rays(K[image])
        for label in range(1, int(labels[image].max()) + 1):
            inside = labels[image].numpy() == label
            X = D[inside][:, None] * rays[inside]
            A = np.linalg.inv(X.T @ X + 0.01 * np.eye(3)) @ X.T @ np.ones(len(X))
            fitted = np.clip(1 / (rays[inside] @ A), *LIMITS)
            distances += abs(D[inside] - fitted).tolist()
    found = planar_loss(depth, labels, K, LIMITS)
    assert found.item() == pytest.approx(np.mean(distances), rel=1e-9)
    assert found.item() > 0.1


def test_planes_have_no_error_and_bumps_are_flattened() -> None:
    labels = torch.ones(1, *SIZE, dtype=torch.int32)
    normal = np.array([0.02, -0.05, 0.4])
    plane = torch.from_numpy(1 / (_rays(K[0]) @ normal))[None, None]
    assert planar_loss(plane, labels, K[:1], LIMITS).item() < 1e-3
    bumpy = (plane + 0.3 * (torch.rand(plane.shape, dtype=torch.float64) - 0.5)).requires_grad_()
    before = planar_loss(bumpy, labels, K[:1], LIMITS)
    optimizer = torch.optim.Adam([bumpy], lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        loss = planar_loss(bumpy, labels, K[:1], LIMITS)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.3 * before.item()


def test_the_gradient_is_that_of_finite_differences() -> None:
    labels = _labels()
    depth = _depth(3).requires_grad_()
    assert torch.autograd.gradcheck(lambda d: planar_loss(d, labels, K, LIMITS), [depth])


def test_without_planes_there_is_no_loss() -> None:
    depth = _depth().float().requires_grad_()
    loss = planar_loss(depth, torch.zeros(2, *SIZE, dtype=torch.int32), K.float(), LIMITS)
    assert loss.item() == 0
    assert loss.dtype == torch.float32
    loss.backward()
    assert not depth.grad.any()


def test_planes_along_the_line_of_sight_stay_finite() -> None:
    """Depth that rises as a wall seen edge-on gives planes beyond infinity: far, not near."""
    labels = torch.ones(1, *SIZE, dtype=torch.int32)
    ramp = torch.linspace(0.2, 9.0, SIZE[1], dtype=torch.float64).pow(2).clamp(0.1, 10)
    depth = ramp.expand(1, 1, *SIZE).clone().requires_grad_()
    loss = planar_loss(depth, labels, K[:1], LIMITS)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(depth.grad).all()
