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

"""Losses against numbers computed by hand in NumPy."""

import numpy as np
import pytest
from sa4depth_train.losses import gradient_error, silog
import torch


def _maps(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    prediction = torch.from_numpy(rng.uniform(0.5, 5, (2, 1, 16, 24)))
    target = torch.from_numpy(rng.uniform(0.5, 5, (2, 1, 16, 24)))
    target[:, :, :5] = 0
    return prediction, target, target > 0


@pytest.mark.parametrize('weight', [0.0, 0.15, 1.0])
def test_silog_is_the_formula(weight) -> None:
    prediction, target, valid = _maps(0)
    g = np.log(prediction[valid].numpy()) - np.log(target[valid].numpy())
    expected = 10 * np.sqrt(g.var() + weight * g.mean() ** 2)
    assert float(silog(prediction, target, valid, weight)) == pytest.approx(expected, abs=0.011)


def test_silog_ignores_scale_only_with_weight_zero() -> None:
    prediction, target, valid = _maps(1)
    plain, scaled = (float(silog(p, target, valid, 0.0)) for p in (prediction, 3 * prediction))
    assert scaled == pytest.approx(plain, rel=1e-9)
    assert float(silog(3 * target + 1e-9, target, valid, 0.15)) == pytest.approx(
        10 * np.sqrt(0.15) * np.log(3), abs=0.02)


def test_unknown_pixels_change_nothing_and_get_no_gradient() -> None:
    prediction, target, valid = _maps(2)
    other = prediction.clone()
    other[~valid] = 1e6
    assert silog(prediction, target, valid, 0.15) == silog(other, target, valid, 0.15)
    assert gradient_error(prediction, target, valid) == gradient_error(other, target, valid)
    prediction.requires_grad_()
    (silog(prediction, target, valid, 0.15) + gradient_error(prediction, target, valid)).backward()
    assert not prediction.grad[~valid].any()
    assert torch.isfinite(prediction.grad).all()


def test_perfect_and_empty_targets_give_zero_and_finite_gradients() -> None:
    _, target, valid = _maps(3)
    for known in (valid, torch.zeros_like(valid)):
        prediction = torch.where(target > 0, target, 1.0).requires_grad_()
        loss = silog(prediction, target, known, 0.15) + gradient_error(prediction, target, known)
        loss.backward()
        assert abs(loss.item()) < 1e-6
        assert torch.isfinite(prediction.grad).all()


def test_gradients_match_finite_differences() -> None:
    prediction, target, valid = _maps(4)
    prediction = prediction[:1, :, 4:9, :6].clone().requires_grad_()
    target, valid = target[:1, :, 4:9, :6], valid[:1, :, 4:9, :6]
    assert torch.autograd.gradcheck(lambda p: silog(p, target, valid, 0.15), prediction)


def test_gradient_error_by_hand() -> None:
    target = torch.ones(1, 1, 1, 4, dtype=torch.float64)
    prediction = torch.exp(torch.tensor([[[[0.0, 1.0, 1.0, 3.0]]]], dtype=torch.float64))
    valid = torch.ones_like(target, dtype=torch.bool)
    # Horizontal steps 1, 0, 2 over three pairs; there are no vertical pairs.
    assert float(gradient_error(prediction, target, valid, scales=1)) == pytest.approx(1.0)
    # At half resolution 0 -> 1, one pair.
    assert float(gradient_error(prediction, target, valid, scales=2)) == pytest.approx(1.0)
    valid[..., 1] = False
    assert float(gradient_error(prediction, target, valid, scales=1)) == pytest.approx(2.0)
